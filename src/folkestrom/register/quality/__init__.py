"""What the register can tell of its own quality: deliveries, duplicates, impossible families."""
