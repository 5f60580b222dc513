"""Commands that fit models: fit mobility."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

import typer

from folkestrom.app.cli.context import OutputFormat, Settings, settings
from folkestrom.app.cli.options import OverCoverage, Publish, option
from folkestrom.errors import EXIT_NOT_CONVERGED, UsageError
from folkestrom.model.file_format import format_of
from folkestrom.model.names import without_effect

if TYPE_CHECKING:
    import polars as pl

    from folkestrom.analysis.mobility import MobilityFit
    from folkestrom.analysis.over_coverage.carried import Gone
    from folkestrom.app.office.fit import FitQuestion, Model
    from folkestrom.model.specification import Text
    from folkestrom.outputs.rules import Rules

#: No random effects.
NOBODY: Final = "none"
#: What estimates are written as, by the end of a file's name.
_SUFFIXES: Final[dict[str, OutputFormat | Literal["html", "latex", "markdown"]]] = {
    ".html": "html",
    ".tex": "latex",
    ".md": "markdown",
    ".csv": OutputFormat.CSV,
    ".json": OutputFormat.JSON,
    ".parquet": OutputFormat.PARQUET,
    ".txt": OutputFormat.TABLE,
}
_COVARIATES: Final = "outcome ~ age_group + sex * immigrant_category + bs(years_since, df=4)"

fit_app = typer.Typer(help="Models of who leaves, moves and stays.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.add_typer(fit_app, name="fit")


@fit_app.callback()
def _models() -> None:
    """Models of who leaves, moves and stays."""


@fit_app.command("mobility")
def mobility(
    ctx: typer.Context,
    formula: Annotated[
        str, typer.Option("--formula", help=f"The outcome and its covariates: {_COVARIATES!r}.")
    ],
    study: Annotated[
        Path | None, typer.Option("--study", help="Study of the store; its panel is fitted.")
    ] = None,
    panel: Annotated[
        Path | None,
        typer.Option("--panel", help="Parquet file of person-years instead of a study."),
    ] = None,
    outcomes: Annotated[
        str | None,
        typer.Option(
            "--outcomes", help="The outcomes, the base first, where the panel does not say it."
        ),
    ] = None,
    random: Annotated[
        str,
        typer.Option("--random", help=f"Column of the units with random effects; {NOBODY}."),
    ] = "person",
    within: Annotated[
        str | None,
        typer.Option(
            "--within", help="Column of groups that these are nested within: effects of groups too."
        ),
    ] = None,
    effects: Annotated[
        Literal["unstructured", "exchangeable", "diagonal", "equal", "none"] | None,
        typer.Option(
            "--effects", help="Covariance structure of the effects; unstructured by default."
        ),
    ] = None,
    errors: Annotated[
        Literal["observed", "bhhh", "clustered"],
        typer.Option("--errors", help="Covariance estimator; clustered: sandwich."),
    ] = "observed",
    bread: Annotated[
        float,
        typer.Option(
            "--bread",
            help="Share of the persons for the bread, the observed information; slow on millions.",
        ),
    ] = 1.0,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", help="Column of clusters, with clustered."),
    ] = None,
    weight: Annotated[str | None, typer.Option("--weight", help="Column of weights.")] = None,
    penalty: Annotated[
        float,
        typer.Option(
            "--penalty",
            min=0,
            help="Ridge penalty: weight of half of each squared coefficient, standardised.",
        ),
    ] = 0.0,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance", help="Convergence tolerance: largest last step, in standard errors."
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            help="Checkpoint file: an interrupted fit goes on from it.",
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            help="Folder for a panel that does not fit in memory; emptied when the fit is done.",
            file_okay=False,
        ),
    ] = None,
    profiles: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            help="Profile to predict for: age=35,county=03; may be given several times.",
        ),
    ] = None,
    over_coverage: OverCoverage = None,
    save: Annotated[
        Path | None, typer.Option("--save", help="File for the whole fit, to be loaded again.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File for the estimates: .csv, .parquet, .json, .html, .tex, .md or .txt.",
        ),
    ] = None,
    publish: Publish = None,
    wait: Annotated[
        float | None,
        typer.Option(
            "--wait", min=0, help="Seconds to wait while another command writes the store."
        ),
    ] = None,
) -> None:
    """Fit the mobility model: stay, another municipality, or abroad."""
    from folkestrom.app.office import fit as office
    from folkestrom.app.office.rates import gone_asked
    from folkestrom.app.output.place import check_place

    given = settings(ctx)
    for place in (output, save):
        if place is not None:
            check_place(place)
    if save is not None:
        format_of(save, {".json": "json"}, "--save")
    # What cannot be written is said before anything is fitted.
    rules = _rules(given, publish, save, profiles, output, over_coverage)
    written = None if rules else _writer(output, given)
    gone = gone_asked(over_coverage, option("over_coverage"))
    model = office.Model(
        formula, None if random == NOBODY else random, weight, cluster, within,
        () if gone is None else gone.by,
    )  # fmt: skip
    question = office.FitQuestion(
        model=model, effects=office.effects_of(effects, per_person=model.random is not None),
        outcomes=[name.strip() for name in outcomes.split(",")] if outcomes else None,
        standard_errors=errors, bread=bread, penalty=penalty, tolerance=tolerance,
        checkpoint=checkpoint,
    )  # fmt: skip
    with (
        office.room_in(folder) as room,
        _panel(given, study, panel, model, wait, room) as rows,
        given.progress().status("Reading …") as status,
    ):
        found = question.answer(rows, room, lambda line: status.update(f"Fitting … {line}"))
        cells = None if rules is None else office.published(found, rows, model, rules)
        ends = _between(question, rows, gone, found, room)
    if save is not None:
        found.save(save)
    if written is not None:
        written(found)
    elif cells is not None:
        given.write(cells, output)
    for table, note in ends:
        _print_frame(given, table, [], note.of(given.lang))
    if profiles:
        _show_probabilities(given, found, profiles)
    if not found.converged_:
        given.progress().print(f"Not converged: {found.message_}")
        raise typer.Exit(EXIT_NOT_CONVERGED)


def _between(
    question: FitQuestion, rows: Path, gone: Gone | None, found: MobilityFit, room: Path | None
) -> list[tuple[pl.DataFrame, Text]]:
    """Coefficients between bounds of over-coverage, with what is said of them; none without it."""
    if gone is None:
        return []
    from folkestrom.app.office import fit as office
    from folkestrom.engine.scratch import scratch

    with scratch(room or Path(gettempdir())) as weighted:
        return [(office.between(question, rows, gone, found, weighted), gone.note)]


def _rules(
    given: Settings,
    publish: str | None,
    save: Path | None,
    profiles: list[str] | None,
    output: Path | None,
    over_coverage: str | None,
) -> Rules | None:
    """Rules of disclosure control; refuses what they would not have seen."""
    from folkestrom.outputs.rules import rules_of

    rules = rules_of(publish)
    if rules is not None:
        for name, value in (
            ("--save", save), ("--profile", profiles), ("--over-coverage", over_coverage),
        ):  # fmt: skip
            if value:
                raise UsageError(
                    "gives coefficients away that the rules suppress, and does not go with it",
                    where="--publish",
                    value=publish,
                    next_step=f"Leave {name} out, or fit once more without --publish",
                )
        given.check_output(output)
    return rules


@contextmanager
def _panel(
    given: Settings,
    study: Path | None,
    panel: Path | None,
    model: Model,
    wait: float | None,
    room: Path | None,
) -> Iterator[Path]:
    """The file of person-years: the one named, or one made of the study for as long as needed."""
    from folkestrom.app.office import fit as office

    if (study is None) == (panel is None):
        raise UsageError(
            "say where the person-years come from, one of two",
            where="--study, --panel",
            allowed="--study STUDY.toml, or --panel FILE.parquet",
        )
    if study is None:
        yield cast("Path", panel)
        return
    console = given.progress()
    with ExitStack() as stack:
        with console.status("Reading …") as status:
            path = stack.enter_context(
                office.panel_of_study(
                    given.store,
                    study,
                    model,
                    given.waiting(wait),
                    lambda count: status.update(f"{count:,} person-years read …"),
                    room,
                )
            )
        yield path


Writer = Callable[["MobilityFit"], None]


def _writer(output: Path | None, given: Settings) -> Writer:
    """How the estimates are written: to a file as it is named, or to standard output."""
    from folkestrom.app.output.place import put

    if output is None:
        return _printer(given)
    given.check_format(*_FORMATS)
    named = _SUFFIXES.get(output.suffix.lower())
    if given.wanted is not None and named is not None and not isinstance(named, OutputFormat):
        raise without_effect(
            "--format", given.wanted.value,
            f"a file that ends in {output.suffix} has a format of its own",
            "Leave it out, or name the file otherwise",
        )  # fmt: skip
    form = given.wanted or format_of(output, _SUFFIXES)
    if isinstance(form, OutputFormat):
        write = _FORMATS[form]
        return lambda fit: put(write(fit), output)
    return lambda fit: put(_table(fit, form).encode(), output)


def _printer(given: Settings) -> Writer:
    given.check_format(*_FORMATS)

    def written(fit: MobilityFit) -> None:
        if given.format is OutputFormat.TABLE:
            given.result().print(fit.summary())
            return
        from folkestrom.app.output.write import check_stream, send

        check_stream(given.format)
        send(_FORMATS[given.format](fit))

    return written


def _table(fit: MobilityFit, form: Literal["html", "latex", "markdown"]) -> str:
    from folkestrom.analysis.mobility import regression_table

    return regression_table(fit, format=form) + "\n"


def _as_text(fit: MobilityFit) -> bytes:
    return (fit.summary() + "\n").encode()


def _as_csv(fit: MobilityFit) -> bytes:
    from folkestrom.publish.formats.csv_file import csv_of

    return csv_of(fit.coefficients())


def _as_parquet(fit: MobilityFit) -> bytes:
    import io

    buffer = io.BytesIO()
    fit.coefficients().write_parquet(buffer)
    return buffer.getvalue()


def _as_json(fit: MobilityFit) -> bytes:
    facts: dict[str, Any] = {
        "converged": fit.converged_,
        "message": fit.message_,
        "log_likelihood": fit.log_likelihood_,
        "aic": fit.aic_,
        "bic": fit.bic_,
        "person_years": fit.rows,
        "persons": fit.persons,
        "outcomes": list(fit.outcomes),
        "effects": fit.covariance.structure,
        "within": fit.covariance.within or None,
        "groups": fit.groups,
        "standard_errors": fit.standard_errors,
        "clusters": fit.clusters,
        "bread_persons": fit.bread_persons or None,
        "points": fit.order,
        "notes": list(fit.notes),
        "estimates": fit.coefficients().to_dicts(),
        "correlations": {
            name: {"estimate": value, "standard_error": error}
            for name, (value, error) in fit.correlations_.items()
        },
    }
    from folkestrom.app.output.json_text import json_text

    return (json_text(facts) + "\n").encode()


_FORMATS: Final[dict[OutputFormat, Callable[[MobilityFit], bytes]]] = {
    OutputFormat.TABLE: _as_text,
    OutputFormat.CSV: _as_csv,
    OutputFormat.JSON: _as_json,
    OutputFormat.PARQUET: _as_parquet,
}


def _show_probabilities(given: Settings, fit: MobilityFit, profiles: list[str]) -> None:
    from folkestrom.app.office.fit import profile_of

    spans = fit.design.spans if fit.design is not None else ()
    probabilities = fit.predict([profile_of(text, spans) for text in profiles])
    _print_frame(given, probabilities, profiles)


def _print_frame(
    given: Settings, probabilities: pl.DataFrame, profiles: list[str], note: str = ""
) -> None:
    from rich.table import Table

    table = Table(*probabilities.columns, box=None)
    for row in probabilities.iter_rows(named=True):
        cells = [
            f"{value:.5f}" if isinstance(value, float) else str(value) for value in row.values()
        ]
        table.add_row(*cells)
    console = given.result() if given.format is OutputFormat.TABLE else given.progress()
    for number, text in enumerate(profiles):
        console.print(f"profile {number}: {text}")
    console.print(table)
    if note:
        console.print(note)
