"""Writes the pages of the manual that are made from the code.

``python docs/generate.py`` writes them; ``--check`` only tells which are stale. The tests compare
the same texts, so that no page can fall behind.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from lists_of_rules import NOTE, feed_events, regime_table, table

import folkestrom
from folkestrom import errors
from folkestrom.app.cli.main import app
from folkestrom.classifications.areas import municipality_codes
from folkestrom.engine.steps import RegisteredStep, registered_steps
from folkestrom.intake.checks import checks
from folkestrom.intake.columns import readings
from folkestrom.intake.load import SOURCES_OF_FILE, SOURCES_OF_STORE
from folkestrom.intake.reasons import Reason
from folkestrom.model.codes import CODE_LISTS, Kind, code_names
from folkestrom.model.report import (
    ANNULMENT_COLUMNS,
    BASIC_UNIT_DIGITS,
    COLUMNS,
    CORRECTABLE_ATTRIBUTES,
    IDENTITY_COLUMNS,
    MUNICIPALITY_DIGITS,
    Column,
    required_columns,
)
from folkestrom.model.specification import TableSpecification
from folkestrom.register.flags import FLAGS
from folkestrom.register.tables import METHOD_VERSION, TABLES
from folkestrom.statistics.published import specifications
from folkestrom.variables.codes import USES, CodeTable, uses_of
from folkestrom.variables.registry import VARIABLES
from folkestrom.variables.variable import Variable

DOCS = Path(__file__).parent
_OF_THE_SHELL = {"help", "install_completion", "show_completion"}


def report_format() -> str:
    """The record format, from `model.report` and `model.codes`."""
    return "\n".join(
        [
            "# The report record",
            NOTE,
            "",
            "One record is one notification as it was received. Parquet, CSV (UTF-8, with a",
            "header; commas, or the semicolons, tabs or bars that split the header) and NDJSON",
            "files carry the same columns under the same names. An empty field, or an empty text",
            "in any of them, is a missing value. CSV and NDJSON may be packed by gzip, whatever",
            "the file is called, and their lines may end in a line feed, a carriage return, or",
            "both, in one file too.",
            "",
            "A date is written `2021-02-28` and in no other way. A moment is written as in",
            "ISO 8601, with its zone: `2021-02-28T12:00:00Z`, `2021-02-28T13:00:00+01:00`. A",
            "space may stand for the `T`; seconds may be left out, or have up to nine decimals.",
            "In Parquet a moment is a timestamp of any precision, and one without a zone is UTC.",
            "Six decimals are kept and the others cut off, never rounded, in every format: the",
            "same report becomes known on the same day from each.",
            "",
            "## Columns",
            "",
            *table(["column", "type", "values", "what it says"], map(_column_row, COLUMNS)),
            "",
            "## What each kind must carry",
            "",
            "The number is the code in the store, and the rank of reports on one day.",
            "",
            *table(["kind", "code", "required columns"], map(_kind_row, Kind)),
            "",
            "An attribute correction carries at least one of",
            f"{_code_list(CORRECTABLE_ATTRIBUTES)}.",
            f"An annulment carries {_code_list(ANNULMENT_COLUMNS)} and nothing else.",
            f"A merge or a split carries {_code_list(IDENTITY_COLUMNS)} and nothing else.",
            "While the last standing report about an identity is a merge, nothing else that is",
            "told of that person counts, from the day on which it is known; a split restores it.",
            "",
            "## What must agree",
            "",
            "A record that breaks one of these rules waits in",
            "[quarantine](../how-to/mend-quarantine.md), under the reason of its rule.",
            "",
            *table(["column", "in reports of kind", "must be", "reason"], _rules()),
            "",
            f"One file names at most {SOURCES_OF_FILE} sources, one store {SOURCES_OF_STORE}: what",
            "has more is refused as a whole, for its columns are probably swapped.",
            "",
            "## Codes",
            "",
            *_code_tables(),
            "## Places",
            "",
            f"- `municipality`: {MUNICIPALITY_DIGITS} digits, with the leading zero (`0301`), of",
            f"  one of the {len(municipality_codes())} municipalities that the program",
            "  [knows](../explanation/two-times.md#which-municipalities).",
            f"- `basic_unit`: {BASIC_UNIT_DIGITS} digits, the first {MUNICIPALITY_DIGITS} those of",
            "  the municipality. Basic units are not listed: the other digits are free.",
            "- `country`: ISO 3166-1 alpha-2, and `XK` Kosovo, `XS` stateless, `XX` unknown.",
            "",
        ]
    )


def _rules() -> Iterator[list[str]]:
    """What the checks of one record ask for, beside that values are there and can be read."""
    shown = set(Reason) - {Reason.MISSING_VALUE, Reason.UNEXPECTED_VALUE}
    every = dict.fromkeys((c.name for c in COLUMNS), "VARCHAR")
    read = [replace(r, parsed=False) for r in readings(every, {})]
    for check in checks(read, datetime(2021, 1, 1, tzinfo=UTC)):
        if check.reason in shown:
            kinds = sorted(check.kinds or ())
            yield [
                f"`{check.column}`",
                ", ".join(f"`{kind.name.lower()}`" for kind in kinds),
                check.allowed,
                f"`{check.reason}`",
            ]


def cli() -> str:
    """The command's reference, from the application itself."""
    command: Any = typer.main.get_command(app)
    lines = [
        "# The command",
        NOTE,
        "",
        "    folkestrom [OPTIONS] COMMAND [ARGUMENTS]",
        "",
        "Global options may also stand after the command's name.",
        "",
        "## Global options",
        "",
        *_parameters(command),
    ]
    for path, found in sorted(commands(command)):
        help_text = inspect.cleandoc(found.help or "").split("\f")[0].strip()
        lines += [f"## `{path}`", "", help_text, "", *_parameters(found)]
    lines += ["## Exit codes", "", *_exit_codes(), ""]
    return "\n".join(lines)


