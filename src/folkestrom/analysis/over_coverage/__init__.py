"""How many are registered and gone, by what they do and by what becomes known of them later."""
