"""Emigrants who live abroad: who they are as far as the register knows, and how many."""
