"""Models fitted to what a study gives, or to a file of person-years."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from folkestrom.app.office.studies import Progress, study_on
from folkestrom.engine.store import Waiting
from folkestrom.errors import InputRefused, UsageError

if TYPE_CHECKING:
    from folkestrom.analysis.mobility import MobilityFit


def panel_of_study(store: Path, study: Path, waiting: Waiting, progress: Progress) -> pa.Table:
    """The person-years of a study on a store."""
    return study_on(store, study, waiting).panel_batches(progress).read_all()


def panel_of_file(path: Path) -> pa.Table:
    """The person-years in a Parquet file, as `folkestrom study --panel` writes it."""
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputRefused(
            "cannot be read as Parquet",
            where=str(path),
            next_step="Write it with `folkestrom study STUDY --panel FILE.parquet`.",
        ) from error


def fit(
    panel: pa.Table,
    formula: str,
    *,
    random: str | None,
    effects: str,
    **options: Any,
) -> MobilityFit:
    """Fit the mobility model to person-years.

    Parameters
    ----------
    panel
        A row a person-year.
    formula
        The outcome and its covariates.
    random
        The column of those who have effects of their own; None: nobody has, and every row stands
        for itself.
    effects
        Covariance of the effects.
    **options
        As for `folkestrom.analysis.mobility.mobility`.
    """
    # Imported here: a model brings a compiler along.
    from folkestrom.analysis.mobility import mobility

    person = random or "person"
    if person not in panel.column_names:
        raise UsageError(
            "is not a column of the panel",
            where="--random",
            value=person,
            allowed=panel.column_names,
        )
    effects = "none" if random is None else effects
    found: MobilityFit = mobility(panel, formula, person=person, effects=effects, **options)
    return found


def profile_of(text: str, numbers: Container[str] = ()) -> dict[str, str | float]:
    """A profile as it is typed: `age=35,immigrant_category=immigrant,county=03`.

    Parameters
    ----------
    text
        Covariates with their values, with commas between them.
    numbers
        Covariates that are numbers; the others are levels.

    Examples
    --------
    >>> profile_of("age=35, county=03", {"age"})
    {'age': 35.0, 'county': '03'}
    """
    found: dict[str, str | float] = {}
    for part in text.split(","):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not (name and sign and value):
            raise UsageError(
                "is not a covariate with its value",
                where="--profile",
                value=part.strip(),
                allowed="age=35,county=03",
            )
        found[name] = _number(name, value) if name in numbers else value
    return found


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise UsageError(f"is not a number, as {name} is", where="--profile", value=value) from None
