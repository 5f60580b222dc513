"""Questions about residence: why a person is counted, and what the rules make of stays."""
