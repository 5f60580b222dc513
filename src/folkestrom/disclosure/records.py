"""Disclosure records: what each rule did to a table, in words for its readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from folkestrom.disclosure.rules import Rules
from folkestrom.model.specification import Text

_NOTHING: Final = Text("no cell was affected", "ingen celler ble berørt")


#: Rules that say what is too small; the others say what followed from it.
_LIMITS: Final = (
    "minimum_population", "minimum_cell", "rounding", "whole_percent", "quantiles",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DisclosureRecord:
    """Disclosure record: one rule, and what it did.

    Parameters
    ----------
    rule
        Its name: "minimum_population", "minimum_cell", "complement", "totals", "by_lines",
        "rounding", "few_persons" or "whole_percent".
    text
        What it says.
    cells
        How many cells it affected.
    """

    rule: str
    text: Text
    cells: int


def small_groups(rules: Rules, hit: int) -> DisclosureRecord:
    """Groups below the minimum population.

    Parameters
    ----------
    rules
        The rules.
    hit
        How many there were.
    """
    limit = rules.minimum_population
    text = Text(
        f"groups with a population below {limit} not shown",
        f"grupper med færre enn {limit} personer er ikke vist",
    )
    return DisclosureRecord("minimum_population", text, hit)


def small_counts(rules: Rules, hit: int) -> DisclosureRecord:
    """Counts below the minimum of a cell.

    Parameters
    ----------
    rules, hit
        As for `small_groups`.
    """
    first, last = 0 if rules.zeros else 1, rules.minimum_cell - 1
    counts = str(last) if first == last else f"{first}-{last}"
    text = Text(
        f"counts of {counts}, or from which they are derivable, suppressed",
        f"antall på {counts}, eller som de kan avledes fra, er skjult",
    )
    return DisclosureRecord("minimum_cell", text, hit)


def complementary_suppressions(hit: int) -> DisclosureRecord:
    """Complementary suppressions: counts suppressed so that others are not derivable.

    Parameters
    ----------
    hit
        How many there were.
    """
    return DisclosureRecord(
        "complement", Text("suppressed with them", "skjult sammen med dem"), hit
    )


def equal_to_totals(hit: int) -> DisclosureRecord:
    """Small counts that a total of theirs gives away, if it is shown.

    Parameters
    ----------
    hit
        How many there were.
    """
    text = Text(
        "cells that equal a total of theirs, which must not be shown either",
        "celler som er lik en av sine summer, som heller ikke må vises",
    )
    return DisclosureRecord("totals", text, hit)


def by_lines(hit: int) -> DisclosureRecord:
    """Counts in a table too large to compute how far each is protected.

    Parameters
    ----------
    hit
        How many there were.
    """
    text = Text(
        "counts checked against one total at a time, and not against several together, as the "
        "table is too large",
        "antall som er kontrollert mot én sum om gangen, og ikke mot flere sammen, fordi tabellen "
        "er for stor",
    )
    return DisclosureRecord("by_lines", text, hit)


def rounded_counts(rules: Rules, hit: int) -> DisclosureRecord:
    """Counts that became 0 or the base.

    Parameters
    ----------
    rules, hit
        As for `small_groups`.
    """
    base = rules.rounding_base
    text = Text(
        f"counts below {base} rounded to 0 or {base}",
        f"antall under {base} er avrundet til 0 eller {base}",
    )
    return DisclosureRecord("rounding", text, hit)


def of_few_persons(rules: Rules, hit: int) -> DisclosureRecord:
    """Counts below the threshold on distinct persons, which rounding would not protect.

    Parameters
    ----------
    rules, hit
        As for `small_groups`.
    """
    base = rules.rounding_base
    text = Text(
        f"larger counts of fewer than {base} persons suppressed",
        f"større antall som gjelder færre enn {base} personer, er skjult",
    )
    return DisclosureRecord("few_persons", text, hit)


def whole_percentages(rules: Rules, hit: int) -> DisclosureRecord:
    """Percentages of few persons.

    Parameters
    ----------
    rules, hit
        As for `small_groups`.
    """
    limit = rules.whole_percent_below
    text = Text(
        f"percentages of fewer than {limit} made whole and shown without their counts",
        f"prosenter av færre enn {limit} er rundet av til hele og vist uten antall",
    )
    return DisclosureRecord("whole_percent", text, hit)


def summed(applied: Sequence[DisclosureRecord]) -> tuple[DisclosureRecord, ...]:
    """One entry a rule, where several counts were protected by it.

    Parameters
    ----------
    applied
        What was done, in order.
    """
    found: dict[str, DisclosureRecord] = {}
    for one in applied:
        before = found.get(one.rule)
        found[one.rule] = replace(one, cells=one.cells + (before.cells if before else 0))
    return tuple(found.values())


def disclosure_note(rules: Rules, applied: Sequence[DisclosureRecord]) -> Text:
    """A footnote that names the rules, and says what each did.

    Primary and complementary suppressions are counted together: where all that add up to a known
    total are known to be small, 2 and 2 of 4 are derivable.

    Parameters
    ----------
    rules
        The rules.
    applied
        What was done, in order.

    Examples
    --------
    >>> rules = Rules("ours", minimum_cell=3)
    >>> disclosure_note(rules, [small_counts(rules, 1), complementary_suppressions(3)]).en
    'Disclosure control "ours": counts of 1-2, or from which they are derivable, suppressed: 4.'
    """
    said = _together(summed(applied))
    hit = [one for one in said if one.cells]
    parts = {
        language: "; ".join(f"{one.text.of(language)}: {one.cells}" for one in hit)
        or _listed(said, language) + _NOTHING.of(language)
        for language in ("en", "no")
    }
    return Text(
        f'Disclosure control "{rules.name}": {parts["en"]}.',
        f'Avsløringskontroll "{rules.name}": {parts["no"]}.',
    )


def _together(said: Sequence[DisclosureRecord]) -> list[DisclosureRecord]:
    """Small counts with their complementary_suppressions, as one."""
    small = next((one for one in said if one.rule == "minimum_cell"), None)
    with_them = next((one for one in said if one.rule == "complement"), None)
    if small is None or with_them is None:
        return list(said)
    both = replace(small, cells=small.cells + with_them.cells)
    return [both if one is small else one for one in said if one is not with_them]


def _listed(said: Sequence[DisclosureRecord], language: str) -> str:
    listed = (one for one in said if one.rule in _LIMITS)
    return "".join(f"{one.text.of(language)}; " for one in listed)
