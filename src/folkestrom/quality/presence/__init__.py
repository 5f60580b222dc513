"""Who is registered and present, told by signs of life; and how many are not."""
