"""Inference: distributions of tests, clusters of robust errors, and Newton's method."""
