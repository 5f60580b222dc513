"""The register as known on a day, as plain SQL over the log, and at a moment within a day."""
