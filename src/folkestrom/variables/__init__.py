"""The one vocabulary: what each variable is, what it may be used for, and how rows get it."""

from __future__ import annotations

from folkestrom.variables.groups import Groups
from folkestrom.variables.variable import Variable

__all__ = ["Groups", "Variable"]
