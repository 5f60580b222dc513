"""Research on a store: studies, rates, decompositions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from folkestrom.analysis.study import Groups, Study, read_study
from folkestrom.app.office.arguments import names, parameter
from folkestrom.app.office.presentation import Presentation
from folkestrom.app.office.store.opened import Opened
from folkestrom.app.office.studies import StoreStudy
from folkestrom.columns import check_arguments
from folkestrom.model.cells import Frame, Target
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.outputs.rules import Rules
from folkestrom.variables.selection import Kept

if TYPE_CHECKING:
    from folkestrom.analysis.decomposition import Decomposition
    from folkestrom.app.office.arguments import Day, Knowledge


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
        found = StoreStudy(self.path, definition, self.waiting, self.borders)
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
        smooth: bool = False,
        schedule: Literal["gompertz-makeham", "siler", "hadwiger", "rogers-castro"] | None = None,
        over_coverage: str | None = None,
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
            "emigration", "out_migration", "immigration", "return", "death", "birth", "childbirth"
            (a birth as its mother's), "marriage", "divorce" or "naturalisation".
        destination
            Of out-migration: "abroad", "municipality" or "county" (another one), "anywhere", or a
            place, such as "03" or "0301". Of emigration: a country, such as "SE".
        only
            Codes to keep, such as `{"county": "03"}` or "county=03".
        standardise_by
            Variables that are standardised for.
        against
            To whose composition, and whom the ratio compares with: "nation" (the default), a code
            such as "03", or "immigrant_category=other".
        method
            "direct" or "indirect" standardisation.
        smooth
            With smooth rates of each group, by single year of age.
        schedule
            With those of the model schedule that fits, by single year of age.
        over_coverage
            Bounds if such a share of the registered is gone, "0-0.03", or a file of
            `over_coverage`.
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
        from folkestrom.app.office.rates import EventQuestion, RateQuestion, curve_of, gone_asked

        events = EventQuestion.asked(
            parameter, from_=from_, to_=to_, event=event, destination=destination, only=only,
            known_at=known_at, level=level, groups=groups, publish=publish,
        )  # fmt: skip
        question = RateQuestion(
            events, names(by), names(standardise_by), against, method,
            Presentation.asked(order=order, top=top, wide=wide, labels=labels),
            curve_of(smooth, schedule, parameter), gone_asked(over_coverage, "over_coverage"),
        )  # fmt: skip
        return self._answer(question).to(to)

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
        return self._answer(question).found
