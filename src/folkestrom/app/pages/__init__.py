"""What the pages of all rooms have in common: their look and texts, how they are sent and kept."""
