"""The command that lists variables and codes."""

from __future__ import annotations

from typing import Annotated

import typer

from folkestrom.app.cli.completion.words import names_of
from folkestrom.app.cli.context import settings
from folkestrom.app.cli.options import DAY, Output, Wait, option


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("variables")(variables)


def variables(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(help="The variable whose codes are listed.", autocompletion=names_of()),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option("--date", metavar=DAY, help="Of places, list those of this day only."),
    ] = None,
    output: Output = None,
    wait: Wait = None,
) -> None:
    """List the variables that there are and what they may be asked for, or the codes of one."""
    from folkestrom.app.office.vocabulary.variables import VariablesQuestion
    from folkestrom.app.office.vocabulary.variables import variables as listed

    given = settings(ctx)
    given.check_output(output, listing=True)
    question = VariablesQuestion.asked(option, name=name, date=date, language=given.lang)
    given.write(listed(given.store, given.waiting(wait), question), output)
