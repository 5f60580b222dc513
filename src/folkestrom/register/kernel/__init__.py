"""The one stage that leaves SQL: sort by person, sweep once, emit bitemporal rows.

Functions here are compiled without numba's reference counts (`_nrt=False`): nothing in them makes
an array, and counting the users of those that are there took three quarters of the time.
"""
