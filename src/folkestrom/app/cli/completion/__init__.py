"""What a shell completes, apart from the options that have it."""