def steps() -> str:
    """Every SQL step with its rule and its text."""
    lines = [
        "# The method, step by step",
        NOTE,
        "",
        "Every figure is computed by the SELECTs below, each of which states its rule first.",
        "`$name` stands for a value that the caller gives. Steps with parameters are shown with an",
        "example.",
        "",
    ]
    for module, found in _steps_by_module().items():
        lines += [f"## `{module}`", ""]
        for registered in found:
            made = registered.sample()
            lines += [f"### {made.name.replace('_', ' ')} {{ #{module}.{made.name} }}", ""]
            lines += [made.rule, "", "```sql", made.sql, "```", ""]
            if registered.duckdb_only:
                lines += [f"*DuckDB only: {registered.duckdb_only}.*", ""]
    return "\n".join(lines)


def published_tables() -> str:
    """The published tables, from their specifications, and every dimension."""
    lines = [
        "# Published tables and dimensions",
        NOTE,
        "",
        "`folkestrom table NAME --year Y` makes a table as it stands on 1 January of year Y, with",
        "titles and labels in English (`--lang en`) and Norwegian (`--lang no`). In long formats",
        "one row is one cell, with the codes below. K is the knowledge date.",
        "",
    ]
    for name, specs in PUBLISHED.items():
        lines += [f"## `{name}`", ""]
        for specification, said in specs:
            lines += [said, ""] if said else []
            filled = specification.fill(year="Y", before="Y−1", five="Y−5", ten="Y−10", known="K")
            lines += _specification(filled)
    return "\n".join([*lines, ""])


PUBLISHED: dict[str, list[tuple[TableSpecification, str]]] = {
    "key-figures": [(specifications.KEY_FIGURES, "")],
    "age-groups": [(specifications.AGE_GROUPS, "")],
    "marital-status": [
        (
            specifications.MARITAL_STATUS_AS_PUBLISHED,
            "With `--unknown published`, as by default:",
        ),
        (
            specifications.MARITAL_STATUS_OWN,
            "With `--unknown category`, where every total includes the unknown:",
        ),
    ],
    "citizenship": [(specifications.CITIZENSHIP, "")],
}


