"""Research on a store: studies, rates, decompositions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from folkestrom.analysis.study import Groups, Study, read_study
from folkestrom.app.office.arguments import names, parameter
from folkestrom.app.office.demography.projection import ProjectionQuestion
from folkestrom.app.office.presentation import Presentation
from folkestrom.app.office.session import answer
from folkestrom.app.office.studies import StoreStudy
from folkestrom.columns import check_arguments
from folkestrom.model.cells import Frame, Target
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.outputs.rules import Rules
from folkestrom.projection.scenario import Scenario
from folkestrom.variables.selection import Kept

if TYPE_CHECKING:
    from folkestrom.analysis.decomposition import Decomposition
    from folkestrom.app.office.arguments import Day, Knowledge


from folkestrom.app.office.store.opened import Opened


@dataclass(frozen=True, slots=True)
class Research(Opened):
    """Methods that give studies and rates."""

    def study(self, study: Study | str | os.PathLike[str]) -> StoreStudy:
        """A study on this store: its flow chart, fingerprint, episodes and person-years.

        Parameters
        ----------
        study
            A `Study`, or the TOML file that has one.
        """
        check_arguments(Research.study, locals())
        definition = study if isinstance(study, Study) else read_study(Path(study))
        found = StoreStudy(self.path, definition, self.waiting)
        _ = found.fingerprint  # what the study names is looked up at once
        return found

    def rates(
        self,
        from_: Day,
        to_: Day,
        by: str | Iterable[str] = (),
        *,
        event: str = "emigration",
        destination: str | None = None,
        only: Kept | None = None,
        standardise_by: str | Iterable[str] = (),
        against: str | None = None,
        method: Literal["direct", "indirect"] = "direct",
        known_at: Knowledge = PUBLISHED,
        level: float = 0.95,
        groups: Mapping[str, Groups] | None = None,
        order: str | None = None,
        top: int | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        publish: Rules | str | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Rates of emigration, or of another event, per 1 000 person-years of residents.

        Parameters
        ----------
        from_, to_
            The period, `[from_, to_)`.
        by
            Names of variables: the register's, linked ones, and those of `groups`.
        event
            "emigration", "out_migration", "immigration", "death", "birth", "childbirth" (a birth
            as its mother's), "marriage", "divorce" or "naturalisation".
        destination
            Of out-migration: "abroad", "municipality" or "county" (another one), or "anywhere".
        only
            Codes to keep, such as `{"county": "03"}` or "county=03".
        standardise_by
            Variables that are standardised for.
        against
            To whose composition, and whom the ratio compares with: "nation" (the default), a code
            such as "03", or "immigrant_category=other".
        method
            "direct" or "indirect" standardisation.
        known_at
            Knowledge date; "published": as known at the extraction a month after the period;
            "latest": all that is known.
        level
            Level of the intervals.
        groups
            Variables made of others, by name, such as `{"tenth": Groups("income", quantiles=10)}`.
        order, top, wide, labels
            As for `population`.
        publish
            Rules of disclosure control, or their name: the result is the protected table only.
        to
            "arrow", "polars" or "pandas".

        Examples
        --------
        >>> import folkestrom
        >>> folkestrom.open("no-such-store").rates("2020-01-01", "2019-01-01")
        Traceback (most recent call last):
        ...
        folkestrom.errors.UsageError: from: '2020-01-01' is not before the end of the period.
        Allowed: days before 2019-01-01.
        Next: Swap the two days.
        """
        check_arguments(Research.rates, locals())
        from folkestrom.app.office.rates import EventQuestion, RateQuestion

        events = EventQuestion.asked(
            parameter, from_=from_, to_=to_, event=event, destination=destination, only=only,
            known_at=known_at, level=level, groups=groups, publish=publish,
        )  # fmt: skip
        question = RateQuestion(
            events, names(by), names(standardise_by), against, method,
            Presentation.asked(order=order, top=top, wide=wide, labels=labels),
        )  # fmt: skip
        return answer(self.path, self.waiting, question).to(to)

    def decompose(
        self,
        from_: Day,
        to_: Day,
        by: str,
        between: tuple[str, str],
        factors: str | Iterable[str],
        *,
        event: str = "emigration",
        destination: str | None = None,
        only: Kept | None = None,
        known_at: Knowledge = PUBLISHED,
        level: float = 0.95,
        groups: Mapping[str, Groups] | None = None,
        publish: Rules | str | None = None,
    ) -> Decomposition:
        """How much of the difference of two groups' rates is composition, how much propensity.

        Parameters
        ----------
        from_, to_
            The period, `[from_, to_)`.
        by, between
            A variable, and two of its codes; one of them may be "nation", everybody, or "others",
            everybody else.
        factors
            Variables that make up the composition.
        event, destination, only, known_at, level, groups
            As for `rates`.
        publish
            Rules of disclosure control that both groups must satisfy: "research", "statistics", or
            rules of one's own. The result is then rounded as in tables; standard errors, what
            single cells contribute, and the sizes of the groups are left out.

        Raises
        ------
        UsageError
            With `publish`: a group that the rules do not let be shown, or factors whose
            combinations could be found.
        """
        check_arguments(Research.decompose, locals())
        from folkestrom.app.office.rates import DecompositionQuestion, EventQuestion

        events = EventQuestion.asked(
            parameter, from_=from_, to_=to_, event=event, destination=destination, only=only,
            known_at=known_at, level=level, groups=groups, publish=publish,
        )  # fmt: skip
        question = DecompositionQuestion(events, by, between, names(factors))
        return answer(self.path, self.waiting, question).found

    def project(
        self,
        from_: int,
        to_: int,
        scenarios: Sequence[str | os.PathLike[str] | Scenario] = (),
        *,
        years: int = 5,
        every: int = 1,
        draws: int | None = None,
        seed: int = 1,
        interval: float = 80.0,
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
            Files that say what changes, or such scenarios.
        years
            Years before the start that rates are of.
        every
            Years between those that are shown.
        draws, seed
            Draws of what may come, for medians and intervals; the same seed gives the same draws.
        interval
            Per cent of draws between lower and upper.
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
        check_arguments(Research.project, locals())
        question = ProjectionQuestion.asked(
            parameter, from_=from_, to_=to_, years=years, scenarios=scenarios, every=every,
            known_at=known_at, extraction_months=extraction_months, draws=draws, seed=seed,
            interval=interval, series=series, limits=limits, difference=difference,
            shown=Presentation.asked(order=order, top=top, wide=wide, labels=labels),
        )  # fmt: skip
        return answer(self.path, self.waiting, question).to(to)
