"""Transmission to Eurostat: what is sent, and what the log says of its quality."""
