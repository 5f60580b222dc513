"""Commands about the vocabulary, and completion of its words."""
