"""Studies: a definition of who is followed when, and the episodes and person-years it gives."""

from __future__ import annotations

from folkestrom.analysis.study.definition import Entry, Exit, Panel, Study, ValueAt, Who
from folkestrom.analysis.study.toml_file import read_study, study_text
from folkestrom.variables.groups import Groups

__all__ = [
    "Entry",
    "Exit",
    "Groups",
    "Panel",
    "Study",
    "ValueAt",
    "Who",
    "read_study",
    "study_text",
]
