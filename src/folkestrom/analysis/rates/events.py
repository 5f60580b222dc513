"""Events that rates count, in the same cells as the exposure that they came from.

Most are flows of the period: reports that stand on the knowledge date, each described as flows
are, by the state at the end of the day before for who leaves, moves or dies. What is none, such as
a marriage, is described by the state at the end of the day before too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from folkestrom.analysis.rates.event_rows import (
    DIVORCE,
    MARRIAGE,
    NATURALISATION,
    births_by_mother,
    couples,
    moves_into,
    returns,
    status_changes,
)
from folkestrom.classifications.areas import county_name, municipality_name
from folkestrom.classifications.code_lists import country_label, long_list
from folkestrom.engine.steps import Step, step
from folkestrom.errors import UsageError
from folkestrom.model.codes import Kind, Sex
from folkestrom.model.countries import COUNTRY_CODES, UNKNOWN
from folkestrom.model.names import check_code
from folkestrom.model.specification import Text
from folkestrom.statistics.flows import counted_events, flow_rows
from folkestrom.variables.description import EVENT_ROWS, described
from folkestrom.variables.variable import Variable, needs_of

_MOVED: Final = f"kind = {int(Kind.MOVE)} AND NOT arriving"
_ALL: Final = "TRUE"
_EMIGRATED: Final = f"kind = {int(Kind.EMIGRATION)}"


@dataclass(frozen=True, slots=True)
class Event:
    """What a rate counts.

    Parameters
    ----------
    label
        What it is called.
    condition
        SQL over the rows of flows.
    level
        Of moves: 1 counts those between counties, 2 those between municipalities.
    rows
        Where it is no flow: the step to its rows.
    note
        What readers of its figures should know.
    of_couples
        Where two persons have it together: what that is called.
    sex
        Whose person-years its rates are of, where sex is not asked for; None: everybody's.
    """

    label: Text
    condition: str
    level: int = 2
    rows: Step | None = None
    note: Text | None = None
    of_couples: Text | None = None
    sex: Sex | None = None

    @property
    def in_accounts(self) -> bool:
        """Whether it is a flow of accounts, all of it."""
        return self.rows is None and self.level == 2


_BOTH: Final = Text(
    "Both spouses are counted where both are resident: marriages are about half as many.",
    "Begge ektefeller telles der begge er bosatt: ekteskapene er omtrent halvparten så mange.",
)

#: Where out-migration may go.
DESTINATIONS: Final[dict[str, Event]] = {
    "abroad": Event(Text("Emigration", "Utvandring"), _EMIGRATED),
    "municipality": Event(
        Text("Moves to another municipality", "Flytting til en annen kommune"), _MOVED
    ),
    "county": Event(Text("Moves to another county", "Flytting til et annet fylke"), _MOVED, 1),
    "anywhere": Event(
        Text(
            "Emigration and moves to another municipality",
            "Utvandring og flytting til en annen kommune",
        ),
        f"({_EMIGRATED} OR ({_MOVED}))",
    ),
}

#: Sorts of places that moves may go to, by level.
_PLACES: Final = {"county": county_name, "municipality": municipality_name}

#: What happens to residents, by name.
EVENTS: Final[dict[str, Event]] = {
    "emigration": DESTINATIONS["abroad"],
    "out_migration": DESTINATIONS["anywhere"],
    "immigration": Event(Text("Immigration", "Innvandring"), f"kind = {int(Kind.IMMIGRATION)}"),
    "return": Event(
        Text("Return migration", "Tilbakeflytting"),
        _ALL,
        rows=returns(),
        note=Text(
            "Returns are immigrations of persons who were resident before, as far back as the log "
            "goes; rates are by residents, as those of immigration.",
            "Tilbakeflyttinger er innvandringer av personer som har vært bosatt før, så langt "
            "tilbake loggen går; ratene er etter bosatte, som for innvandring.",
        ),
    ),
    "death": Event(Text("Deaths", "Døde"), f"kind = {int(Kind.DEATH)}"),
    "birth": Event(Text("Live births", "Levendefødte"), f"kind = {int(Kind.BIRTH)}"),
    "childbirth": Event(
        Text("Live births, by the mother", "Levendefødte, etter mor"),
        _ALL,
        rows=births_by_mother(),
        sex=Sex.FEMALE,
    ),
    "marriage": Event(
        Text("Persons who marry", "Personer som gifter seg"),
        _ALL,
        rows=status_changes(MARRIAGE),
        note=_BOTH,
        of_couples=Text("Marriages", "Ekteskap"),
    ),
    "divorce": Event(
        Text("Persons who divorce", "Personer som skilles"),
        _ALL,
        rows=status_changes(DIVORCE),
        note=_BOTH,
    ),
    "naturalisation": Event(
        Text("Naturalisations", "Overganger til norsk statsborgerskap"),
        _ALL,
        rows=status_changes(NATURALISATION),
    ),
}


def event_of(name: str, destination: str | None = None) -> Event:
    """What is counted.

    Parameters
    ----------
    name
        One of `EVENTS`.
    destination
        Of "out_migration": one of `DESTINATIONS`, by default anywhere, or a county or municipality.
        Of "emigration": a country.

    Examples
    --------
    >>> event_of("out_migration", "county").label.en
    'Moves to another county'
    >>> event_of("emigration", "SE").label.en
    'Emigration to Sweden'
    """
    check_code(name, tuple(EVENTS), "is not an event that rates count", where="event")
    if destination is None or (name == "emigration" and destination == "abroad"):
        return EVENTS[name]
    if name == "emigration":
        if destination not in COUNTRY_CODES:
            raise UsageError(
                "is not a country", where="destination", value=destination,
                allowed="abroad, or two letters of ISO 3166-1, such as SE",
            )  # fmt: skip
        country = country_label(destination)
        gone = f"coalesce(country, {COUNTRY_CODES[UNKNOWN]}) = {COUNTRY_CODES[destination]}"
        return Event(
            Text(f"Emigration to {country.en}", f"Utvandring til {country.no}"),
            f"{_EMIGRATED} AND {gone}",
        )
    if name != "out_migration":
        raise UsageError(
            f"is not where {name} goes",
            where="destination",
            value=destination,
            allowed="a destination with the events out_migration and emigration",
            next_step="Ask for event='out_migration'",
        )
    for level, (kind, named) in enumerate(_PLACES.items(), start=1):
        if destination in (listed := long_list(kind)):
            place = named(destination)
            label = Text(f"Moves to {place}", f"Flytting til {place}")
            return Event(label, _ALL, rows=moves_into(level, listed[destination]))
    check_code(
        destination, tuple(DESTINATIONS), "is not a destination", where="destination",
        further="A county or municipality is said by its code, such as 03 or 0301.",
    )  # fmt: skip
    return DESTINATIONS[destination]


@step(
    "event_cells",
    example={"source": "flow_rows", "condition": "kind = 8", "by": ("sex",), "persons": True},
)
def event_cells(source: str, condition: str, by: Sequence[str], persons: bool = False) -> str:
    """Number of events of one sort by each combination of the variables that occurs.

    With `persons`, `first_events` are those that are the person's first of that sort: added up
    over any cells they are at most the persons there.
    """
    columns = "".join(f"{sql} AS v{n}, " for n, sql in enumerate(by))
    grouping = f"GROUP BY {', '.join(str(n + 1) for n in range(len(by)))}" if by else ""
    if not persons:
        return f"SELECT {columns}count(*) AS events FROM {source} WHERE {condition} {grouping}"
    return f"""
        SELECT {columns}count(*) AS events, count(*) FILTER (WHERE nth = 1) AS first_events
        FROM (
          SELECT *, row_number() OVER (
            PARTITION BY person ORDER BY event_date, kind, municipality, basic_unit
          ) AS nth
          FROM {source} WHERE {condition}
        ) AS numbered {grouping}
    """


def couple_steps(event: Event) -> list[Step]:
    """Steps to the number of couples, of an event that two persons have together."""
    rows = flow_rows(event.level) if event.rows is None else event.rows.named("flow_rows")
    return [rows, couples(rows.name)]


def event_steps(event: Event, chosen: Sequence[Variable], persons: bool = False) -> list[Step]:
    """Steps to the events by variables.

    Parameters
    ----------
    event
        What is counted.
    chosen
        The variables.
    persons
        Count those events apart that are the person's first.
    """
    # What describes rows of flows knows them by that name.
    rows = flow_rows(event.level) if event.rows is None else event.rows.named("flow_rows")
    steps = [counted_events(), rows]
    steps += described(steps[-1].name, needs_of(chosen), EVENT_ROWS)
    by = tuple(variable.sql for variable in chosen)
    return [*steps, event_cells(steps[-1].name, event.condition, by, persons)]
