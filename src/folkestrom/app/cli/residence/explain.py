"""The command explain."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from folkestrom.app.cli.context import settings
from folkestrom.app.cli.options import DAY, KnownAt, Wait, option
from folkestrom.model.countries import alpha2
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.model.specification import Language, Text

if TYPE_CHECKING:
    from folkestrom.residence.explaining import Explanation

Stays = Annotated[
    Path | None,
    typer.Option("--stays", help="File of stays, to ask the rules beside the register.",
                 dir_okay=False),
]  # fmt: skip
Base = Annotated[
    str,
    typer.Option("--base", metavar="registered|usual",
                 help="The law's six months, or usual residence of twelve."),
]  # fmt: skip
Reading = Annotated[
    str,
    typer.Option("--reading", metavar="page|law",
                 help="What Statistics Norway's page says, or the law."),
]  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command("explain")(explain)


def explain(
    ctx: typer.Context,
    person: Annotated[int, typer.Argument(help="Pseudonym of the person.")],
    date: Annotated[str, typer.Option("--date", metavar=DAY, help="Day of the population.")],
    known_at: KnownAt = PUBLISHED,
    stays: Stays = None,
    base: Base = "registered",
    reading: Reading = "law",
    wait: Wait = None,
) -> None:
    """Explain why a person is, or is not, counted: story, decision, rule, and what would change it.

    For the office: the answer is about one person.
    """
    from folkestrom.app.office.residence.questions import ExplainQuestion

    given = settings(ctx)
    as_json = given.as_json
    question = ExplainQuestion.asked(
        option, person=person, date=date, known_at=known_at, stays=stays, base=base, reading=reading
    )
    found = given.answer(question, wait)
    if as_json:
        given.result().print_json_of(json.loads(json.dumps(asdict(found), default=str)))
        return
    for part in told(found, given.lang):
        given.result().print(part)


def told(found: Explanation, language: Language) -> list[Table | str]:
    """An explanation as lines and tables."""
    from folkestrom.residence.explaining import DIFFERS_REGISTERED

    def say(en: str, no: str) -> str:
        return Text(en, no).of(language)

    decision = found.registered
    where = "" if decision.municipality is None else f" {decision.municipality:04d}"
    since = "" if decision.since is None else say(
        f", since {decision.since}", f", siden {decision.since}"
    )  # fmt: skip
    yes = say("resident", "bosatt") if decision.resident else say("not resident", "ikke bosatt")
    parts: list[Table | str] = [
        say(f"{found.day}, as known on {found.known_at}: registered as {yes}",
            f"{found.day}, slik det var kjent {found.known_at}: registrert som {yes}")
        + where + since + ".",
        say(f"Rule: {decision.rule}; {decision.reason.value}.",
            f"Regel: {decision.rule}; {decision.reason.value}."),
        say("It would differ with ", "Annerledes med ")
        + DIFFERS_REGISTERED[decision.resident].of(language) + ".",
    ]  # fmt: skip
    if found.story:
        parts += ["", _story(found, say("Reports", "Meldinger"))]
    if found.ruled is not None:
        parts += ["", *_ruled(found, language)]
    return parts


def _story(found: Explanation, title: str) -> Table:
    table = Table(title=title, box=None, pad_edge=False, title_justify="left")
    for name in ("event", "day", "known from", "municipality", "country"):
        table.add_column(name)
    for one in found.story:
        place = "" if one.municipality is None else f"{one.municipality:04d}"
        country = "" if one.country is None else alpha2(one.country)
        table.add_row(
            one.kind.name.lower().replace("_", " "), str(one.day), str(one.known), place, country
        )
    return table


def _ruled(found: Explanation, language: Language) -> list[Table | str]:
    def say(en: str, no: str) -> str:
        return Text(en, no).of(language)

    ruled = found.ruled
    assert ruled is not None  # noqa: S101 - the caller asked
    table = Table(title=say("Stays", "Opphold"), box=None, pad_edge=False, title_justify="left")
    for name in ("country", "place", "from", "to", "ground", "makes", "since", "rule", "where"):
        table.add_column(name)
    for one in ruled.stays:
        table.add_row(
            one.country, "" if one.municipality is None else f"{one.municipality:04d}",
            str(one.begins), "" if one.ends is None else str(one.ends), one.ground, one.outcome,
            str(one.since), "" if one.rule is None else one.rule.name,
            "" if one.where is None else one.where.name,
        )  # fmt: skip
    yes = say("resident", "bosatt") if ruled.resident else say("not resident", "ikke bosatt")
    place = "" if ruled.municipality is None else f" {ruled.municipality:04d}"
    parts: list[Table | str] = [say(f"By the rules: {yes}", f"Etter reglene: {yes}") + place + "."]
    if ruled.rule is not None:
        parts += [
            f"{ruled.rule.name}: {ruled.rule.text.of(language)} ({ruled.rule.citation})",
            say("It would differ with ", "Annerledes med ")
            + ruled.rule.differs.of(language) + ".",
        ]  # fmt: skip
    return [*parts, "", table]
