"""The tables that Statistics Norway's page *Population* shows, for any year.

Each table is a specification, and a function that counts its cells; what the page printed is
nowhere in here.
"""
