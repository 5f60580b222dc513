"""Identity numbers, checked, and made pseudonyms at the door."""
