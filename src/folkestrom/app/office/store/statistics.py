"""Official statistics from a store: stocks, accounts, published tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from folkestrom.app.office.arguments import parameter
from folkestrom.app.office.demography.households import HouseholdsQuestion
from folkestrom.app.office.presentation import Presentation
from folkestrom.app.office.quality.vintages import VintagesQuestion
from folkestrom.app.office.statistics import (
    Area,
    ChangesQuestion,
    ExplanationQuestion,
    PopulationQuestion,
    TableQuestion,
)
from folkestrom.app.office.store.opened import Opened
from folkestrom.app.office.vocabulary.variables import VariablesQuestion, variables
from folkestrom.columns import check_arguments
from folkestrom.model.cells import Frame, Target
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.outputs.rules import Rules
from folkestrom.variables.selection import Kept

if TYPE_CHECKING:
    from folkestrom.app.office.arguments import Day, Knowledge


@dataclass(frozen=True, slots=True)
class Statistics(Opened):
    """Methods that give the figures of official statistics."""

    def population(
        self,
        date: Day | None = None,
        by: str | Iterable[str] = (),
        known_at: Knowledge = PUBLISHED,
        *,
        dates: Day | Sequence[Day] = (),
        extraction_months: int | None = None,
        only: Kept | None = None,
        population: Literal["register", "actual"] = "register",
        totals: bool = False,
        share_of: str | None = None,
        order: str | None = None,
        top: int | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        publish: Rules | str | None = None,
        compare_known: str | Sequence[Knowledge] | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Residents by variables, at a day or at several.

        Parameters
        ----------
        date
            Reference date: the stock is the state at the end of the day before. Here and below a
            day is a `date`, a `datetime` at midnight, or a text such as "2021-01-01".
        by
            Names of variables, such as ["municipality", "sex", "age"] or "sex,age".
        known_at
            Knowledge date; "published": the extraction after each date; "latest": all that is
            known.
        dates
            Several reference dates instead of one; the result then has a column `date`.
        extraction_months
            Months from a date to its extraction, for "published"; 1 by default.
        only
            Codes to keep, such as `{"county": "03", "sex": "female"}` or "county=03,sex=female".
        population
            Where people live by the "register", or "actual": with the linked variables
            `actual_dwelling` and `actual_municipality`, or one of them.
        totals
            With a total along every variable.
        share_of
            Figures in per cent too: of all codes of this variable together; or one figure of
            another, such as "growth/population_start".
        order, top
            A measure, of which the largest come first, or a variable; and how many rows.
        wide
            A variable whose codes become columns.
        labels
            Labels beside codes, in this language.
        publish
            Rules of disclosure control, or their name: the result is the protected table only.
        compare_known
            Two or more knowledge dates instead of one, such as ["published", "latest"]: a column
            for each, and `difference`, the last less the first.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Statistics.population, locals())
        question = PopulationQuestion.asked(
            parameter, date=date, dates=dates, by=by, known_at=known_at,
            extraction_months=extraction_months, only=only, population=population,
            shown=Presentation.asked(
                totals=totals, publish=publish, order=order, top=top, wide=wide, labels=labels,
                share_of=share_of,
            ),
        )  # fmt: skip
        if compare_known is not None:
            vintages = VintagesQuestion.asked(parameter, question, compare_known)
            return self._answer(vintages).to(to)
        return self._answer(question).to(to)

    def changes(
        self,
        from_: Day | None = None,
        to_: Day | None = None,
        by: str | Iterable[str] = (),
        known_at: Knowledge = PUBLISHED,
        *,
        quarter: str | None = None,
        year: int | str | None = None,
        so_far: bool = False,
        preliminary: bool = False,
        regime: str | None = None,
        every: Literal["year", "quarter", "month"] | None = None,
        quarters: Literal["summation", "register"] | None = None,
        extraction_months: int | None = None,
        only: Kept | None = None,
        totals: bool = False,
        share_of: str | None = None,
        order: str | None = None,
        top: int | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        publish: Rules | str | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Accounts of the population between two days; flows alone by what changes by itself.

        Parameters
        ----------
        from_, to_
            The days, `[from_, to_)`; or `quarter`, or `year` instead.
        by
            Names of variables, such as "county" or "sex".
        known_at
            "published": each period at its extractions. A day, or "latest", all that is known: one
            knowledge date for everything.
        quarter, year
            A quarter such as "1997Q3", by the rules of its day; or a year.
        so_far
            With a quarter: the year so far, to its end.
        preliminary
            With a year: its preliminary figures, by the rules of its day.
        regime
            Other rules than those of the day: "1985", "2000" or "2005".
        every
            Split into periods of this length.
        quarters
            Populations at 1 April, 1 July and 1 October by "summation" (the default), or from the
            "register".
        extraction_months
            Months from the end of a period to its extraction; 1 by default.
        only
            Codes to keep, such as `{"county": "03", "sex": "female"}` or "county=03,sex=female".
        totals
            With a total along every variable.
        share_of
            Figures in per cent too: of all codes of this variable together; or one figure of
            another, such as "growth/population_start".
        order, top
            A measure, of which the largest come first, or a variable; and how many rows.
        wide
            A variable whose codes become columns.
        labels
            Labels beside codes, in this language.
        publish
            Rules of disclosure control, or their name: the result is the protected table only.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Statistics.changes, locals())
        question = ChangesQuestion.asked(
            parameter, from_=from_, to_=to_, by=by, known_at=known_at, every=every,
            quarters=quarters, extraction_months=extraction_months, only=only,
            quarter=quarter, year=year, so_far=so_far, preliminary=preliminary, regime=regime,
            shown=Presentation.asked(
                totals=totals, publish=publish, order=order, top=top, wide=wide, labels=labels,
                share_of=share_of,
            ),
        )  # fmt: skip
        return self._answer(question).to(to)

    def households(
        self,
        date: Day,
        by: str | Iterable[str] = (),
        known_at: Knowledge = PUBLISHED,
        *,
        count: Literal["households", "families", "couples", "children"] = "households",
        population: Literal["register", "actual"] = "register",
        rule: Literal["NO", "DK", "SE", "FI"] = "NO",
        least_age: int | None = None,
        age_difference: int | None = None,
        largest: int | None = None,
        extraction_months: int | None = None,
        only: Kept | None = None,
        totals: bool = False,
        order: str | None = None,
        top: int | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        publish: Rules | str | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Households, families, couples, or children of 0 to 17 years, at a day.

        Parameters
        ----------
        date
            Reference date, as of `population`.
        by
            Names of variables that all members share, such as "household_type,county"; of
            children, of any. Empty: the types of what is counted.
        known_at, extraction_months, only, totals, order, top, wide, labels
            As for `population`.
        count
            What is counted.
        population
            As for `population`.
        rule
            Whose rule for cohabitants without a common child.
        least_age, age_difference
            Completed years of the younger one, and years apart that are too many, instead of the
            rule's.
        largest
            Most persons of a private household; 50 by default.
        publish
            As for `population`; how many persons there are is then told by places alone.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Statistics.households, locals())
        question = HouseholdsQuestion.asked(
            parameter, date=date, by=by, known_at=known_at, count=count, population=population,
            rule=rule, least_age=least_age, age_difference=age_difference, largest=largest,
            extraction_months=extraction_months, only=only, totals=totals,
            shown=Presentation.asked(
                publish=publish, order=order, top=top, wide=wide, labels=labels
            ),
        )  # fmt: skip
        return self._answer(question).to(to)

    def explain(
        self,
        from_: Day | None = None,
        to_: Day | None = None,
        area: Area = "nation",
        *,
        quarter: str | None = None,
        year: int | str | None = None,
        known_at: Knowledge = PUBLISHED,
        regime: str | None = None,
        quarters: Literal["summation", "register"] | None = None,
        extraction_months: int | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Every unit of a period's adjustment, with the report that it is owed to.

        With a knowledge date, every unit that flows were revised by since they were published.

        Parameters
        ----------
        from_, to_, quarter, year
            The period: `[from_, to_)`, a quarter such as "1997Q3", or a year.
        area
            Adjustment of the "nation", or by "county", "municipality", "part_of_town" or
            "basic_unit".
        known_at
            "published": the adjustment. A day, or "latest": what was revised until then.
        regime, quarters, extraction_months
            As for `changes`.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Statistics.explain, locals())
        changes = ChangesQuestion.asked(
            parameter, from_=from_, to_=to_, by=area, known_at=known_at, every=None,
            quarter=quarter, year=year, regime=regime, explained=True,
            quarters=quarters, extraction_months=extraction_months,
        )  # fmt: skip
        question = ExplanationQuestion.asked(parameter, changes)
        return self._answer(question).to(to)

    def table(
        self,
        name: str,
        year: int | str,
        *,
        known_at: Knowledge = PUBLISHED,
        extraction_months: int | None = None,
        unknown: Literal["published", "category"] | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        publish: Rules | str | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """A published table as it stands on 1 January of a year.

        Parameters
        ----------
        name
            "key-figures", "age-groups", "marital-status" or "citizenship".
        year
            The year; changes are those of the year before.
        known_at
            Knowledge date; "published": at the extraction; "latest": all that is known.
        extraction_months
            Months from the turn of the year to its extraction; 1 by default.
        unknown
            In "marital-status": unknown status left out as on the page that is "published" (the
            default), or as a "category".
        wide
            A variable whose codes become columns.
        labels
            Labels beside codes, in this language.
        publish
            Rules of disclosure control, or their name: the result is the protected table only.
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Statistics.table, locals())
        question = TableQuestion.asked(
            parameter, name=name, year=year, known_at=known_at,
            extraction_months=extraction_months, unknown=unknown,
            shown=Presentation.asked(publish=publish, wide=wide, labels=labels),
        )  # fmt: skip
        return self._answer(question).to(to)

    def variables(
        self,
        name: str | None = None,
        date: Day | None = None,
        *,
        language: Literal["en", "no"] = "en",
        to: Target = "arrow",
    ) -> Frame:
        """The variables that there are and what they may be asked for, or the codes of one.

        The store need not be there: the variables of every store are known without it.

        Parameters
        ----------
        name
            The variable whose codes are listed; None: all variables.
        date
            Of places, those of this day only.
        language
            Language of the labels: "en" or "no".
        to
            "arrow", "polars" or "pandas".
        """
        check_arguments(Statistics.variables, locals())
        question = VariablesQuestion.asked(parameter, name=name, date=date, language=language)
        return variables(self.path, self.waiting, question).to(to)
