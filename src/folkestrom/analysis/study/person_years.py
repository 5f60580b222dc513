"""The panel: residents on 1 January of each year, and what the year came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from folkestrom.analysis.study.definition import Panel, Study
from folkestrom.engine.steps import Step, step
from folkestrom.model.codes import Kind
from folkestrom.model.knowledge import EVER_KNOWN, PUBLISHED
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.variables.past import PART

#: What came of a year beside the outcomes asked for.
DIED = -1
LEFT = -2

_MOVE, _EMIGRATION, _DEATH = int(Kind.MOVE), int(Kind.EMIGRATION), int(Kind.DEATH)


def known_sql(study: Study, year: str) -> str:
    """The knowledge date of a panel's year, as an SQL expression."""
    if study.known_at == PUBLISHED:
        return f"make_date({year} + 1, {1 + EXTRACTION_MONTHS}, 1)"
    return "$known_last"


@step(
    "stays_by_year",
    reads=["residence"],
    duckdb_only="spreads each stay over its years with unnest of a range",
)
def stays_by_year() -> str:
    """Every stay once for each 1 January in it, from `$first_year` to `$last_year`.

    The state of 1 January is that at the end of 31 December.
    """
    return f"""
        SELECT person, municipality, basic_unit, sex, birth_date, country_of_birth,
               known_from, known_to,
               unnest(range(greatest(year(valid_from) + 1, $first_year),
                            least(year(valid_to), $last_year) + 1)) AS year
        FROM residence
        WHERE {PART} AND {EVER_KNOWN}
          AND valid_to >= make_date($first_year, 1, 1)
          AND valid_from < make_date($last_year, 1, 1)
    """


@step("person_years", example={"known": "$known_last"})
def person_years(known: str) -> str:
    """Who was resident on 1 January of each year, as known on that year's knowledge date."""
    return f"""
        SELECT * EXCLUDE (known_from, known_to, year), year::SMALLINT AS year
        FROM (
          SELECT *, make_date(year - 1, 12, 31) AS described_on,
                 make_date(year, 1, 1) AS reference_day, {known} AS known
          FROM stays_by_year
        )
        WHERE known_from <= known AND known_to > known
    """


@step("events_of_years", reads=["event"], example={"known": "$known_last", "moves": "municipality"})
def events_of_years(known: str, moves: str | None) -> str:
    """Deaths, emigrations and moves between units, as known on the knowledge date of their year."""
    border = f"OR (kind = {_MOVE} AND {_border(moves)})" if moves else ""
    return f"""
        SELECT person, year, kind, event_date, order_in_day, country, municipality_from,
               municipality_to
        FROM (
          SELECT *, year(event_date)::SMALLINT AS year, {known.replace("year", "year(event_date)")}
            AS known
          FROM event
          WHERE {PART} AND {EVER_KNOWN}
            AND event_date >= make_date($first_year, 1, 1)
            AND event_date < make_date($last_year + 1, 1, 1)
            AND (kind IN ({_EMIGRATION}, {_DEATH}) {border})
        )
        WHERE known_from <= known AND known_to > known
    """


@step("first_of_year")
def first_of_year() -> str:
    """The first of those events in each person's year, and of one day."""
    return """
        SELECT person, year, first.kind AS kind, first.country AS country,
               first.municipality_from AS went_from, first.municipality_to AS went_to
        FROM (
          SELECT person, year,
            arg_min(struct_pack(kind := kind, country := country,
                                municipality_from := municipality_from,
                                municipality_to := municipality_to),
                    struct_pack(day := event_date, nth := order_in_day)) AS first
          FROM events_of_years
          GROUP BY person, year
        )
    """


@step("years_with_outcome", example={"outcome": "0"})
def years_with_outcome(outcome: str) -> str:
    """Person-years with what came of them: 0 stayed, k the k-th outcome, below 0 something else."""
    return f"""
        SELECT p.*, o.kind, o.country, o.went_to, {outcome} AS outcome
        FROM person_years p
        LEFT JOIN first_of_year o ON o.person = p.person AND o.year = p.year
    """


def outcome_sql(events: Mapping[str, str]) -> str:
    """Number of the outcome, from the first event of the year."""
    place = {event: number for number, event in enumerate(events.values(), start=1)}
    moved = place.get("move", LEFT)
    if "move_of_county" in place:
        county = "o.went_from // 100 <> o.went_to // 100"
        moved_sql = f"CASE WHEN {county} THEN {place['move_of_county']} ELSE {moved} END"
    else:
        moved_sql = str(moved)
    rest = place.get("emigration", LEFT)
    returned = place.get("return", rest)
    onward = place.get("onward", rest)
    return f"""CASE o.kind
          WHEN {_DEATH} THEN {DIED}
          WHEN {_MOVE} THEN {moved_sql}
          WHEN {_EMIGRATION} THEN
            CASE WHEN o.country = p.country_of_birth THEN {returned} ELSE {onward} END
          ELSE 0 END"""


def outcome_steps(study: Study, panel: Panel) -> list[Step]:
    """Steps to a part's person-years with their outcome."""
    events = set(panel.outcomes.values())
    moves = "municipality" if "move" in events else "county" if "move_of_county" in events else None
    known = known_sql(study, "year")
    return [
        stays_by_year(),
        person_years(known),
        events_of_years(known, moves),
        first_of_year(),
        years_with_outcome(outcome_sql(panel.outcomes)),
    ]


@step("rows_of_part", example={"source": "years_with_outcome", "dropped": "0", "needed": ("age",)})
def rows_of_part(source: str, dropped: str, needed: Sequence[str]) -> str:
    """Described rows with the step of the flow chart at which they are left out; 0: kept."""
    more = "".join(f", {column}" for column in needed)
    return f"SELECT r.*{more}, {dropped} AS dropped FROM {source} r"


def _border(level: str) -> str:
    if level == "county":
        return "municipality_from // 100 <> municipality_to // 100"
    return "municipality_from <> municipality_to"
