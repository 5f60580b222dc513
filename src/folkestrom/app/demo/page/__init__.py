"""One self-contained page in two languages: opens without a network, prints, and needs no mouse."""
