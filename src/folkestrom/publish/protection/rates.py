"""Rates of counts as they are shown, with limits that take their random changes into account."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, pdtr

from folkestrom.disclosure.cell_keys import PerturbationTable
from folkestrom.disclosure.tables.sums import with_sums
from folkestrom.model.specification import Text
from folkestrom.publish.tables.definition import Content, Definition
from folkestrom.publish.tables.figures import MISSING, THERE, Figures

Floats: TypeAlias = NDArray[np.float64]

#: Rates are per so many persons and year, and their limits leave this on either side.
PER: Final = 1000
_TAIL: Final = 0.025
#: After so many the limits are exact to nine digits.
_HALVINGS: Final = 40

_PER: Final = Text("per 1 000 of the mean population", "per 1 000 av middelfolkemengden")
_NOTE: Final = Text(
    "Rates are of the figures that are shown, per 1 000 of the mean population: of the counts at "
    "the two ends of the year, which table B1001 has. Their limits enclose every rate under which "
    "a figure as high, and one as low, would be shown with a probability of 2.5 per cent or more: "
    "events are taken to be Poisson distributed, and figures to be changed as they are here. Of "
    "unchanged figures that is the exact interval (Garwood 1936).",
    "Ratene er av tallene som vises, per 1 000 av middelfolkemengden: gjennomsnittet av "
    "folkemengden ved de to endene av året, som tabell B1001 har. Grensene omslutter hver rate som "
    "ville gitt et så høyt, og et så lavt, tall med en sannsynlighet på minst 2,5 prosent: "
    "hendelsene regnes som poissonfordelte, og tallene som endret slik de er her. For uendrede "
    "tall er dette det eksakte intervallet (Garwood 1936).",
)


def unchanged() -> PerturbationTable:
    """The changes of figures that stand as they were counted."""
    return PerturbationTable.of([0], [0], [0.0], [1.0])


def with_rates(
    definition: Definition,
    figures: Figures,
    content: str,
    exposure: Floats,
    changes: PerturbationTable,
) -> tuple[Definition, Figures]:
    """A table with the mean population, and the rate of a count with its limits.

    Parameters
    ----------
    definition, figures
        The table as it may be shown; rates follow from its figures, and from no other counts.
    content
        The count.
    exposure
        The mean population of every cell, as other tables tell it.
    changes
        The random changes of the figures.
    """
    if not definition.additive:
        exposure = with_sums(exposure, [variable.sums for variable in definition.variables])
    counts = figures.values[content]
    before = np.zeros(counts.shape, np.uint8) if figures.status is None else figures.status
    status = np.where((before == THERE) & (exposure <= 0), np.uint8(MISSING), before)
    there = status == THERE
    # Nothing lies under what is not shown.
    rates = np.zeros((3, *counts.shape))
    rates[:, there] = (counts[there], *limits(counts[there], changes))
    rates[:, there] *= PER / exposure[there]
    (of,) = (one for one in definition.contents if one.code == content)
    made = replace(
        definition,
        contents=(*definition.contents, *_contents(of)),
        notes=(*definition.notes, _NOTE),
    )
    names = [one.code for one in made.contents[-4:]]
    added = dict(zip(names, (np.where(there, exposure, 0), *rates), strict=True))
    return made, Figures({**figures.values, **added}, status if status.any() else None)


def _contents(of: Content) -> tuple[Content, ...]:
    """The mean population, the rate, and its limits."""
    mean = Content(
        "Middelfolkemengde", Text("Mean population", "Middelfolkemengde"),
        Text("persons", "personer"), 1, "Average", of.reference,
    )  # fmt: skip
    rate = Content(
        f"{of.code}Rate", Text(f"{of.label.en} {_PER.en}", f"{of.label.no} {_PER.no}"), _PER, 2,
        "Average", of.reference, adds=False,
    )  # fmt: skip
    ends = (("Nedre", "lower", "nedre"), ("Ovre", "upper", "øvre"))
    limits_of = [
        replace(
            rate,
            code=f"{rate.code}{code}",
            label=Text(
                f"{rate.label.en}, {en} limit (95 per cent)",
                f"{rate.label.no}, {no} grense (95 prosent)",
            ),
        )
        for code, en, no in ends
    ]
    return (mean, rate, *limits_of)


def limits(shown: NDArray[np.int32], changes: PerturbationTable) -> tuple[Floats, Floats]:
    """Limits of the expected number of events behind figures that were changed at random.

    Both tails of the figure's distribution are inverted, as in the exact interval of a Poisson
    count (Garwood 1936): the count is Poisson, and the figure is the count after its change.

    Parameters
    ----------
    shown
        Figures.
    changes
        The random changes.

    Examples
    --------
    >>> lower, upper = limits(np.array([0, 10]), unchanged())
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.0, 4.795], [3.689, 18.39])
    """
    each, place = np.unique(shown, return_inverse=True)
    y = each.astype(np.float64)
    found = []
    for figure, tail in ((y - 1, 1 - _TAIL), (y, _TAIL)):
        # No count is further from its figure than the largest change.
        low, high = np.zeros_like(y), gammaincinv(y + changes.change.max() + 1, 1 - _TAIL) + 1
        for _ in range(_HALVINGS):
            mean = (low + high) / 2
            less = _below(figure, mean, changes) > tail
            low, high = np.where(less, mean, low), np.where(less, high, mean)
        found.append(np.where(figure < 0, 0.0, high)[place].reshape(shown.shape))
    return found[0], found[1]


def _below(y: Floats, mean: Floats, changes: PerturbationTable) -> Floats:
    """Probability of a figure of at most y, of a Poisson count with that mean."""
    last = int(changes.count.max())
    found = np.zeros(np.broadcast_shapes(y.shape, mean.shape))
    mass = changes.upper - changes.lower
    of_last = changes.count == last
    for change, p in zip(changes.change[of_last], mass[of_last], strict=True):
        found += p * np.where(y >= change, pdtr(np.maximum(y - change, 0), mean), 0.0)
    # Small counts have changes of their own.
    probability = np.exp(-mean)
    for count in range(last):
        of = changes.count == count
        for change, p in zip(changes.change[of], mass[of], strict=True):
            found += probability * p * (count + change <= y)
        for change, p in zip(changes.change[of_last], mass[of_last], strict=True):
            found -= probability * p * (count + change <= y)
        probability = probability * mean / (count + 1)
    return found
