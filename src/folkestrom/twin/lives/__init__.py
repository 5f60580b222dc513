"""How one person lives: tastes, work, family, moves and what becomes of them in a year."""
