"""From the log of reports to histories: who was what, when, as known when."""
