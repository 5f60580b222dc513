"""Alarms about counts that come day by day: ratios of cells, and days against their season."""
