"""Disclosure control of tables that are published together: policies, and what a reader infers."""
