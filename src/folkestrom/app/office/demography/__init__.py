"""Questions of demography: moves by origin and destination, indicators."""
