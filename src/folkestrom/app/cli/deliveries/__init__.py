"""Commands that fetch deliveries."""