def _specification(specification: TableSpecification) -> list[str]:
    dimensions = [
        [
            f"`{d.id}`",
            d.label.en,
            d.label.no,
            _code_list(c.code for c in d.categories) or d.classification,
        ]
        for d in specification.dimensions
    ]
    measures = [
        [
            f"`{m.id}`",
            m.label.en,
            m.label.no,
            m.unit.en + (f", {m.decimals} decimal" if m.decimals else ""),
        ]
        for m in specification.measures
    ]
    return [
        f"**{specification.title.en}** / *{specification.title.no}*",
        "",
        *table(["column", "English", "Norwegian", "codes or unit"], [*dimensions, *measures]),
        "",
        f"{specification.contents.en} {specification.method.en}",
        "",
        *(f"- {note.en}" for note in specification.footnotes),
        *([""] if specification.footnotes else []),
    ]


def variables() -> str:
    """What every store can be asked by, from `variables.registry`."""
    lines = [
        "# Variables",
        "",
        NOTE,
        "",
        "One vocabulary serves `population`, `changes`, `rates` and `decompose`, and the panels",
        "and episodes of studies, which `describe`, `follow-up` and `fit` look at. Variables of",
        "your own are [linked](../how-to/link-a-variable.md), and groups are made of either.",
        "",
        "In `changes`, accounts close by places and by what a person keeps for life; by other",
        "variables there are flows alone.",
        "",
        *table(
            ["variable", "English", "Norwegian", "codes", *USES.values()],
            map(_variable_row, VARIABLES.values()),
        ),
        "",
        "## What readers of a table should know",
        "",
    ]
    lines += [f"- `{v.name}`: {v.note.en}" for v in VARIABLES.values() if v.note is not None]
    return "\n".join([*lines, ""])


def glossary() -> str:
    """Every term with its one meaning, from `glossary.toml`."""
    found = tomllib.loads((DOCS / "glossary.toml").read_text(encoding="utf-8"))
    lines = [
        "# Glossary",
        "<!-- Made by docs/generate.py from docs/glossary.toml; change that file. -->",
        "",
        "Each term has one meaning in the program, its messages and this manual. Norwegian terms",
        "are those of Statistics Norway's pages where these have one. *Usage here* marks a term",
        "that the program defines itself, or narrows.",
    ]
    for group in found["group"]:
        rows = [
            [
                f"**{term['en']}**",
                f"*{term['no']}*",
                term["is"],
                found["sources"].get(term["source"], term["source"]),
            ]
            for term in group["term"]
        ]
        lines += ["", f"## {group['title']}", ""]
        lines += table(["term", "Norwegian", "meaning", "source"], rows)
    return "\n".join([*lines, ""])


def _variable_row(variable: Variable) -> list[str]:
    dimension = variable.dimension
    codes = _code_list(category.code for category in dimension.categories)
    return [
        f"`{variable.name}`",
        dimension.label.en,
        dimension.label.no,
        "; ".join(text for text in (dimension.classification, codes) if text) or "as in files",
        *uses_of(variable).values(),
    ]


def derived_tables() -> str:
    """The register's tables, from `register.tables`."""
    lines = [
        "# The register's tables",
        NOTE,
        "",
        "All seven are made from the report log alone, and two views with them: `residence`, who",
        "is resident where, which by the rule of today is `stay`; and `known_report`, the log with",
        "the day on which each report became known and the name of its source. Intervals are",
        "half-open, dates local days, 9999-12-31 is the end of time. A row is there as known at E",
        "when `known_from <= E` and `E < known_to`.",
        "[Histories by example](../explanation/histories-by-example.md) shows how they",
        "come about.",
        "",
        f"Version of the method: {METHOD_VERSION}. Tables of another version are made again.",
    ]
    for derived in TABLES:
        rows = [[f"`{c.name}`", c.type, "yes" if c.nullable else "", c.description]
                for c in derived.columns]  # fmt: skip
        lines += ["", f"## {derived.name}", "", f"One row is {derived.grain}.", ""]
        lines += [f"Key: {_code_list(derived.key)}.", ""]
        lines += table(["column", "type", "may be NULL", "what it says"], rows)
    columns = [[f"`{name}`", CODE_TYPES[str(type)], said] for name, type, said in CodeTable.COLUMNS]
    lines += [
        "", "## code", "",
        "One row is one code of a variable, with a label that it has. The table is not in the",
        "store: it is there for whoever asks by SQL in Python, within `Store.reading()`, and made",
        "when it is read. Linked variables are in it; numbers without a list, such as years of",
        "birth, are not. A place whose name changed has a row for each name: who asks neither for",
        "`valid_from` nor for `valid_to` has it twice.",
        "",
        *table(["column", "type", "what it says"], columns),
    ]  # fmt: skip
    flags = ([str(int(r)), f"`{r.name.lower()}`", flag.is_.en, flag.mended_by.en]
             for r, flag in FLAGS.items())  # fmt: skip
    lines += ["", "## Reasons of flags", ""]
    lines += table(["code", "reason", "what stands", "what mends it"], flags)
    return "\n".join(lines) + "\n"


