"""Households, families, couples and children: what a question needs of them, and their counts."""
