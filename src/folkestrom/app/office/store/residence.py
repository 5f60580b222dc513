"""Residence: why a person is counted, and what the rules make of stays."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from folkestrom.app.office.arguments import Knowledge, parameter
from folkestrom.app.office.residence.questions import (
    AuditQuestion,
    BridgeQuestion,
    ExplainQuestion,
)
from folkestrom.app.office.store.opened import Opened
from folkestrom.columns import check_arguments
from folkestrom.model.cells import Frame, Target
from folkestrom.model.knowledge import PUBLISHED
from folkestrom.outputs.rules import Rules
from folkestrom.residence.law import Base, Reading

if TYPE_CHECKING:
    from folkestrom.app.office.arguments import Day
    from folkestrom.residence.explaining import Explanation


@dataclass(frozen=True, slots=True)
class Residence(Opened):
    """Methods that say who is resident, and by which rule."""

    def explain_person(
        self,
        person: int,
        date: Day,
        *,
        known_at: Knowledge = PUBLISHED,
        stays: str | os.PathLike[str] | None = None,
        base: Base = "registered",
        reading: Reading = "law",
    ) -> Explanation:
        """Why one person is, or is not, counted; for the office.

        Parameters
        ----------
        person
            The person's pseudonym.
        date
            The reference date; what counts is the state at the end of the day before.
        known_at
            As for `population`.
        stays
            A file of stays, to ask the rules beside the register.
        base, reading
            Which rules: "registered" (six months) or "usual" (twelve); "page" or "law".

        Returns
        -------
        Explanation
            The story, the decisions, their rules, and what would have to be different.
        """
        check_arguments(Residence.explain_person, locals())
        question = ExplainQuestion.asked(
            parameter, person=person, date=date, known_at=known_at, stays=stays, base=base,
            reading=reading,
        )  # fmt: skip
        return self._answer(question)

    def residence_audit(
        self,
        stays: str | os.PathLike[str],
        date: Day,
        by: str = "",
        *,
        known_at: Knowledge = PUBLISHED,
        base: Base = "registered",
        reading: Reading = "law",
        totals: bool = False,
        order: str | None = None,
        top: int | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        publish: Rules | str | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Whom the register has against the rules of residence, and whom it lacks, by rule.

        Parameters
        ----------
        stays
            A file of stays: Parquet, CSV or NDJSON.
        date
            The reference date.
        by
            "municipality", or nothing.
        known_at, base, reading
            As for `explain_person`.
        totals, order, top, wide, labels, publish
            As for `population`.
        to
            "arrow", "polars" or "pandas".
        """
        return self._answered(Residence.residence_audit, AuditQuestion.asked, locals())

    def residence_bridge(
        self,
        stays: str | os.PathLike[str],
        from_: Day,
        to_: Day,
        *,
        known_at: Knowledge = PUBLISHED,
        reading: Reading = "law",
        totals: bool = False,
        order: str | None = None,
        wide: str | None = None,
        labels: Literal["en", "no"] | None = None,
        publish: Rules | str | None = None,
        to: Target = "arrow",
    ) -> Frame:
        """Migration of a period by the law and by usual residence, with what makes the difference.

        Parameters
        ----------
        stays
            A file of stays: Parquet, CSV or NDJSON.
        from_, to_
            The period, `[from_, to_)`.
        known_at, reading
            As for `explain_person`.
        totals, order, wide, labels, publish
            As for `population`.
        to
            "arrow", "polars" or "pandas".
        """
        return self._answered(Residence.residence_bridge, BridgeQuestion.asked, locals())
