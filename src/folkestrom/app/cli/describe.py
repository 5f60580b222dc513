"""The command that says what the panel of a study shows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from folkestrom.app.cli.context import settings
from folkestrom.app.cli.options import Lang, Output, Publish, Wait
from folkestrom.errors import UsageError
from folkestrom.model.specification import Language


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("describe")(describe)


def describe(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="The study: a TOML file with a panel.", dir_okay=False)
    ],
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="Variables, with commas between them: immigrant_group,year. The panel need not "
            "have them.",
        ),
    ] = "",
    of: Annotated[
        str | None,
        typer.Option(
            "--of", help="A number, such as income: its mean and quantiles instead of outcomes."
        ),
    ] = None,
    quantiles: Annotated[
        str,
        typer.Option(
            "--quantiles",
            help="Which quantiles of it, with commas between them; without it, "
            "0.1,0.25,0.5,0.75,0.9.",
        ),
    ] = "",
    publish: Publish = None,
    lang: Lang = Language.EN,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """What the panel of a study shows: outcomes, or the values of a number, by any variables."""
    from folkestrom.analysis.study.toml_file import read_study
    from folkestrom.app.office.arguments import names
    from folkestrom.app.office.description import DescriptionQuestion
    from folkestrom.outputs.rules import rules_of

    given = settings(ctx)
    given.check_output(output)
    question = DescriptionQuestion(
        read_study(file), names(by), of, _shares(quantiles), rules_of(publish)
    )
    with given.progress().status("Counting …"):
        cells = given.answer(question, wait)
    given.write(cells, lang, output)


def _shares(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(share) for share in text.split(",") if share.strip())
    except ValueError:
        raise UsageError(
            "are not numbers with commas between them",
            where="--quantiles",
            value=text,
            allowed="such as 0.25,0.5,0.75",
        ) from None
