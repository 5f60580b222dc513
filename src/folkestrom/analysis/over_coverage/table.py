"""Over-coverage as a table: what each method says of each group, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from folkestrom.analysis.over_coverage import methods
from folkestrom.analysis.over_coverage.methods import METHODS, UNREGISTERED, Found
from folkestrom.analysis.over_coverage.registered import (
    YEARS,
    Groups,
    People,
    Signs,
    Times,
    codes_of,
    sources_of,
)
from folkestrom.analysis.over_coverage.reports import CleanUps, reports
from folkestrom.errors import UsageError
from folkestrom.linkage.catalogue import Linked
from folkestrom.model.cells import Cells
from folkestrom.model.knowledge import PUBLISHED, KnownAt
from folkestrom.model.names import check_code
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.model.time import EXTRACTION_MONTHS
from folkestrom.quality.presence.misclassification import Estimates, shrunk
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.population import PERSONS
from folkestrom.variables.selection import Only, chosen_with, kept_notes
from folkestrom.variables.variable import notes
from folkestrom.variables.vocabulary import Setting

#: The difference to who is here and not registered.
NET: Final = "net"
#: A difference of no more than this part of the larger is one that largely cancels.
LARGELY: Final = 0.5

_LABELS: Final = {
    "signs": Text("Signs of life", "Livstegn"),
    "lists": Text("Lists", "Lister"),
    "late": Text("Late reports (at least)", "Sene meldinger (minst)"),
    "clean-ups": Text("Clean-ups", "Opprydninger"),
    UNREGISTERED: Text("Here, not registered", "Her, ikke registrert"),
    NET: Text("Gone less unregistered", "Borte minus ikke registrerte"),
}
METHOD: Final = Dimension(
    "method", Text("Method", "Metode"),
    categories=tuple(Category(code, label) for code, label in _LABELS.items()),
)  # fmt: skip
MODEL: Final = Dimension("model", Text("Model", "Modell"))
_PER_CENT: Final = Text("per cent of the registered", "prosent av de registrerte")
_PEOPLE: Final = Text("persons", "personer")
MEASURES: Final = (
    replace(PERSONS, label=Text("Registered", "Registrert")),
    Measure("estimate", Text("Estimate", "Anslag"), _PEOPLE, 1, None),
    Measure("low", Text("Low", "Lav"), _PEOPLE, 1, None),
    Measure("high", Text("High", "Høy"), _PEOPLE, 1, None),
    Measure("share", Text("Share", "Andel"), _PER_CENT, 3, None),
    Measure("share_low", Text("Low", "Lav"), _PER_CENT, 3, None),
    Measure("share_high", Text("High", "Høy"), _PER_CENT, 3, None),
    Measure("weight", Text("Weight", "Vekt"), Text("of the models", "av modellene"), 2, None),
)
SPECIFICATION: Final = TableSpecification(
    id="over_coverage",
    title=Text("Over-coverage. {when}", "Overdekning. {when}"),
    dimensions=(),
    measures=MEASURES,
    contents=Text(
        "Persons who are registered as resident and have left, estimated.",
        "Personer som er registrert som bosatte og har reist, anslått.",
    ),
    reference_time=same("{when}"),
    method=Text(
        "At the end of the day before the date, as known on {known}. Signs: residency index, "
        "corrected for the errors of its threshold among persons known later to have left or "
        "stayed. Lists: log-linear models of those who are here; each model has its estimate, "
        "and all have one by their weights. Late reports: chain ladder, without who is never "
        "reported. Clean-ups: removal estimate, with late reports.",
        "Ved utgangen av dagen før datoen, slik det var kjent {known}. Livstegn: bostedsindeks, "
        "rettet for feilene terskelen har blant personer som senere er kjent å ha reist eller "
        "blitt. Lister: log-lineære modeller av dem som er her; hver modell har sitt anslag, "
        "og alle ett etter vekt. Sene meldinger: kjedestige, uten dem som aldri meldes. "
        "Opprydninger: uttaksanslag, med sene meldinger.",
    ),
    knowledge_time=same("{known}"),
)


@dataclass(frozen=True, slots=True)
class Way:
    """How it is estimated.

    Parameters
    ----------
    methods
        Of `METHODS`; none: those of reports, and with signs all.
    signs, clean_ups
        What signs and clean-ups there are.
    level
        Of the intervals.
    shrink
        Whether groups are drawn to their mean, as small areas are.
    unregistered
        Whether those who are here and not registered stand beside them.
    draws, seed
        Of the methods of reports.
    """

    methods: tuple[str, ...] = ()
    signs: Signs = Signs()  # noqa: RUF009 - frozen
    clean_ups: CleanUps = CleanUps()  # noqa: RUF009 - frozen
    level: float = 0.95
    shrink: bool = False
    unregistered: bool = False
    draws: int = 2_000
    seed: int = 1

    @property
    def wanted(self) -> tuple[str, ...]:
        """The methods, in their order."""
        usual = METHODS if self.signs.sources else ("late", "clean-ups")
        return tuple(method for method in METHODS if method in (self.methods or usual))

    def refuse_unfit(self, by: Sequence[str]) -> None:
        """Refuse what is no method, and what cannot be told by groups.

        Parameters
        ----------
        by
            Names of the variables of groups.
        """
        for method in self.methods:
            check_code(method, METHODS, "is not a method", where="method")
        if self.unregistered and by:
            raise UsageError(
                "are told apart by nothing that the register knows", where="unregistered",
                value=", ".join(by), next_step="Ask for the whole country, without `by`",
            )  # fmt: skip
        if self.shrink and not by:
            raise UsageError(
                "draws groups to their mean, and there is one group only", where="shrink",
                next_step="Say by which: municipality, say",
            )  # fmt: skip


def over_coverage(
    connection: duckdb.DuckDBPyConnection,
    day: date,
    by: Iterable[str] = (),
    known_at: KnownAt = PUBLISHED,
    way: Way = Way(),
    *,
    only: Only | None = None,
    extraction_months: int = EXTRACTION_MONTHS,
) -> Cells:
    """How many are registered and gone, by each method, with intervals.

    Parameters
    ----------
    connection
        An open store.
    day
        The registered are those at the end of the day before.
    by
        Names of variables of groups.
    known_at, extraction_months, only
        As for `population`.
    way
        How it is estimated.

    Raises
    ------
    UsageError
        What a method cannot be made of: no signs, lists that do not overlap, a threshold that
        everybody passes, too few years.
    """
    names = list(by)
    way.refuse_unfit(names)
    limits = coverage(connection)
    limits.check_day(day)
    knowledge = limits.knowledge(known_at, extraction_months)
    times = Times(day, knowledge.day(day), limits)
    signed = way.unregistered or any(method in ("signs", "lists") for method in way.wanted)
    sources = sources_of(connection, way.signs.sources, times.known) if signed else []
    setting = Setting(connection, "stock", times.known)
    strata, _, _ = chosen_with(setting, way.signs.strata if signed else (), {})
    shown, chosen, codes = chosen_with(setting, names, only)
    groups = Groups(chosen, len(shown), codes)
    people = People(connection, times, strata, groups, sources)
    if not len(people.now.person):
        raise UsageError("is nobody who is registered", where="only", value=", ".join(codes))
    found = _estimated(connection, times, people, groups, way)
    persons = np.bincount(people.now.group, minlength=len(people.groups)).astype(float)
    if way.shrink:
        small = partial(shrunk, persons=persons, level=way.level)
        found = [replace(one, estimates=small(one.estimates)) for one in found]
    said: list[Text] = []
    if way.unregistered:
        others, verdict = _beside(connection, times, people, way, found)
        found, said = [*found, *others], [verdict]
    made = SPECIFICATION.fill(when=str(day), known=str(times.known))
    footnotes = (
        *made.footnotes, *said, *_said(way, sources), *kept_notes(codes, chosen), *notes(chosen),
        *limits.notes(times.known),
    )  # fmt: skip
    filled = replace(
        made, dimensions=(*(v.dimension for v in shown), METHOD, MODEL), time=str(day),
        footnotes=footnotes, vintage=knowledge.vintage,
    )  # fmt: skip
    return Cells(filled, _rows(found, codes_of(people.groups, shown), persons))


def _estimated(
    connection: duckdb.DuckDBPyConnection, times: Times, people: People, groups: Groups, way: Way
) -> list[Found]:
    """What each method says."""
    found: list[Found] = []
    if "signs" in way.wanted:
        found += methods.by_signs(people, way.signs, way.level)
    if "lists" in way.wanted:
        found += methods.by_lists(people, way.signs, way.level)
    by_reports = [method for method in way.wanted if method in ("late", "clean-ups")]
    if by_reports:
        # Events have fewer variables than stocks, and refuse the others by themselves.
        setting = Setting(connection, "flow", times.known)
        chosen_with(setting, [v.name for v in groups.by], dict(groups.codes))
        counted = reports(connection, times, groups, way.clean_ups, way.draws, way.seed)
        for method in by_reports:
            found += methods.by_reports(counted, method, people.groups, way.level)
    return found


def _beside(
    connection: duckdb.DuckDBPyConnection, times: Times, people: People, way: Way,
    found: Sequence[Found],
) -> tuple[list[Found], Text]:  # fmt: skip
    """Who is here and not registered, the difference to who is gone, and whether they cancel."""
    others = methods.not_registered(connection, times, people, way.signs, way.level)
    total, low, high = _ends(found[0])
    here, least, greatest = _ends(others[-1])
    net = total - here
    # The ends of a difference by those of both (MOVER).
    down = float(np.hypot(total - low, greatest - here))
    up = float(np.hypot(high - total, here - least))
    ends = (np.array([end]) for end in (net, net - down, net + up))
    others.append(Found(NET, "", Estimates(*ends)))
    most = LARGELY * max(total, here)
    if net - down >= -most and net + up <= most:
        verdict = Text("Largely cancel: yes, ", "Oppveier stort sett hverandre: ja, ")
    elif net - down > most or net + up < -most:
        verdict = Text("Largely cancel: no, ", "Oppveier stort sett hverandre: nei, ")
    else:
        verdict = Text(
            "Largely cancel: cannot be told, ", "Oppveier stort sett hverandre: uvisst, "
        )
    why = Text(
        "as the interval of the difference is set against half of the larger of the two. Gone by "
        "the first method here, unregistered by all models.",
        "når intervallet til forskjellen holdes mot halvparten av den største. Borte etter "
        "den første metoden her, ikke registrerte etter alle modellene.",
    )
    return others, Text(verdict.en + why.en, verdict.no + why.no)


def _ends(one: Found) -> tuple[float, float, float]:
    """The estimate of the whole country, and its ends."""
    said = one.estimates
    return float(said.total[0]), float(said.lower[0]), float(said.upper[0])


def _said(way: Way, sources: Sequence[Linked]) -> Iterable[Text]:
    percent = f"{100 * way.level:g}"
    yield Text(f"Low and high: {percent} % intervals.", f"Lav og høy: {percent} %-intervaller.")
    if sources:
        names, index = ", ".join(linked.name for linked in sources), way.signs.index
        yield Text(
            f"Signs: {names}. Index: {index.decay:g} of that of the year before and "
            f"{index.stability:g} of the year's signs, over {YEARS} years; threshold "
            f"{index.threshold:g}.",
            f"Tegn: {names}. Indeks: {index.decay:g} av den fra året før og {index.stability:g} av "
            f"årets tegn, over {YEARS} år; terskel {index.threshold:g}.",
        )


def _rows(found: Sequence[Found], codes: dict[str, Any], persons: np.ndarray) -> pa.Table:
    """A row a group, method and model."""
    many = len(persons)
    place = np.tile(np.arange(many), len(found))
    columns: dict[str, Any] = {name: column.take(pa.array(place)) for name, column in codes.items()}
    columns["method"] = pa.array(np.repeat([one.method for one in found], many))
    columns["model"] = pa.array(np.repeat([one.model or "" for one in found], many))
    all_persons = np.tile(persons, len(found))
    columns["persons"] = pa.array(all_persons.astype(np.int64))
    for measure, name in zip(MEASURES[1:4], ("total", "lower", "upper"), strict=True):
        value = np.concatenate([getattr(one.estimates, name) for one in found])
        columns[measure.id] = _rounded(value, measure)
        share = MEASURES[MEASURES.index(measure) + 3]
        columns[share.id] = _rounded(100 * value / np.maximum(all_persons, 1), share)
    weight = np.repeat([one.weight for one in found], many)
    columns["weight"] = _rounded(weight, MEASURES[-1])
    names = [*codes, "method", "model", *(measure.id for measure in MEASURES)]
    table = pa.table({name: columns[name] for name in names})
    return table.take(pa.array(np.argsort(place, kind="stable")))


def _rounded(values: np.ndarray, measure: Measure) -> pa.Array:
    return pa.array(np.round(values, measure.decimals), from_pandas=True)