CODE_TYPES = {"string": "VARCHAR", "int32": "INTEGER", "date32[day]": "DATE"}


PAGES: dict[str, Callable[[], str]] = {
    "reference/feed-events.md": feed_events,
    "reference/report-format.md": report_format,
    "reference/cli.md": cli,
    "reference/steps.md": steps,
    "reference/published-tables.md": published_tables,
    "reference/variables.md": variables,
    "reference/derived-tables.md": derived_tables,
    "reference/regimes.md": regime_table,
    "reference/glossary.md": glossary,
}


def commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that can be run, with its full name."""
    for name, found in group.commands.items():
        path = f"{prefix} {name}".strip()
        if hasattr(found, "commands"):
            yield from commands(found, path)
        elif not found.hidden:
            yield path, found


def stale() -> list[str]:
    """Pages whose file differs from what the code says."""
    return [
        name
        for name, make in PAGES.items()
        if not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != make()
    ]


def _column_row(column: Column) -> list[str]:
    codes = f"[{column.codes}](#{column.codes})" if column.codes in CODE_LISTS else None
    places = f"[{column.codes}](#places)" if column.codes else ""
    return [f"`{column.name}`", column.type.value, codes or places, column.description]


def _kind_row(kind: Kind) -> list[str]:
    everywhere = set.intersection(*(set(required_columns(k)) for k in Kind))
    own = [name for name in required_columns(kind) if name not in everywhere]
    return [f"`{kind.name.lower()}`", str(int(kind)), _code_list(own) or "–"]


def _code_tables() -> Iterator[str]:
    for name, codes in CODE_LISTS.items():
        yield f"### {name}"
        yield ""
        yield from table(
            ["in files", "code"],
            ([f"`{text}`", str(code)] for text, code in code_names(codes).items()),
        )
        yield ""


def _parameters(command: Any) -> list[str]:
    context = typer.Context(command)
    records = [p.get_help_record(context) for p in command.params if p.name not in _OF_THE_SHELL]
    rows = [[f"`{name}`", said] for name, said in filter(None, records)]
    return [*table(["parameter", "what it does"], rows), ""] if rows else []


def _exit_codes() -> list[str]:
    families = [
        found
        for found in vars(errors).values()
        if isinstance(found, type)
        and issubclass(found, errors.UserError)
        and found is not errors.UserError
    ]
    rows = [["0", "Done."], ["1", "A figure that was checked differs (`demo`)."]]
    rows += [[str(f.exit_code), (inspect.getdoc(f) or "").replace("\n", " ")] for f in families]
    rows += [["6", "A model did not converge; what was written says so (`fit`)."]]
    rows += [
        ["70", "A fault of the program; `--debug` shows where."],
        ["130", "Interrupted from the keyboard, or told to end (SIGTERM, SIGHUP)."],
        ["141", "Whoever read the output closed it, as `head` does; what was read is right."],
    ]
    return table(["code", "meaning"], rows)


def _steps_by_module() -> dict[str, list[RegisteredStep]]:
    for module in pkgutil.walk_packages(folkestrom.__path__, "folkestrom."):
        importlib.import_module(module.name)
    found: dict[str, list[RegisteredStep]] = {}
    for registered in registered_steps().values():
        module_name = registered.function.__module__
        if module_name.startswith("folkestrom."):
            found.setdefault(module_name.removeprefix("folkestrom."), []).append(registered)
    return dict(sorted(found.items()))


def _code_list(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check name the stale ones."""
    if "--check" in arguments:
        behind = stale()
        print("\n".join(f"stale: {name}" for name in behind) or "all pages are up to date")
        return bool(behind)
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
