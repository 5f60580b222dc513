"""Compiled inner loops of the mobility model: numbers and arrays in, numbers and arrays out."""
