"""Stocks, flows, accounts and published tables, as cells with their specification."""
