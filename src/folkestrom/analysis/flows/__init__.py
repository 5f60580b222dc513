"""Flows between places, and sequences of moves: pure functions on tables, and from a store.

How to use them is in the manual: `docs/how-to/flows-and-sequences.md`.
"""

from folkestrom.analysis.flows.crude_share import LeftAgain, left_again
from folkestrom.analysis.flows.matrix import FlowMatrix, flow_matrix
from folkestrom.analysis.flows.register import flows_of_period, moves_of
from folkestrom.analysis.flows.sequences import STATES, TYPES, MoveSequences, move_sequences

__all__ = [
    "STATES",
    "TYPES",
    "FlowMatrix",
    "LeftAgain",
    "MoveSequences",
    "flow_matrix",
    "flows_of_period",
    "left_again",
    "move_sequences",
    "moves_of",
]
