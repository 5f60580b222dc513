"""The web site over what is out: every figure on it is an answer of the statistics bank."""
