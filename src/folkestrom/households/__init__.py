"""Who lives together: the households, families and couples of dwellings, as derived histories."""
