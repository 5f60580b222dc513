"""Tables of follow-up: titles, measures, labels and notes in English and Norwegian."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from folkestrom.analysis.combinations import completed
from folkestrom.analysis.followup import Comparison
from folkestrom.analysis.followup.cohort.episodes import KEYS, Followed, Grouping
from folkestrom.analysis.study.prepared import ends_of
from folkestrom.classifications.code_lists import REASON, UNKNOWN_CODE
from folkestrom.model.cells import Cells
from folkestrom.model.specification import (
    Category,
    Dimension,
    Language,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.variables.registry import variables_of

#: Days of a year, as `at` understands them.
YEAR: Final = 365.25
#: Combinations of groups that nobody is in are listed in tables that do not become larger.
LARGEST: Final = 1_000_000

_KNOWN: Final = variables_of("exposure")
_PERSONS: Final = Text("persons", "personer")
_EPISODES: Final = Text("episodes", "episoder")
_PER_CENT: Final = Text("per cent", "prosent")
#: Of those who are here, where shares of the registered are given who are gone.
_BOUNDS: Final = (
    Measure(
        "present_low", Text("Of those here, low", "Av dem som er her, lav"), _PER_CENT, 2, None
    ),
    Measure("present_high", Text("High", "Høy"), _PER_CENT, 2, None),
)
_MEASURES: Final = (
    Measure("persons", Text("Persons who entered", "Personer ved inngang"), _PERSONS),
    Measure("episodes", Text("Episodes", "Episoder"), _EPISODES),
    Measure("at_risk", Text("Still at risk", "Fortsatt under risiko"), _EPISODES),
    Measure("events", Text("Events until then", "Hendelser til da"), Text("events", "hendelser")),
    Measure(
        "incidence",
        Text("Cumulative incidence", "Kumulativ insidens"),
        _PER_CENT,
        decimals=2,
        empty=None,
    ),
    Measure("lower", Text("Lower", "Nedre"), _PER_CENT, decimals=2, empty=None),
    Measure("upper", Text("Upper", "Øvre"), _PER_CENT, decimals=2, empty=None),
    Measure("crude_share", Text("Crude share", "Enkel andel"), _PER_CENT, decimals=2, empty=None),
)
_UNKNOWN: Final = Text("Unknown", "Uoppgitt")
EVENTS: Final[Mapping[str, Text]] = {
    "emigration": Text("Emigration", "Utvandring"),
    "return": Text("Return to the country of birth", "Retur til fødelandet"),
    "onward": Text("Onward to another country", "Videre til et annet land"),
    "death": Text("Death", "Død"),
    "move": Text("Move to another municipality", "Flytting til en annen kommune"),
    "move_of_county": Text("Move to another county", "Flytting til et annet fylke"),
    "immigration": Text("Immigration", "Innvandring"),
}
#: Variables of studies that statistics do not have.
_LABELS: Final[Mapping[str, Text]] = {
    "immigration_year": Text("Year of immigration", "Innvandringsår"),
    "first_immigration_year": Text("Year of first immigration", "År for første innvandring"),
    "years_since_immigration": Text("Years since immigration", "År siden innvandring"),
    "immigration_reason": Text("Reason for immigration", "Innvandringsgrunn"),
    "children": Text("Children", "Barn"),
    "with_children": Text("With children", "Med barn"),
    "with_partner": Text("With a partner", "Med partner"),
    "family": Text("Family", "Familie"),
}
_TITLE: Final = Text(
    "{title}: cumulative incidence since entry", "{title}: kumulativ insidens siden inngang"
)
_CONTENTS: Final = Text(
    "Episodes of a study, by what had ended them until some days after the entry.",
    "Episoder i en studie, etter hva som hadde avsluttet dem til og med noen dager etter inngang.",
)


def cells_of(
    followed: Followed, data: pl.DataFrame, events: Sequence[str], notes: Sequence[Text] = ()
) -> Cells:
    """Follow-up as cells.

    Parameters
    ----------
    followed
        What was followed.
    data
        As of `episodes.measured`, of the events that are shown.
    events
        These events.
    notes
        More notes, which come last.
    """
    by = tuple(dimension_of(grouping, followed.groups) for grouping in followed.by)
    names = [dimension.id for dimension in by]
    whole = completed(data, names, KEYS, largest=LARGEST)
    measures = (*_MEASURES, *(m for m in _BOUNDS if m.id in whole.columns))
    rounded = whole.with_columns(pl.col(m.id).round(m.decimals) for m in measures if m.decimals)
    entry, exit_ = ends_of(followed.study)
    specification = TableSpecification(
        id="follow-up",
        title=_TITLE.fill(title=followed.study.title),
        dimensions=(
            *by,
            Dimension(
                "event",
                Text("Event", "Hendelse"),
                tuple(Category(event, EVENTS[event]) for event in events),
            ),
            Dimension("days", Text("Time since entry", "Tid siden inngang"), labels=time_label),
        ),
        measures=measures,
        footnotes=tuple(dict.fromkeys((*_notes(followed, data), *followed.nature, *notes))),
        contents=_CONTENTS,
        reference_time=same(f"{entry.first_day} - {exit_.end}"),
        method=_method(followed),
        knowledge_time=same(str(followed.known)),
        vintage=followed.vintage,
    )
    return Cells(specification, rounded.to_arrow())


def dimension_of(grouping: Grouping, groups: pl.DataFrame) -> Dimension:
    """What readers see of a variable, with the codes that occur.

    Parameters
    ----------
    grouping
        The variable.
    groups
        Columns of codes.
    """
    name, variable = grouping.name, grouping.variable
    known = _KNOWN.get(variable.name)
    label = _LABELS.get(name) or _plain(name)
    if known is not None and name == variable.name:
        label = known.dimension.label
    labels = known.dimension.labels if known is not None else same
    listed = known.dimension.categories if known is not None else ()
    if variable.name == "immigration_reason":
        listed = REASON.categories
    if known is not None and known.decode is not None and not listed:
        return Dimension(name, label, labels=labels)
    named = {category.code: category.label for category in listed} | {UNKNOWN_CODE: _UNKNOWN}
    occur = groups[name].unique().to_list()
    order = variable.levels or sorted((c for c in occur if c != UNKNOWN_CODE), key=int)
    codes = [c for c in dict.fromkeys((*order, UNKNOWN_CODE)) if c in occur]
    return Dimension(name, label, tuple(Category(c, named.get(c) or labels(c)) for c in codes))


def labels_of_curves(followed: Followed, lang: Language) -> dict[str, str]:
    """Texts for the groups and events of curves.

    Parameters
    ----------
    followed
        What was followed.
    lang
        Language of the texts.
    """
    found = {event: EVENTS[event].of(lang) for event in followed.events}
    dimensions = [dimension_of(grouping, followed.groups) for grouping in followed.by]
    for number, row in enumerate(followed.groups.iter_rows(named=True)):
        texts = []
        for dimension in dimensions:
            named = {category.code: category.label for category in dimension.categories}
            code = row[dimension.id]
            text = named.get(code) or (_UNKNOWN if code == UNKNOWN_CODE else dimension.labels(code))
            texts.append(text.of(lang))
        found[str(number)] = ", ".join(texts)
    return found


def time_label(days: str) -> Text:
    """A number of days, as whole years where it is that.

    Examples
    --------
    >>> time_label("1826").en, time_label("400").no
    ('5 years', '400 dager')
    """
    number = int(days)
    years = round(number / YEAR)
    if years and round(years * YEAR) == number:
        return Text(f"{years} year{'' if years == 1 else 's'}", f"{years} år")
    return Text(f"{number} day{'' if number == 1 else 's'}", f"{number} dag{_er(number)}")


def note_of_test(event: str, test: Comparison) -> Text:
    """The result of a test, in a sentence.

    Parameters
    ----------
    event
        The event that it is about.
    test
        The test.
    """
    p = "p < 0.001" if test.p_value < 0.001 else f"p = {test.p_value:.3f}"
    label = EVENTS[event]
    result = f"{test.statistic:.2f} med {test.degrees} frihetsgrad{_er(test.degrees)}, {p}."
    return Text(
        f"{label.en}: Gray's test of equal incidence in the groups: chi-square "
        f"{test.statistic:.2f} on {test.degrees} degree{'' if test.degrees == 1 else 's'} of "
        f"freedom, {p}.",
        f"{label.no}: Grays test av lik insidens i gruppene: kjikvadrat "
        + re.sub(r"(\d)\.(\d)", r"\1,\2", result),
    )


def _er(number: int) -> str:
    return "" if number == 1 else "er"


def _plain(name: str) -> Text:
    text = name.replace("_", " ")
    return same(text[:1].upper() + text[1:])


def _method(followed: Followed) -> Text:
    print_ = followed.fingerprint
    return Text(f"Fingerprint of the study: {print_}.", f"Studiens fingeravtrykk: {print_}.")


def _notes(followed: Followed, data: pl.DataFrame) -> list[Text]:
    percent = f"{100 * followed.level:g}"
    found = [
        Text(
            "Cumulative incidence: the share that had had the event by then, of those who could be "
            "followed so long (Aalen and Johansen); the first of the events ends the follow-up. "
            f"With {percent} % intervals.",
            "Kumulativ insidens: andelen som hadde hatt hendelsen innen da, blant dem som kunne "
            "følges så lenge (Aalen og Johansen); den første av hendelsene avslutter oppfølgingen. "
            f"Med {percent} %-intervaller.",
        ),
        Text(
            "Crude share: events until then by all episodes, however short they were followed. "
            "Still at risk: followed beyond that day. Years are of 365.25 days.",
            "Enkel andel: hendelser til da delt på alle episoder, uansett hvor kort de er fulgt. "
            "Fortsatt under risiko: fulgt lenger enn den dagen. År er på 365,25 dager.",
        ),
    ]
    if followed.by:
        labels = [dimension_of(grouping, followed.groups).label for grouping in followed.by]
        found.append(
            Text(
                f"As of the entry: {', '.join(t.en.lower() for t in labels)}.",
                f"Slik det var ved inngang: {', '.join(t.no.lower() for t in labels)}.",
            )
        )
    known = [_KNOWN.get(grouping.variable.name) for grouping in followed.by]
    said = [v.note for v in known if v is not None] + [g.variable.note for g in followed.by]
    found += [note for note in said if note is not None]
    if followed.follow.late:
        found.append(
            Text(
                "Some came under observation later than they entered, and count from then on.",
                "Noen kom under observasjon etter inngang, og teller fra da av.",
            )
        )
    if (followed.groups["episodes"] > followed.groups["persons"]).any():
        found.append(
            Text(
                "Some persons have several episodes, which intervals and tests take to be "
                "independent.",
                "Noen personer har flere episoder, som intervaller og tester regner som "
                "uavhengige.",
            )
        )
    unknown = data["incidence"].is_null() & data["events"].is_not_null()
    if unknown.any():
        found.append(
            Text(
                "No incidence: nobody of the group is followed so long, and nothing is "
                "extrapolated.",
                "Ingen insidens: ingen i gruppen er fulgt så lenge, og ingenting er framskrevet.",
            )
        )
    return found
