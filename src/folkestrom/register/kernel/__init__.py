"""The one stage that leaves SQL: sort by person, sweep once, emit bitemporal rows."""
