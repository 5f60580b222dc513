"""The command `folkestrom`: parses, calls, renders; decides nothing."""
