"""A table on a terminal: when it was known, and never wider than can be read."""

from __future__ import annotations

import io
import json
from collections import Counter

import pytest

from folkestrom.app.output.console import PlainConsole
from folkestrom.app.output.terminal import show
from folkestrom.app.output.write import content
from folkestrom.model.specification import Language
from folkestrom.publish.formats.layout import lay_out
from folkestrom.publish.formats.output_format import OutputFormat
from tests.publish.formats.test_formats import EXAMPLES

EN, NO = Language.EN, Language.NO


def drawn(name: str, width: int, *, terminal: bool = True, language: Language = EN) -> list[str]:
    console = PlainConsole(
        file=io.StringIO(), width=width, force_terminal=terminal, color_system=None, soft_wrap=True
    )
    show(lay_out(EXAMPLES[name], language), console, language)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("nation", "2021-02-01"),
        ("marital-status", "2021-02-01"),
        ("key-figures", "2021-02-01"),
        ("changes", "2020-02-01 – 2021-02-01"),
    ],
)
def test_every_format_says_when_that_was_known(name: str, known: str) -> None:
    cells = EXAMPLES[name]
    assert drawn(name, 200)[1].rstrip() == f"As known on {known} (as published)"
    assert (
        drawn(name, 200, language=NO)[1].rstrip() == f"Slik det var kjent {known} (som publisert)"
    )
    as_json = json.loads(content(cells, OutputFormat.JSON, EN))
    assert as_json["specification"]["knowledge_time"] == known
    assert as_json["specification"]["vintage"] == "as published"
    stat = json.loads(content(cells, OutputFormat.JSON_STAT, EN))
    assert stat["extension"]["folkestrom"]["knowledge_time"] == known


@pytest.mark.parametrize("name", ["marital-status", "changes", "citizens", "series"])
def test_a_narrow_terminal_gets_columns_in_blocks(name: str) -> None:
    whole = drawn(name, 1000)
    narrow = drawn(name, 80)
    notes = {note.of(EN) for note in EXAMPLES[name].specification.footnotes}
    table = [line for line in narrow if not any(line.endswith(note) for note in notes)]
    assert max(map(len, table)) <= 80
    assert _figures(whole) <= _figures(narrow)


def _figures(lines: list[str]) -> Counter[str]:
    return Counter(word for line in lines for word in line.split() if word.isdigit())


def test_every_block_of_a_narrow_table_names_its_rows() -> None:
    lines = drawn("marital-status", 80)
    named = [line for line in lines if line.startswith("Males and females")]
    headed = [line for line in lines if line.startswith("Sex")]
    assert len(named) == len(headed) > 1


def test_a_pipe_gets_the_table_whole() -> None:
    narrow, wide = (drawn("marital-status", width, terminal=False) for width in (80, 1000))
    assert narrow == wide
