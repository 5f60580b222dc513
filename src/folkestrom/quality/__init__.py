"""How sure figures are, as pure numbers: revisions, reports still to come, whom lists miss."""
