"""What describes persons, by what is known of them."""
