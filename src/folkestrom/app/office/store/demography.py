"""Demography of a store: moves, indicators, life tables, projections, emigrants abroad."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from folkestrom.analysis.life_tables.design import Closing, LifeTableDesign
from folkestrom.analysis.study import Groups
from folkestrom.app.office.arguments import names, parameter, whole_numbers
from folkestrom.app.office.demography.abroad import AbroadQuestion, Range
from folkestrom.app.office.demography.indicators import IndicatorsQuestion
from folkestrom.app.office.demography.moves import MovesQuestion
from folkestrom.app.office.demography.older import OlderImmigrantsQuestion
from folkestrom.app.office.demography.projection import ProjectionQuestion
from folkestrom.app.office.demography.simulation import SimulationQuestion
from folkestrom.app.office.presentation import Presentation
from folkestrom.app.office.store.opened import Opened
from folkestrom.columns import check_arguments
from folkestrom.model.cells import Frame, Target
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.outputs.rules import Rules
from folkestrom.projection.rates.life_table import Infants
from folkestrom.projection.scenario import Scenario
from folkestrom.variables.selection import Kept

if TYPE_CHECKING:
    from folkestrom.app.office.arguments import Day, Knowledge


@dataclass(frozen=True, slots=True)
class Demography(Opened):
    """Methods that give the figures of demography, those of years to come too."""

    def moves(
        self,
        from_: Day,
        to_: Day,
        by: str | Iterable[str] = (),
        known_at: Knowledge = PUBLISHED,
        *,
        every: Literal["year", "quarter", "month"] | None = None,
        abroad: bool = False,
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
        """Moves between places by origin and destination, or migration by country.

        Parameters
        ----------
        from_, to_
            The days, `[from_, to_)`.
        by
            Names of variables. Of moves inside the country one is the sort of place: "county" if
            none is, "municipality" or "basic_unit".
        known_at, every, extraction_months
            As for `changes`, whose internal migration moves add up to.
        abroad
            Immigration and emigration by country instead, with net migration.
        only
            Codes to keep: `{"origin": "03"}` or "origin=03", or of a variable that the table is not
            by.
        totals, share_of, order, top, wide, labels, publish
            As for `population`.
        to
            "arrow", "polars" or "pandas".
        """
        return self._answered(Demography.moves, MovesQuestion.asked, locals())

    def indicators(
        self,
        from_: Day,
        to_: Day,
        by: str | Iterable[str] = (),
        known_at: Knowledge = PUBLISHED,
        *,
        extraction_months: int | None = None,
        order: str | None = None,
        top: int | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        publish: Rules | str | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Fertility, life expectancy, ages and crude rates of the nation or of places, by year.

        Parameters
        ----------
        from_, to_
            The days, `[from_, to_)`, whole years apart.
        by
            Places: "county", "municipality", or a linked variable of municipalities.
        known_at, extraction_months
            As for `changes`, whose flows the crude rates are of.
        order, top, wide, labels, publish
            As for `population`.
        to
            "arrow", "polars" or "pandas".
        """
        return self._answered(Demography.indicators, IndicatorsQuestion.asked, locals())

    def life_table(
        self,
        from_: Day,
        to_: Day,
        by: str | Iterable[str] = (),
        *,
        exits: str | Iterable[str] = "death",
        between: tuple[str, str] | None = None,
        since_arrival: bool = False,
        abridged: bool = False,
        infants: Infants = "andreev-kingkade",
        open_age: int | None = None,
        closing: Closing = "none",
        ages: str | Iterable[int] = (),
        only: Kept | None = None,
        groups: Mapping[str, Groups] | None = None,
        level: float = 0.95,
        known_at: Knowledge = PUBLISHED,
        order: str | None = None,
        top: int | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        publish: Rules | str | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Life tables by sex and any variables, or what a difference between two is made of.

        Parameters
        ----------
        from_, to_
            The period, `[from_, to_)`, whose rates they are of.
        by
            Names of variables beside sex: the register's, linked ones, and those of `groups`.
        exits
            "death", "emigration", or both: what comes first, and how long one is in the country.
        between
            Two codes of the one variable of `by`, or "nation" or "others": what each age adds to
            the expectation of the second over the first. With `by="sex"`: the two sexes.
        since_arrival
            Years since immigration instead of ages; of those born abroad.
        abridged
            Ages 0, 1-4, 5-9 … instead of single years.
        infants
            Whose formula of how long infants live who die: "andreev-kingkade" or "coale-demeny".
        open_age
            First age of the open group; 100 by default, of durations 15.
        closing
            "kannisto": death rates from 85 on are by Kannisto's model.
        ages
            Ages that are shown; all by default. Of a difference, the first ages of the groups that
            it is added up to.
        only, groups, level, known_at
            As for `rates`.
        order, top, wide, labels, publish
            As for `population`.
        to
            "arrow", "polars" or "pandas".

        Raises
        ------
        InputRefused
            Groups that are all too small for a life table; with `between`, one that is.
        """
        check_arguments(Demography.life_table, locals())
        from folkestrom.app.office.demography.life_table import LifeTableQuestion
        from folkestrom.app.office.rates import EventQuestion

        design = LifeTableDesign(
            names(by), names(exits), between, since_arrival, abridged, infants, open_age, closing,
            whole_numbers(ages, "ages"), level,
        )  # fmt: skip
        events = EventQuestion.asked(
            parameter, from_=from_, to_=to_, event=design.exits[0], destination=None, only=only,
            known_at=known_at, level=level, groups=groups, publish=None,
        )  # fmt: skip
        shown = Presentation.asked(order=order, top=top, wide=wide, labels=labels, publish=publish)
        return self._answer(LifeTableQuestion(events, design, shown)).to(to)

    def project(
        self,
        from_: int,
        to_: int,
        scenarios: Sequence[str | os.PathLike[str] | Scenario] = (),
        *,
        years: int = 5,
        every: int = 1,
        indicator: str | Iterable[str] = (),
        by: str | Iterable[str] = (),
        needs: str | os.PathLike[str] | None = None,
        equivalent: str | None = None,
        decompose: bool = False,
        areas: Literal["", "county", "municipality"] = "",
        durations: int = 10,
        smooth: bool = False,
        draws: int | None = None,
        seed: int = 1,
        interval: float | str | Sequence[float] = 80.0,
        series: str | os.PathLike[str] | None = None,
        limits: str | os.PathLike[str] | None = None,
        difference: bool = False,
        known_at: Knowledge = PUBLISHED,
        extraction_months: int | None = None,
        order: str | None = None,
        top: int | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """The population of years to come, if rates stay as they were, and under scenarios.

        Parameters
        ----------
        from_, to_
            The year at whose beginning it starts, and the last that is shown.
        scenarios
            What changes: scenarios, files, names that are built in, letters of an alternative.
        years
            Years before the start that rates are of.
        every
            Years between those that are shown.
        indicator
            Names of figures, for others than the usual ones; with areas "moves": from where to
            where.
        by
            Some of "immigrant_group", "sex" and "age": persons and events by these, instead of
            figures of all.
        needs
            A CSV file of needs per head, whose totals are shown as well.
        equivalent
            A component: by how much it alone would have to change for the one indicator to be the
            same in the last year as in each scenario.
        decompose
            What each component contributes to the difference of the one indicator in the last year.
        areas
            "county" or "municipality": figures of each, which add up to those of the nation.
        durations
            Years since immigration, to 10, that immigrants' rates are told apart by; with
            municipalities 0 is much faster.
        smooth
            Smooth rates, by single year of age: for small groups.
        draws, seed
            Draws of what may come, for medians and intervals; the same seed gives the same draws.
        interval
            Per cent of draws between lower and upper; several, such as (50, 80, 95), for more
            intervals, each with columns of its own: `population_lower_95`.
        series
            CSV of yearly levels that draws are modelled on; None: those of the register.
        limits
            File of experts' low, medium and high alternatives to draw from.
        difference
            Scenarios less the baseline, draw by draw.
        known_at, extraction_months
            As for `population`, of the start; rates are as known then.
        order, top, wide, labels
            As for `population`.
        to
            "arrow", "polars" or "pandas".
        """
        return self._answered(Demography.project, ProjectionQuestion.asked, locals())

    def simulate(
        self,
        from_: int,
        to_: int,
        by: str | Iterable[str] | None = None,
        *,
        households: bool = False,
        every: int | None = None,
        runs: int = 1,
        seed: int = 0,
        scenario: str | os.PathLike[str] | Scenario | None = None,
        areas: Literal["", "county", "municipality"] = "",
        durations: int = 10,
        years: int = 5,
        known_at: Knowledge = PUBLISHED,
        extraction_months: int | None = None,
        order: str | None = None,
        top: int | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Lives of the register's individuals by the assumptions of `project`, one draw of them.

        Parameters
        ----------
        from_, to_
            The first year that is lived through, and the last.
        by
            Some of "immigrant_group", "sex", "birth_cohort", "years_lived", "emigrations",
            "returns", "moves", "children" and "status", by default the first; of households some
            of "household_type" (the default), "household_size", "age_group", "age_five_year",
            "sex", "marital_status" and "immigrant_group".
        households
            Whether households are asked for, of the beginning of the first year and the end of
            the last.
        every
            Years between further beginnings of years whose households are shown; None: none.
        runs
            How often households are simulated: figures are means, with the interval that 80 per
            cent of the runs lie in.
        seed
            Of the random numbers: the same seed is the same lives, with any number of threads.
        scenario
            A file that says what changes, or such a scenario.
        areas, durations, years
            As for `project`.
        known_at, extraction_months
            As for `population`, of the start; rates are as known then.
        order, top, wide, labels
            As for `population`.
        to
            "arrow", "polars" or "pandas".
        """
        return self._answered(Demography.simulate, SimulationQuestion.asked, locals())

    def abroad(
        self,
        date: Day,
        by: str | Iterable[str] = (),
        *,
        mortality: Range = (0, 1),
        over_coverage: Range = (0, 0.0229),
        left_before: Range | None = None,
        mirror: str | os.PathLike[str] | None = None,
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
        """Emigrants living abroad: as registered, and between what bounds.

        Parameters
        ----------
        date
            The stock is that at the end of the day before.
        by
            Names of variables, such as "country,sex,age_group,duration_abroad".
        mortality
            Death rates abroad, as a share of those of residents: the least and the most.
        over_coverage
            Share of resident immigrants who in truth have left, likewise; an estimate of January
            2024 is 0.0229. The name of a CSV file of `over_coverage` has it too.
        left_before
            Persons abroad who left before the register began, likewise; None: from nobody to as
            many as if its first years had always been.
        mirror
            A CSV file of what other countries count, to stand beside it by country: `year`,
            `destination`, `stock` and, of other than those born in Norway, `definition`.
        known_at, extraction_months, only, order, top, wide, labels, publish
            As for `population`.
        to
            "arrow", "polars" or "pandas".
        """
        return self._answered(Demography.abroad, AbroadQuestion.asked, locals())

    def older_immigrants(
        self,
        from_: int,
        to_: int,
        by: str | Iterable[str] = "immigrant_group",
        *,
        ages: str | Sequence[int] = (67, 80),
        years: int = 5,
        every: int = 1,
        level: float = 0.95,
        draws: int = 200,
        seed: int = 1,
        known_at: Knowledge = PUBLISHED,
        extraction_months: int | None = None,
        order: str | None = None,
        top: int | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Immigrants of years to come who are older, if rates stay as they were, with intervals.

        Parameters
        ----------
        from_, to_
            The year at whose beginning it starts, and the last that is shown.
        by
            Of "immigrant_group", "duration" and "sex".
        ages
            Ages from which they are older; there is a row for each.
        years, every
            As for `project`.
        level, draws, seed
            Level of the intervals, of how many draws they are, and their seed.
        known_at, extraction_months
            As for `population`, of the start; rates are as known then.
        order, top, wide, labels
            As for `population`.
        to
            "arrow", "polars" or "pandas".
        """
        return self._answered(Demography.older_immigrants, OlderImmigrantsQuestion.asked, locals())
