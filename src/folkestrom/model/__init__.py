"""What the program talks about: codes, reports, dates. No input, no output, no engine."""
