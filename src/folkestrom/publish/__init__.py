"""What the public is given: formats that need neither a store nor a person."""
