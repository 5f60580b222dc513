"""Commands that draw: pyramid, chart, map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from folkestrom.app.cli.context import OutputFormat, Settings, settings
from folkestrom.app.cli.options import DAY, Extraction, KnownAt, Wait, option
from folkestrom.errors import UsageError
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.model.specification import Language

if TYPE_CHECKING:
    from folkestrom.model.cells import Cells
    from folkestrom.pictures.charts import Chart

Picture = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Picture to write: .svg, .png, .pdf, or .html with the table.",
        dir_okay=False,
    ),
]  # fmt: skip
Result = Annotated[
    Path,
    typer.Argument(
        help="A result that was written with --output: .parquet, .csv, .json, .json-stat.",
        dir_okay=False,
    ),
]
Measures = Annotated[
    str,
    typer.Option(
        "--measure",
        help="What to draw, by names of columns: rate, or several counts, births,deaths. "
        "Without it, the first with an interval, or the first; what follows a population, but "
        "in a pyramid the population.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("pyramid")(pyramid)
    app.command("chart")(chart)
    app.command("map")(map_)


def pyramid(
    ctx: typer.Context,
    dates: Annotated[
        list[str],
        typer.Option(
            "--date", metavar=DAY, help="Day of the stock; of two, the earlier is the outline."
        ),
    ],
    compare: Annotated[
        str | None,
        typer.Option("--compare", metavar=DAY, help="Another day, drawn as an outline."),
    ] = None,
    age: Annotated[
        str, typer.Option("--age", help="Variable of ages: single years, or groups of them.")
    ] = "age",
    known_at: KnownAt = PUBLISHED,
    compare_known_at: Annotated[
        str | None,
        typer.Option(
            "--compare-known-at", metavar=f"{DAY}|published|latest",
            help="What was known of the outline; without it, as --known-at.",
        ),
    ] = None,
    extraction: Extraction = None,
    output: Picture = None,
    wait: Wait = None,
) -> None:  # fmt: skip
    """Draw residents by sex and age; a second day, or what else was known, as an outline."""
    from folkestrom.app.office.session import answered
    from folkestrom.app.office.statistics import PopulationQuestion
    from folkestrom.pictures import charts

    given = settings(ctx)
    form = _form(given, output)
    date, compare = _two_days(dates, compare)
    if age != "age" and not age.startswith("age_"):
        raise UsageError(
            "is no variable of ages", where="--age", value=age,
            allowed="age, age_five_year, age_group",
        )  # fmt: skip

    def asked(day: str, known: str) -> PopulationQuestion:
        return PopulationQuestion.asked(
            option, date=day, dates=(), by=f"sex,{age}", known_at=known,
            extraction_months=extraction,
        )  # fmt: skip

    now, other = asked(date, known_at), None
    if compare is not None or compare_known_at is not None:
        other = asked(compare or date, compare_known_at or known_at)
    with given.asking(wait) as connection:
        cells = answered(connection, now)
        before = None if other is None else answered(connection, other)
    _write(charts.chart(cells, given.lang, compare=before), cells, form, output)


def _two_days(dates: list[str], compare: str | None) -> tuple[str, str | None]:
    """The day that is drawn, and that of the outline; of two days, the earlier."""
    *earlier, date = sorted(dates)
    if len(earlier) > (compare is None):
        raise UsageError(
            "is given too often", where="--date", value=", ".join(dates),
            allowed="one day, and one more as its outline, by --date or --compare",
        )  # fmt: skip
    return date, (earlier[0] if earlier else compare)


def chart(
    ctx: typer.Context,
    result: Result,
    measure: Measures = "",
    output: Picture = None,
) -> None:
    """Draw a result from a file: what it is by says whether as pyramid, lines or bars."""
    from folkestrom.app.office.arguments import names
    from folkestrom.engine.failures import path_errors
    from folkestrom.pictures import charts
    from folkestrom.publish.formats.saved import read_result

    given = settings(ctx)
    form = _form(given, output)
    with path_errors(result, "FILE", reading=True):
        cells, own = read_result(result)
    drawn = charts.chart(cells, _language(given, own), measures=names(measure))
    _write(drawn, cells, form, output)


def map_(
    ctx: typer.Context,
    result: Result,
    borders: Annotated[
        Path | None,
        typer.Option(
            "--boundaries", dir_okay=False,
            help="Borders of the areas: GeoJSON or TopoJSON that has their codes. Without it, "
            "counties are tiles.",
        ),
    ] = None,
    measure: Measures = "",
    per_cent_of: Annotated[
        str | None,
        typer.Option(
            "--per-cent-of",
            help="A count of the result that the measure is drawn in per cent of: growth, of "
            "population_start.",
        ),
    ] = None,
    classes: Annotated[
        Literal["quantiles", "equal"],
        typer.Option("--classes", help="As many areas in each class, or steps of one size."),
    ] = "quantiles",
    count: Annotated[int, typer.Option("--count", help="How many classes, from 2 to 6.")] = 5,
    output: Picture = None,
) -> None:  # fmt: skip
    """Draw a map of a result by municipality or county, from a file."""
    from folkestrom.app.office.arguments import names
    from folkestrom.engine.failures import path_errors
    from folkestrom.pictures.maps import map_chart
    from folkestrom.publish.formats.saved import read_result

    given = settings(ctx)
    form = _form(given, output)
    with path_errors(result, "FILE", reading=True):
        cells, own = read_result(result)
    with path_errors(borders, "--boundaries", reading=True):
        drawn = map_chart(
            cells, borders, _language(given, own), measures=names(measure), classes=classes,
            count=count, per_cent_of=per_cent_of,
        )  # fmt: skip
    _write(drawn, cells, form, output)


def _language(given: Settings, own: Language | None) -> Language:
    """The language of a saved result, which has its texts in one only."""
    if given.lang_said and own not in (None, given.lang):
        raise UsageError(
            "is not the language of the result's texts", where="--lang", value=given.lang.value,
            allowed=own, next_step=f"Make the result again, with --lang {given.lang.value}",
        )  # fmt: skip
    return own or given.lang


def _form(given: Settings, output: Path | None) -> OutputFormat:
    """The format of a picture, before anything is asked."""
    from folkestrom.app.output.place import check_place
    from folkestrom.model.file_format import format_of
    from folkestrom.publish.formats.output_format import PICTURES

    ends = {f".{form.value}": form for form in PICTURES}
    if output is not None:
        check_place(output)
        if given.wanted is None:
            return format_of(output, ends)
    if given.wanted is not None and given.wanted in PICTURES:
        return given.wanted
    raise UsageError(
        "is no picture", where="--output, --format",
        value=None if given.wanted is None else given.wanted.value, allowed=list(ends),
        next_step="Name a file, such as -o picture.svg",
    )  # fmt: skip


def _write(drawn: Chart, cells: Cells, form: OutputFormat, output: Path | None) -> None:
    from folkestrom.app.output.place import put
    from folkestrom.app.output.write import check_stream, send
    from folkestrom.publish.formats.pictures import drawn_as

    made = drawn_as(drawn, cells, form)
    if output is not None:
        put(made, output)
        return
    check_stream(form)
    send(made)
