"""How sure figures are, as pure numbers: reports that are still to come, and whom lists miss."""
