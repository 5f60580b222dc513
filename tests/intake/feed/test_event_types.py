"""Every type of events is mapped, ignored with a reason, or quarantined."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from folkestrom.intake.feed.documents import Change
from folkestrom.intake.feed.entities import CARRIERS
from folkestrom.intake.feed.event_types import Treatment, event_types, treatment


def test_the_table_has_the_types_of_the_registers_schema_and_documents(reference: Path) -> None:
    file = reference.parent / "specs" / "folkeregisteret" / "event_types.json"
    if not file.is_file():
        pytest.skip("no list of event types beside the published series")
    published = json.loads(file.read_text(encoding="utf-8"))
    documented = {name for group in published["groups"].values() for name in group}
    table = event_types()
    assert set(table) == documented
    in_schema = {name for name, type in table.items() if type.listed_in == "schema"}
    assert in_schema == set(published["xsd_v1_4_enumeration"])
    assert (len(in_schema), len(table)) == (38, 43)


def test_each_treatment_says_what_it_has_to() -> None:
    for type in event_types().values():
        assert bool(type.what) == (type.treatment is Treatment.MAPPED), type
        assert type.why or type.treatment is Treatment.MAPPED, type


def test_an_unknown_type_waits() -> None:
    assert treatment("endringIAltMulig") is Treatment.QUARANTINED


def test_what_can_be_corrected_is_read() -> None:
    assert set(CARRIERS) <= set(Change.__struct_fields__)
