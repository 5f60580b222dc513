"""Questions about the vocabulary: variables and their codes."""
