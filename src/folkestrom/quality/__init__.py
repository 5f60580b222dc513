"""How good figures are, in numbers: pure arrays; knows no store and no person."""
