"""Units, municipalities and counties over time."""
