"""Classifications from Statistics Norway's service (Klass), by way of `ssb-klass-python`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from folkestrom.classifications.basic_units import ALWAYS
from folkestrom.classifications.divisions.changes import AreaFiles, divided
from folkestrom.classifications.divisions.division import CHANGES, MUNICIPALITIES, Division, listed
from folkestrom.classifications.loading import CENTRALITY, Loaded, held
from folkestrom.errors import UsageError, UserError

# Numbers of the service's classifications.
_BASIC_UNITS: Final = 1
_PARTS_OF_TOWN: Final = 103
_CENTRALITY: Final = 128
_MUNICIPALITIES: Final = 131
# Columns of its answers that are read.
_CODE: Final = ("code", "name", "validFromInRequestedRange", "validToInRequestedRange")
_CHANGE: Final = ("changeOccurred", "oldCode", "newCode")
_PAIR: Final = ("sourceCode", "sourceName", "targetCode", "validFrom")
#: The service has basic units, and changes of them, from this day on.
_FIRST: Final = date(1980, 1, 1)


def pulled(until: date) -> Loaded:
    """Basic units with changes and parts of town, and centrality, as the service has them.

    Parameters
    ----------
    until
        The day after the last that is asked for.

    Raises
    ------
    UsageError
        The package is not installed, or the service did not answer with a classification.
    InputRefused
        It tells of changes of municipalities that cannot be.
    """
    klass = _package()
    end = str(until)
    codes = _codes(klass, _BASIC_UNITS, end)
    parts = _parts(klass, end)
    changes = _asked(
        _BASIC_UNITS,
        lambda: klass.KlassClassification(str(_BASIC_UNITS)).get_changes(str(_FIRST), end),
    )
    units = (
        codes.sort("valid_from")
        .group_by("code", maintain_order=True)
        .agg(pl.last("name"), pl.min("valid_from"), pl.max("valid_to"))
        .join(parts, on="code", how="left")
        .with_columns(pl.col("code", "part_of_town").cast(pl.Int32))
    )
    change = _texts(changes, _CHANGE).select(
        pl.col("changeOccurred").str.to_date().alias("day"),
        pl.col("oldCode").cast(pl.Int32).alias("old"),
        pl.col("newCode").cast(pl.Int32).alias("new"),
    )
    classes = _corresponding(klass, _CENTRALITY, _MUNICIPALITIES, end).select(
        pl.col("targetCode").alias("municipality"), pl.col("sourceCode").alias(CENTRALITY),
        pl.col("validFrom").str.to_date().alias("valid_from"),
    )  # fmt: skip
    return Loaded(
        units, change, held(classes) if classes.height else None, division=_division(klass, end)
    )


def _division(klass: Any, end: str) -> Division:
    """Municipalities later than the program's own."""
    last = max(row["day"] for row in listed(Division(), CHANGES))
    codes = _codes(klass, _MUNICIPALITIES, end).with_columns(pl.all().cast(pl.String))
    valid = codes.rows_by_key("code", named=True)
    changes = _asked(
        _MUNICIPALITIES,
        lambda: klass.KlassClassification(str(_MUNICIPALITIES)).get_changes(str(_FIRST), end),
    )
    told = _texts(changes, _CHANGE).select(day="changeOccurred", old="oldCode", new="newCode")
    later = told.filter(pl.col("day") > last).unique(maintain_order=True).to_dicts()
    # The service does not say that a number which gives a part away goes on.
    going_on = {
        (row["day"], row["old"], row["old"])
        for row in later
        if any(s["valid_from"] <= row["day"] < s["valid_to"] for s in valid.get(row["old"], ()))
    } - {(row["day"], row["old"], row["new"]) for row in later}
    later += [dict(zip(("day", "old", "new"), row, strict=True)) for row in sorted(going_on)]
    names = codes.filter(pl.col("valid_from") > last).select("code", "name", "valid_from")
    where = dict.fromkeys((CHANGES, MUNICIPALITIES), f"Klass {_MUNICIPALITIES}")
    return divided(AreaFiles(later, names.to_dicts(), (), where))


def _package() -> Any:
    try:
        import klass
    except ImportError as error:
        raise UsageError(
            "the classification service needs ssb-klass-python, which is not installed",
            next_step="Install folkestrom[klass], or load files with "
            "`folkestrom classifications load --from DIR`",
        ) from error
    return klass


def _codes(klass: Any, number: int, end: str) -> pl.DataFrame:
    found = _asked(
        number, lambda: klass.KlassClassification(str(number)).get_codes(str(_FIRST), end).data
    )
    # What is valid still is told to end where the range ends that was asked for.
    ends = pl.col("validToInRequestedRange").replace(end, None).str.to_date()
    return _texts(found, _CODE).select(
        "code", "name",
        pl.col("validFromInRequestedRange").str.to_date().alias("valid_from"),
        ends.fill_null(ALWAYS[1]).alias("valid_to"),
    )  # fmt: skip


def _parts(klass: Any, end: str) -> pl.DataFrame:
    """The part of town of each basic unit that lies in one, by the service's correspondence."""
    return (
        _corresponding(klass, _PARTS_OF_TOWN, _BASIC_UNITS, end)
        .select(
            pl.col("targetCode").alias("code"),
            pl.col("sourceCode").alias("part_of_town"),
            pl.col("sourceName").alias("part_of_town_name"),
        )
        .unique("code", keep="last", maintain_order=True)
    )


def _corresponding(klass: Any, source: int, target: int, end: str) -> pl.DataFrame:
    """Codes of one classification by those of another, in the order of their days."""
    found = _asked(
        source,
        lambda: (
            klass.KlassClassification(str(source))
            .get_correspondence_to(str(target), str(_FIRST), end)
            .data
        ),
    )
    return _texts(found, _PAIR).sort("validFrom", maintain_order=True)


def _asked(number: int, ask: Any) -> Any:
    """What the service answers; whatever goes wrong there is told as an error of ours."""
    try:
        return ask()
    except UserError:
        raise
    except Exception as error:
        raise UsageError(
            f"the classification service did not answer ({type(error).__name__})",
            where="classifications pull",
            value=f"Klass {number}",
            next_step="Try again later, or load files with "
            "`folkestrom classifications load --from DIR`. The store was left as it is.",
        ) from error


def _texts(frame: Any, columns: Sequence[str]) -> pl.DataFrame:
    """Columns of a data frame of pandas as text; an answer without rows has none of them."""
    return pl.DataFrame(
        {
            name: [
                None if value is None or value != value else str(value)
                for value in (frame[name] if len(frame) else ())
            ]
            for name in columns
        },
        schema=dict.fromkeys(columns, pl.String),
    )
