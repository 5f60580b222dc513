"""The quality of what a store holds: flags, likely duplicates, checks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from folkestrom.app.office.arguments import parameter
from folkestrom.app.office.demography.estimate import EstimateQuestion
from folkestrom.app.office.presentation import Presentation
from folkestrom.app.office.quality.deliveries import DeliveriesQuestion, DeliveryQuestion
from folkestrom.app.office.quality.duplicates import (
    DuplicatesQuestion,
    FamiliesQuestion,
)
from folkestrom.app.office.quality.flags import FlagQuestion
from folkestrom.app.office.quality.over_coverage import (
    OverCoverageQuestion,
    RedatedQuestion,
    Weights,
    Years,
)
from folkestrom.app.office.quality.residence import WrongResidenceQuestion
from folkestrom.app.office.quality.revisions import FigureVintagesQuestion, RevisionsQuestion
from folkestrom.app.office.quality.under_coverage import UnderCoverageQuestion
from folkestrom.app.office.store.opened import Opened
from folkestrom.columns import check_arguments
from folkestrom.model.cells import Frame, Target
from folkestrom.model.knowledge import LATEST, PUBLISHED
from folkestrom.outputs.rules import Rules
from folkestrom.statistics.estimates.estimating import Method
from folkestrom.variables.selection import Kept

if TYPE_CHECKING:
    from folkestrom.app.office.arguments import Day, Knowledge
    from folkestrom.app.office.quality.checks import Check


@dataclass(frozen=True, slots=True)
class Quality(Opened):
    """Methods that say how good the data are."""

    def flags(
        self,
        by: str | Iterable[str] = ("reason", "source"),
        *,
        from_: Day | None = None,
        to_: Day | None = None,
        known_at: Day | Literal["latest"] = LATEST,
        reports: str | os.PathLike[str] | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Reports that stand and are not applied as they are, counted.

        Parameters
        ----------
        by
            "reason", "source", "kind", "month" and "year".
        from_, to_
            Only flags that stand since a day of `[from_, to_)`.
        known_at
            Knowledge date; "latest": all that is known.
        reports
            A file to write the reports to, for the office: source, its number and why.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Quality.flags, locals())
        question = FlagQuestion.asked(
            parameter, by=by, from_=from_, to_=to_, known_at=known_at,
            reports=None if reports is None else Path(reports),
        )  # fmt: skip
        return self._answer(question).to(to)

    def deliveries(self, *, to: Target = "arrow") -> Frame:
        """Every delivery: when it was taken in, what it brought, and days of receipt.

        Parameters
        ----------
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Quality.deliveries, locals())
        return self._answer(DeliveriesQuestion()).to(to)

    def quality_of_delivery(
        self,
        delivery: int | None = None,
        *,
        days: int | None = None,
        until: Day | None = None,
        alarms: bool = False,
        to: Target = "arrow",
    ) -> Frame:
        """The quality report of a delivery, as of its intake; see `deliveries` for its number.

        Parameters
        ----------
        delivery
            Its number; None: the last one.
        days
            Days of receipt to look back on; None: those that it brought, at most 30.
        until
            The last day of which there should be reports; None: the last of which there are any.
        alarms
            Alarms only.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Quality.quality_of_delivery, locals())
        question = DeliveryQuestion.asked(
            parameter, delivery=delivery, days=days, until=until, alarms=alarms
        )
        return self._answer(question).to(to)

    def under_coverage(
        self,
        date: Day,
        by: str | Iterable[str] = (),
        *,
        known_at: Day | Literal["latest"] = LATEST,
        order: str | None = None,
        top: int | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Residents of a day who were not known yet so many days after it, found and to come.

        Parameters
        ----------
        date
            The reference date; delays are learned from up to five years before it.
        by
            Some of "kind", "sex", "county", "municipality".
        known_at
            Knowledge date; "latest": all that is known.
        order, top, wide, labels
            As for `population`.
        to
            "arrow", "polars" or "pandas".
        """
        return self._answered(Quality.under_coverage, UnderCoverageQuestion.asked, locals())

    def wrong_residence(
        self,
        date: Day,
        *,
        survey: str | None = None,
        known_at: Knowledge = LATEST,
        to: Target = "arrow",
    ) -> Frame:
        """How many residents are registered elsewhere than they live.

        Parameters
        ----------
        date
            The reference date.
        survey
            Persons of a random sample registered elsewhere, and its size, such as "138/2500".
        known_at
            Knowledge date; "latest": all that is known.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Quality.wrong_residence, locals())
        question = WrongResidenceQuestion.asked(
            parameter, date=date, known_at=known_at, survey=survey
        )
        return self._answer(question).to(to)

    def vintages(
        self,
        figure: str,
        date: Day | None = None,
        *,
        quarter: str | None = None,
        year: int | str | None = None,
        from_: Day | None = None,
        to_: Day | None = None,
        known_at: str | Sequence[Knowledge] = (),
        every: Literal["year", "quarter", "month"] | None = None,
        until: Day | None = None,
        only: Kept | None = None,
        extraction_months: int | None = None,
        order: str | None = None,
        top: int | None = None,
        labels: Literal["en", "no"] | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """One figure by knowledge date: as published, and as known on later days.

        Parameters
        ----------
        figure
            "population" of a day; "births", "deaths", "immigration", "emigration", "internal_in" or
            "internal_out" of a period.
        date
            The day of a population.
        quarter, year, from_, to_
            The period: a quarter such as "1997Q3", a year, or `[from_, to_)`.
        known_at
            Knowledge dates, such as ["published", "2020-02-01", "latest"]; none: from the
            extraction on.
        every, until
            Then how far they are apart, by default a year, and the last one.
        only
            Codes to keep, such as `{"county": "03", "sex": "female"}` or "county=03,sex=female".
        extraction_months
            Months from the day, or the end of the period, to the first; 1 by default.
        order, top
            A measure, of which the largest come first, or a variable; and how many rows.
        labels
            Labels beside codes, in this language.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Quality.vintages, locals())
        question = FigureVintagesQuestion.asked(
            parameter, figure=figure, date=date, from_=from_, to_=to_, quarter=quarter, year=year,
            known_at=known_at, every=every, until=until, only=only,
            extraction_months=extraction_months,
            shown=Presentation.asked(order=order, top=top, labels=labels),
        )  # fmt: skip
        return self._answer(question).to(to)

    def revisions(
        self,
        from_: Day,
        to_: Day,
        *,
        every: Literal["year", "quarter", "month"] | None = None,
        delays: str | Sequence[int] = (),
        kind: str | Iterable[str] = (),
        measures: bool = False,
        order: str | None = None,
        top: int | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Revision triangles by flow, or measures of revision.

        Parameters
        ----------
        from_, to_
            The days, `[from_, to_)`, each the first of a period.
        every
            Length of the periods; a quarter by default.
        delays
            Months after each period at which it is looked at; 1, 2, 3, 6, 12 and 24 by default.
        kind
            Some of "births", "deaths", "immigration", "emigration", "internal_in"; empty: all.
        measures
            Measures of what is revised from the first delay to the last instead.
        order, top
            A measure, of which the largest come first, or a variable; and how many rows.
        wide
            A variable whose codes become columns.
        labels
            Labels beside codes, in this language.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Quality.revisions, locals())
        question = RevisionsQuestion.asked(
            parameter, from_=from_, to_=to_, every=every, delays=delays, kind=kind,
            measures=measures,
            shown=Presentation.asked(order=order, top=top, wide=wide, labels=labels),
        )  # fmt: skip
        return self._answer(question).to(to)

    def duplicates(
        self,
        *,
        known_at: Day | Literal["latest"] = LATEST,
        pairs: str | os.PathLike[str] | None = None,
        least: int | None = None,
        linkage: bool = False,
        to: Target = "arrow",
    ) -> Frame:
        """How many pairs of numbers may be one person's, by what agrees of them.

        Parameters
        ----------
        known_at
            Knowledge date; "latest": all that is known.
        pairs
            A file to write the pairs to: rows of persons, for the office.
        least
            Least score of these pairs, of 100; None: all.
        linkage
            By the probability that a model of linkage gives, which allows mistyped dates and
            missing parents, instead of rules. Needs `folkestrom[linkage]`.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Quality.duplicates, locals())
        question = DuplicatesQuestion.asked(
            parameter,
            known_at=known_at,
            pairs=None if pairs is None else Path(pairs),
            least=least,
            linkage=linkage,
        )
        return self._answer(question).to(to)

    def impossible_families(
        self, *, known_at: Day | Literal["latest"] = LATEST, to: Target = "arrow"
    ) -> Frame:
        """How many persons have parents, siblings or a spouse that cannot be, by rule.

        Parameters
        ----------
        known_at
            Knowledge date; "latest": all that is known.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Quality.impossible_families, locals())
        return self._answer(FamiliesQuestion.asked(parameter, known_at=known_at)).to(to)

    def estimate(
        self,
        date: Day,
        known_at: Day,
        by: str | Iterable[str] = (),
        *,
        method: Method = "delays",
        years: int | None = None,
        interval: float = 90.0,
        draws: int = 1_000,
        seed: int = 1,
        round: int = 1,
        delays_by: str | None = None,
        extraction_months: int | None = None,
        order: str | None = None,
        top: int | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """The population of a day as it will be published, estimated before it is known.

        Parameters
        ----------
        date
            The day, such as that of the turn of the year.
        known_at
            The day on which it is estimated, within a year before its extraction.
        by
            "county" or "municipality"; nothing: the nation.
        method
            "delays": late reports and remaining days by component, with intervals; the practices of
            other years: "recent-decembers", "relative-growth", "last-december".
        years
            Past years that are looked at; None: five, and three of "recent-decembers".
        interval, draws, seed
            Per cent of draws between the ends of the intervals, how many draws, and their seed.
        round
            Figures of practices in multiples of this.
        delays_by
            A variable of persons, such as "immigrant_group", whose groups are estimated apart.
        extraction_months
            Months from the day to its extraction.
        order, top, wide, labels
            As for `population`.
        to
            "arrow", "polars" or "pandas".
        """
        return self._answered(Quality.estimate, EstimateQuestion.asked, locals())

    def over_coverage(
        self,
        date: Day,
        by: str | Iterable[str] = (),
        *,
        method: str | Iterable[str] = (),
        signs: str | Iterable[str] = (),
        weights: Weights = None,
        decay: float = 0.8,
        stability: float = 0.2,
        threshold: float = 0.7,
        strata: str | Iterable[str] = ("age_group",),
        models: int = 5,
        clean_ups: Years = (),
        late_after: int = 3,
        shrink: bool = False,
        unregistered: bool = False,
        level: float = 0.95,
        draws: int = 2_000,
        seed: int = 1,
        known_at: Knowledge = PUBLISHED,
        extraction_months: int | None = None,
        only: Kept | None = None,
        order: str | None = None,
        top: int | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        publish: Rules | str | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """How many are registered and gone, by several methods, with intervals.

        Parameters
        ----------
        date
            The registered are those at the end of the day before.
        by
            Names of variables.
        method
            Some of "signs", "lists", "late" and "clean-ups"; empty: all that can be asked.
        signs
            Linked variables whose rows are signs of life.
        weights
            Weights of signs, such as `{"work": 1, "tax": 0.5}`; of others, by a logistic
            regression.
        decay, stability, threshold
            Of the residency index: what is left of last year's, what the year's signs count, and
            what those have who are taken to be here.
        strata
            Variables in whose groups persons show signs alike.
        models
            How many models of lists are shown.
        clean_ups
            Years of clean-ups; empty: all in which a report became known that late.
        late_after
            Years after which only a clean-up finds who has left.
        shrink
            Whether small groups are drawn to the mean of all.
        unregistered
            Whether those who are here and not registered stand beside them.
        level, draws, seed
            Level of the intervals; draws that those of reports are taken from, and their seed.
        known_at, extraction_months, only, order, top, wide, labels, publish
            As for `population`.
        to
            "arrow", "polars" or "pandas".
        """
        return self._answered(Quality.over_coverage, OverCoverageQuestion.asked, locals())

    def redated(
        self,
        from_: Day,
        to_: Day,
        *,
        clean_ups: Years = (),
        late_after: int = 3,
        known_at: Knowledge = PUBLISHED,
        order: str | None = None,
        top: int | None = None,
        labels: Literal["en", "no"] | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Emigrations by year as clean-ups found them, and spread over the years before.

        Parameters
        ----------
        from_, to_
            The days, whole years apart.
        clean_ups, late_after
            As for `over_coverage`.
        known_at
            Knowledge date; "published": the extraction after the last year.
        order, top, labels
            As for `population`.
        to
            "arrow", "polars" or "pandas".
        """
        return self._answered(Quality.redated, RedatedQuestion.asked, locals())

    def check(self) -> list[Check]:
        """Check the log in itself, and the tables against the log; nothing is changed.

        Raises
        ------
        StoreError
            A store that cannot be read at all.
        """
        from folkestrom.app.office.quality import checks

        return checks.check(self.path, self.waiting)
