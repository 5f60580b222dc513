"""Deliveries that are no report records yet."""
