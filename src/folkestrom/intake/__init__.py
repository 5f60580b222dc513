"""From files to the checked, append-only report log; what is refused waits in quarantine."""
