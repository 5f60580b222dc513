"""Commands about the quality of what a store holds: flags, duplicates, store check."""
