"""Disclosure control of the tables of a release: each by its policy, and all set side by side."""

from folkestrom.disclosure.tables.policy import Policy

__all__ = ["Policy"]
