"""What a regime decides of an account: which reports count where, known when, and which ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from folkestrom.model.knowledge import Knowledge
from folkestrom.statistics.flows import Window
from folkestrom.statistics.periods import Period, quarters_until, split
from folkestrom.statistics.population import Moment
from folkestrom.statistics.regimes.regime import Regime, regimes

#: How quarters are made: by adding flows to 1 January, or from the register at both ends.
Quarters = Literal["summation", "register"]

#: The regime of today.
TODAYS: Final = regimes()[-1]


@dataclass(frozen=True, slots=True)
class Clock:
    """The knowledge dates and the windows of a period's account.

    Parameters
    ----------
    knowledge
        What was asked for.
    quarters
        How populations between two turns of the year are made.
    regime
        The rules.
    so_far
        Whether a period is what a year has so far: figures as of its quarters, and its end by
        summation.
    """

    knowledge: Knowledge
    quarters: Quarters = "summation"
    regime: Regime = TODAYS
    so_far: bool = False

    def known(self, day: date) -> date:
        """Knowledge date of the stock of a day."""
        return self.knowledge.day(day)

    def moment(self, day: date) -> Moment:
        """A day with its knowledge date."""
        return Moment(day, self.known(day))

    def window(self, period: Period) -> Window:
        """A period with its knowledge dates; without late reports about earlier ones, by a regime.

        What is known at the end of a window that begins when it ends has no late report.
        """
        known = self.known(period.end)
        began = known if self._of_events(period) else self.known(period.start)
        return Window(period.start, period.end, began, known)

    def _of_events(self, period: Period) -> bool:
        quarterly = self.so_far or period.is_quarter
        return self.knowledge.published and self.regime.flows == "quarter" and quarterly

    def counted(self, period: Period) -> list[Window]:
        """The windows whose flows are the period's; so far this year, those of its quarters."""
        if not self.so_far or self._of_events(period):
            return [self.window(period)]
        return [self.window(quarter) for quarter in _quarters(period)]

    def before(self, period: Period) -> list[Window]:
        """The windows whose flows lie between 1 January and a quarter, as known when it is drawn.

        By the rules of 1985 all are drawn again, so that late reports are in its first population.
        """
        begin, known = date(period.start.year, 1, 1), self.known(period.end)
        if period.start == begin:
            return []
        if self._of_events(period):
            return [Window(begin, period.start, known, known)]
        return [self.window(quarter) for quarter in quarters_until(period)[:-1]]

    def sums(self, period: Period) -> bool:
        """Whether a period's populations are made by summation."""
        published = self.quarters == "summation" and self.knowledge.published
        return published and (self.so_far or period.is_quarter)

    def in_register(self, period: Period) -> bool:
        """Whether the population at the end of a period is the register's."""
        turn = (period.end.month, period.end.day) == (1, 1)
        return not self.sums(period) or (turn and self.regime.growth == "difference")

    def adjusted_windows(self, period: Period) -> list[Window]:
        """The windows whose adjustments a period bears."""
        if not self.sums(period):
            return [self.window(period)]
        return [self.window(q) for q in _quarters(period)] if self.in_register(period) else []


def _quarters(period: Period) -> list[Period]:
    """The quarters of the year up to a period's end."""
    return split(date(period.start.year, 1, 1), period.end, "quarter")
