"""The statistical office's side of the wall: may read the store."""
