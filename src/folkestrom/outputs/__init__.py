"""What leaves the office: the one door, which applies disclosure control to each kind of result.

A module a kind: each takes a result and the rules, and hands on what may be shown of it.
"""
