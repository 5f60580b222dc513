"""The command explain."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table

from folkestrom.app.cli.context import has_places, settings
from folkestrom.app.cli.options import DAY, KnownAt, Wait, option
from folkestrom.model.codes import Kind
from folkestrom.model.countries import alpha2
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.model.specification import Language, Text
from folkestrom.register.flags import FLAGS

if TYPE_CHECKING:
    from folkestrom.residence.explaining import Explanation, Ruled

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


@has_places
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
        given.result().print_json_of(json.loads(json.dumps(as_data(found), default=str)))
        return
    for part in told(found, given.lang):
        given.result().print(part)


#: What a decision of the register is owed to.
_REASONS: Final = {
    "registered": Text("registered", "registrert"),
    "no record yet": Text("no record yet", "ikke registrert ennå"),
    "emigrated": Text("emigrated", "utvandret"),
    "died": Text("died", "død"),
    "continued as another person": Text(
        "continued as another person", "videreført som en annen person"
    ),
}
#: What a stay makes of a person.
_OUTCOMES: Final = {
    "resident": Text("resident", "bosatt"),
    "emigrated": Text("emigrated", "utvandret"),
    "unchanged": Text("unchanged", "uendret"),
}
_EVENT_COLUMNS: Final = (
    Text("event", "hendelse"), Text("day", "dag"), Text("known from", "kjent fra"),
    Text("municipality", "kommune"), Text("country", "land"),
)  # fmt: skip
_STAY_COLUMNS: Final = (
    Text("country", "land"), Text("place", "sted"), Text("from", "fra"), Text("to", "til"),
    Text("ground", "grunnlag"), Text("counted from", "regnet fra"), Text("makes", "gjør"),
    Text("since", "siden"), Text("rule", "regel"), Text("where", "hvor"),
)  # fmt: skip


def as_data(found: Explanation) -> dict[str, Any]:
    """An explanation as JSON has it: codes as in reports, rules by their names and in words."""
    decision = found.registered
    registered = asdict(decision) | {
        "municipality": _place(decision.municipality), "kind": _name(decision.kind),
        "basic_unit": None if decision.basic_unit is None else f"{decision.basic_unit:08d}",
    }  # fmt: skip
    story = [
        asdict(one) | {
            "kind": _name(one.kind), "municipality": _place(one.municipality),
            "country": None if one.country is None else alpha2(one.country),
        }
        for one in found.story
    ]  # fmt: skip
    ruled = None
    if found.ruled is not None:
        stays = [
            asdict(one) | {
                "municipality": _place(one.municipality),
                "rule": one.rule and one.rule.name, "where": one.where and one.where.name,
            }
            for one in found.ruled.stays
        ]  # fmt: skip
        rule = found.ruled.rule
        ruled = {
            "resident": found.ruled.resident, "municipality": _place(found.ruled.municipality),
            "rule": rule and {
                "name": rule.name, "text": asdict(rule.text), "citation": asdict(rule.citation),
                "differs": asdict(rule.differs),
            },
            "stays": stays,
        }  # fmt: skip
    return {"day": found.day, "known_at": found.known_at, "registered": registered,
            "story": story, "ruled": ruled,
            "unfit_merges": [reason.name.lower() for reason in found.unfit_merges],
            }  # fmt: skip


def _place(municipality: int | None) -> str | None:
    return None if municipality is None else f"{municipality:04d}"


def _name(kind: Kind | None) -> str | None:
    return None if kind is None else kind.name.lower()


def told(found: Explanation, language: Language) -> list[Table | str]:
    """An explanation as lines and tables."""
    from folkestrom.residence.explaining import differs
    from folkestrom.residence.rules import registered_report

    def say(en: str, no: str) -> str:
        return Text(en, no).of(language)

    decision = found.registered
    where = "" if decision.municipality is None else f" {_place(decision.municipality)}"
    since = "" if decision.since is None else say(
        f", since {decision.since}", f", siden {decision.since}"
    )  # fmt: skip
    yes = say("resident", "bosatt") if decision.resident else say("not resident", "ikke bosatt")
    why = _REASONS[decision.reason.value].of(language)
    law = registered_report(decision.since or found.day).citation.of(language)
    parts: list[Table | str] = [
        say(f"{found.day}, as known on {found.known_at}: registered as {yes}",
            f"{found.day}, slik det var kjent {found.known_at}: registrert som {yes}")
        + where + since + ".",
        say(f"Rule: {decision.rule}; {why} ({law}).",
            f"Regel: registrert melding; {why} ({law})."),
        say("It would differ with ", "Annerledes med ")
        + differs(decision).of(language) + ".",
    ]  # fmt: skip
    for reason in found.unfit_merges:
        flag = FLAGS[reason]
        parts.append(
            say(f"A merge is reported and does not hold: {flag.is_.en}. It would with "
                f"{flag.mended_by.en}.",
                f"En sammenslåing er meldt og gjelder ikke: {flag.is_.no}. Den ville gjelde med "
                f"{flag.mended_by.no}.")
        )  # fmt: skip
    if found.story:
        parts += ["", _story(found, language)]
    if found.ruled is not None:
        parts += ["", *_ruled(found.ruled, language)]
    return parts


def _table(title: Text, columns: tuple[Text, ...], language: Language) -> Table:
    table = Table(title=title.of(language), box=None, pad_edge=False, title_justify="left")
    for column in columns:
        table.add_column(column.of(language))
    return table


def _story(found: Explanation, language: Language) -> Table:
    from folkestrom.statistics.adjustment import SPECIFICATION

    kinds = SPECIFICATION.dimension("kind").labels
    table = _table(Text("Reports", "Meldinger"), _EVENT_COLUMNS, language)
    for one in found.story:
        table.add_row(
            kinds(one.kind.name.lower()).of(language), str(one.day), str(one.known),
            _place(one.municipality) or "", "" if one.country is None else alpha2(one.country),
        )  # fmt: skip
    return table


def _ruled(ruled: Ruled, language: Language) -> list[Table | str]:
    def say(en: str, no: str) -> str:
        return Text(en, no).of(language)

    if not ruled.stays:
        return [
            say("The rules: no stay of the person had begun, as far as known.",
                "Reglene: ingen opphold for personen hadde begynt, så vidt kjent.")
        ]  # fmt: skip
    table = _table(Text("Stays", "Opphold"), _STAY_COLUMNS, language)
    for one in ruled.stays:
        table.add_row(
            one.country, _place(one.municipality) or "",
            str(one.begins), "" if one.ends is None else str(one.ends), one.ground,
            "" if one.counted_from == one.begins else str(one.counted_from),
            _OUTCOMES[one.outcome].of(language), str(one.since),
            "" if one.rule is None else one.rule.label.of(language),
            "" if one.where is None else one.where.label.of(language),
        )  # fmt: skip
    yes = say("resident", "bosatt") if ruled.resident else say("not resident", "ikke bosatt")
    place = "" if ruled.municipality is None else f" {_place(ruled.municipality)}"
    parts: list[Table | str] = [say(f"By the rules: {yes}", f"Etter reglene: {yes}") + place + "."]
    if ruled.rule is not None:
        name = ruled.rule.label.of(language)
        parts += [
            f"{name}: {ruled.rule.text.of(language)} ({ruled.rule.citation.of(language)})",
            say("It would differ with ", "Annerledes med ")
            + ruled.rule.differs.of(language) + ".",
        ]  # fmt: skip
    return [*parts, "", table]
