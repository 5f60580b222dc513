"""Tables in SDMX: structures, keys and messages, made by pysdmx, which is optional."""
