"""How many have left again: the crude share, beside what had happened after equal time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
import polars as pl

from folkestrom.analysis.flows.sequences import MoveSequences
from folkestrom.analysis.followup import Curves, FollowUp, aalen_johansen, follow_up
from folkestrom.analysis.followup.shares import incidence_and_shares
from folkestrom.columns import check_arguments
from folkestrom.errors import InputRefused, UsageError

Language = Literal["en", "no"]

#: What ends a first stay, in the order of the results.
CAUSES: Final = ("returned", "moved on", "left, unknown country", "died")
_NEXT: Final = {"origin": 1, "third country": 2, "unknown country": 3, "died": 4}
_ALL: Final = "all"
_YEAR: Final = 365.25

_TEXT: Final = {
    "en": (
        "{away} per cent of the {rows} who had arrived were away at {until} (the crude "
        "share). {ever} per cent had ever left; {back} per cent came back. The crude "
        "share mixes cohorts that were followed for very different times: half of them for less "
        "than {median} years. After equal time the share who had left for the first time is "
        "{parts}, death being a competing event, and those not followed so long counted as long "
        "as they were."
    ),
    "no": (
        "{away} prosent av de {rows} som hadde kommet, var borte per {until} (den enkle "
        "andelen). {ever} prosent hadde reist én gang eller mer; {back} prosent kom "
        "tilbake. Den enkle andelen blander kull som er fulgt svært ulikt lenge: halvparten "
        "kortere enn {median} år. Andelen som hadde reist for første gang etter like lang "
        "tid, er {parts}, når død regnes som en konkurrerende hendelse, og de som ikke er fulgt "
        "så lenge, teller med så lenge de er fulgt."
    ),
}
_AFTER: Final = {
    "en": ("{0} per cent after {1} {2}", " and "),
    "no": ("{0} prosent etter {1} år", " og "),
}


@dataclass(frozen=True, slots=True, eq=False)
class LeftAgain:
    """Crude shares and cumulative incidences of a first departure.

    Attributes
    ----------
    crude
        A row a group: group, arrived, away (at the end), ever_left, came_back, died, and shares
        of those who arrived: away_share, ever_left_share.
    incidence
        A row a group, outcome and day, as `incidence_and_shares` gives them; the outcome "left"
        is any departure.
    curves
        Cumulative incidences by group and outcome, for a picture.
    follow
        The follow-up, for tests between groups.
    until
        The day before which moves counted.
    """

    crude: pl.DataFrame
    incidence: pl.DataFrame
    curves: Curves
    follow: FollowUp
    until: str

    def explanation(self, group: str | None = None, lang: Language = "en") -> str:
        """The figures of a group in words, with what is wrong with the crude share.

        Parameters
        ----------
        group
            Its name; all together by default, where there are no groups.
        lang
            en or no.
        """
        check_arguments(LeftAgain.explanation, locals())
        name = group or _ALL
        if lang not in _TEXT:
            raise UsageError("is no language", value=lang, allowed=list(_TEXT))
        rows = self.crude.filter(pl.col("group") == name)
        if not len(rows):
            raise UsageError("is no group", value=name, allowed=self.crude["group"].to_list())
        row = rows.row(0, named=True)
        left = self.incidence.filter(
            (pl.col("group") == name) & (pl.col("outcome") == "left")
            & pl.col("incidence").is_not_null()
        )  # fmt: skip
        after, last = _AFTER[lang]
        said = []
        for r in left.iter_rows(named=True):
            years = _text(r["until"] / _YEAR, lang, 0)
            share = _text(100 * r["incidence"], lang)
            said.append(after.format(share, years, "year" if years == "1" else "years"))
        median = (left["median_followed"][0] if len(left) else None) or 0.0
        parts = last.join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else "".join(said)
        shares = {
            "away": row["away_share"],
            "ever": row["ever_left_share"],
            "back": row["came_back"] / row["arrived"],
        }
        return _TEXT[lang].format(
            **{name: _text(100 * share, lang) for name, share in shares.items()},
            rows=row["arrived"],
            until=self.until,
            median=_text(median / _YEAR, lang),
            parts=parts or "…",
        )


def _text(value: float, lang: Language, decimals: int = 1) -> str:
    written = f"{value:.{decimals}f}"
    return written.replace(".", ",") if lang == "no" else written


def left_again(
    sequences: MoveSequences,
    years: Sequence[int] = (1, 5, 10),
    *,
    by: Literal["cohort", "origin"] | None = None,
    width: int = 5,
) -> LeftAgain:
    """The share that has left again, crude and after equal time, by arrival cohort or origin.

    Parameters
    ----------
    sequences
        Of persons who arrived; those whose sequence begins with a departure are left out.
    years
        Whole years since arrival at which the incidence is wanted, of 365.25 days.
    by
        cohort: by year of first arrival; origin: by country of origin.
    width
        Years of arrival that make a cohort.

    Examples
    --------
    >>> from datetime import date, timedelta
    >>> from folkestrom.analysis.flows import move_sequences
    >>> moves = {
    ...     "person": [1, 1, 2, 3, 4],
    ...     "date": [date(2010, 1, 1), date(2012, 1, 1), date(2010, 1, 1), date(2018, 1, 1),
    ...              date(2019, 1, 1)],
    ...     "from_country": ["PL", "NO", "PL", "PL", "PL"],
    ...     "to_country": ["NO", "PL", "NO", "NO", "NO"],
    ...     "country_of_birth": ["PL"] * 5,
    ... }
    >>> found = left_again(move_sequences(moves, until=date(2020, 1, 1)), years=[5])
    >>> found.crude["away_share"].to_list()
    [0.25]
    >>> found.incidence.filter(outcome="left")["incidence"].round(3).to_list()
    [0.333]
    """
    check_arguments(left_again, locals())
    for year in years:
        if year < 0:
            raise UsageError(
                "is before the arrival", where="years", value=year, allowed="0 or more"
            )
    first = (
        sequences.stays.group_by("person", maintain_order=True)
        .first()
        .filter(pl.col("state") == "here")
    )
    rows = first.join(sequences.persons, on="person", how="left", maintain_order="left")
    if not len(rows):
        raise InputRefused("nobody arrived", where="left_again")
    end = pl.col("to_date").fill_null(pl.lit(sequences.until))
    rows = rows.with_columns(
        # Who leaves on the day of arrival has left on the first day.
        days=pl.max_horizontal((end - pl.col("from_date")).dt.total_days(), 1),
        cause=pl.col("next_state").replace_strict(_NEXT, default=0, return_dtype=pl.Int8),
        group=_group(by, width, _earliest(rows["from_date"]), sequences.until),
    )
    days, cause = rows["days"].to_numpy(), rows["cause"].to_numpy()
    group = rows["group"].to_list() if by else None
    follow = follow_up(days, cause, causes=CAUSES, group=group)
    either = np.where(cause == 4, 2, np.minimum(cause, 1))
    left = follow_up(days, either, causes=("left", "died"), group=group)
    at = [round(year * _YEAR) for year in years]
    parts = [incidence_and_shares(f, at).to("polars") for f in (left, follow)]
    tables = [pl.DataFrame(t).rename({"cause": "outcome"}) for t in parts]
    tables[0] = tables[0].filter(pl.col("outcome") == "left")
    incidence = pl.concat(tables, how="vertical_relaxed")
    if not by:
        incidence = incidence.select(pl.lit(_ALL).alias("group"), pl.all())
    return LeftAgain(
        _crude(rows), incidence, aalen_johansen(follow), follow, sequences.until.isoformat()
    )


def _group(by: str | None, width: int, earliest: int, until: date) -> pl.Expr:
    if by is None:
        return pl.lit(_ALL)
    if by == "origin":
        return pl.col("origin")
    if by != "cohort" or width < 1:
        raise UsageError("is no grouping", value=by, allowed=("cohort", "origin"))
    year = pl.col("from_date").dt.year()
    begin = (year - earliest) // width * width + earliest
    if width == 1:
        return begin.cast(pl.String)
    last = (until - timedelta(days=1)).year
    return pl.format("{}–{}", begin, pl.min_horizontal(begin + width - 1, last))


def _earliest(days: pl.Series) -> int:
    found = days.min()
    return found.year if isinstance(found, date) else 0


def _crude(rows: pl.DataFrame) -> pl.DataFrame:
    away = ~pl.col("here") & ~pl.col("died")
    return (
        rows.group_by("group")
        .agg(
            arrived=pl.len(),
            away=away.sum(),
            ever_left=(pl.col("departures") > 0).sum(),
            came_back=(pl.col("comings_back") > 0).sum(),
            died=pl.col("died").sum(),
        )
        .with_columns(
            away_share=pl.col("away") / pl.col("arrived"),
            ever_left_share=pl.col("ever_left") / pl.col("arrived"),
        )
        .sort("group")
    )
