"""The gate: a table goes in, and what may be shown of it comes out, with what was done to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.disclosure.rounding import round_small
from folkestrom.disclosure.rules import Rules, named
from folkestrom.disclosure.suppression import complement, determined
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, Frame, Target
from folkestrom.model.specification import Dimension, Measure, TableSpecification, Text, same

_NOTHING: Final = Text("no cell was affected", "ingen celler ble berørt")


@dataclass(frozen=True, slots=True)
class Applied:
    """One rule, and what it did.

    Parameters
    ----------
    rule
        Its name: "minimum_population", "minimum_cell", "complement", "rounding" or
        "whole_percent".
    text
        What it says.
    cells
        How many cells it affected.
    """

    rule: str
    text: Text
    cells: int


@dataclass(frozen=True, slots=True)
class Protected:
    """What may be shown. The table that it was made from is not kept.

    Parameters
    ----------
    cells
        The protected table; its footnotes say what was done.
    rules
        The rules.
    applied
        What each of them did; those that affected nothing are here too.
    """

    cells: Cells
    rules: Rules
    applied: tuple[Applied, ...]

    @property
    def note(self) -> Text:
        """What was done, for readers, in English and Norwegian."""
        return _note(self.rules, self.applied)

    def to(self, target: Target) -> Frame:
        """The protected rows as an Arrow table, or for Polars or pandas."""
        return self.cells.to(target)


def release(
    table: Cells | pa.Table | Any,
    rules: Rules | str,
    *,
    counts: str | Sequence[str],
    base: str | None = None,
    rest: bool = False,
    years: float = 1.0,
    percentages: Sequence[str] = (),
    dimensions: Sequence[str] = (),
) -> Protected:
    """Protect a table for publication.

    Parameters
    ----------
    table
        Cells; or a table or data frame of Arrow, Polars or pandas, with `dimensions`.
    rules
        Rules, or the name of some: "research", "statistics" or "rounded".
    counts
        The measures that count persons or their events. Every other measure but `base` is taken to
        be computed from them, and is not shown where one of them is not.
    base
        The measure that holds the population, or the person-years, of each group.
    rest
        Those of the base who are not counted can be found too: their number is held to the same
        minimum.
    years
        How many years the base adds up, where it is person-years: the minimum population is one of
        persons, who would else count once for every year.
    percentages
        Measures that are percentages.
    dimensions
        Of a table that is not `Cells`: the columns that tell cells apart.

    Notes
    -----
    With rounding, measures computed from the counts would give the true ones away: they must be
    computed from the rounded counts afterwards, and are refused here.

    Examples
    --------
    >>> table = pa.table({"area": ["a", "b", "c"], "moves": [2, 9, 30], "persons": [50, 90, 99]})
    >>> found = release(table, Rules("ours", minimum_cell=5), counts="moves", base="persons",
    ...                 dimensions=["area"])
    >>> found.cells.data["moves"].to_pylist()
    [None, None, 30]
    >>> print(found.note.en)
    Disclosure control "ours": counts of 1-4 suppressed: 1; suppressed with them: 1.
    """
    given = named(rules) if isinstance(rules, str) else rules
    cells = table if isinstance(table, Cells) else _cells(table, dimensions)
    listed = [counts] if isinstance(counts, str) else list(counts)
    _check(cells, given, listed, base, rest, percentages)
    data = _order(cells)
    codes = [_codes(data[d.id]) for d in cells.specification.dimensions]
    applied: list[Applied] = []
    hidden = np.zeros(data.num_rows, np.bool_)
    if given.minimum_population and base is not None:
        hidden = _numbers(data[base]) / years < given.minimum_population
        applied.append(_population(given, int(hidden.sum())))
        data = _blank(data, hidden, [base])
    for name in listed:
        if given.rounding_base:
            data = _round(data, name, hidden, codes, given, applied)
        elif given.minimum_cell or hidden.any():
            data = _suppress(data, name, hidden, codes, given, applied, rest=base if rest else None)
    data = _derived(data, cells.specification, listed, base)
    if given.whole_percent_below and percentages:
        data = _coarse(data, percentages, base, given, applied)
    specification = cells.specification
    note = _note(given, applied)
    specification = replace(specification, footnotes=(*specification.footnotes, note))
    return Protected(Cells(specification, data, cells.remarks), given, _summed(applied))


def _check(
    cells: Cells,
    rules: Rules,
    counts: Sequence[str],
    base: str | None,
    rest: bool,
    percentages: Sequence[str],
) -> None:
    known = [measure.id for measure in cells.specification.measures]
    for where, names in (
        ("counts", counts),
        ("base", [base] if base else []),
        ("percentages", percentages),
    ):
        for name in names:
            if name not in known:
                raise UsageError("is not a measure", where=where, value=name, allowed=known)
    if base is None and (
        rules.minimum_population or rest or (percentages and rules.whole_percent_below)
    ):
        raise UsageError(
            f"rules {rules.name!r} need to know how many there are in each group",
            where="base",
            allowed=known,
        )
    derived = [name for name in known if name not in (*counts, base)]
    if rules.rounding_base and derived:
        raise UsageError(
            "is computed from counts that are to be rounded, and would give them away",
            where="measures",
            value=derived[0],
            next_step="Leave it out, and compute it from the rounded counts",
        )
    for name in counts:
        if not pa.types.is_integer(cells.data[name].type) or cells.data[name].null_count:
            raise UsageError("does not hold whole counts in every row", where="counts", value=name)


def _cells(table: Any, dimensions: Sequence[str]) -> Cells:
    data = _arrow(table)
    missing = [name for name in dimensions if name not in data.column_names]
    if missing or not dimensions:
        raise UsageError(
            "is not a column of the table" if missing else "are not said",
            where="dimensions",
            value=missing[0] if missing else None,
            allowed=data.column_names,
        )
    measures = [name for name in data.column_names if name not in dimensions]
    specification = TableSpecification(
        "table",
        same(""),
        tuple(Dimension(name, same(name)) for name in dimensions),
        tuple(Measure(name, same(name), same("")) for name in measures),
    )
    return Cells(specification, data)


def _arrow(table: Any) -> pa.Table:
    if isinstance(table, pa.Table):
        return table
    if hasattr(table, "to_arrow"):
        return table.to_arrow()
    if type(table).__module__.split(".")[0] == "pandas":
        return pa.Table.from_pandas(table, preserve_index=False)
    raise UsageError(
        "is not a table", value=type(table).__name__, allowed="Cells, Arrow, Polars or pandas"
    )


def _order(cells: Cells) -> pa.Table:
    names = [d.id for d in cells.specification.dimensions]
    return cells.data.select([*names, *(m.id for m in cells.specification.measures)])


def _codes(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    encoded = column.dictionary_encode("encode")
    return np.asarray(encoded.indices.to_numpy(zero_copy_only=False), np.int64)


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    filled = pc.fill_null(column.cast(pa.float64()), 0.0)
    return np.asarray(filled.to_numpy(), np.float64)


def _blank(data: pa.Table, hidden: npt.NDArray[np.bool_], names: Sequence[str]) -> pa.Table:
    for name in names:
        column = data[name].combine_chunks()
        gone = pa.array(hidden)
        at = data.column_names.index(name)
        data = data.set_column(at, name, pc.if_else(gone, pa.scalar(None, column.type), column))
    return data


def _population(rules: Rules, hit: int) -> Applied:
    limit = rules.minimum_population
    text = Text(
        f"groups with a population below {limit} not shown",
        f"grupper med færre enn {limit} personer er ikke vist",
    )
    return Applied("minimum_population", text, hit)


def _small(rules: Rules, hit: int) -> Applied:
    first, last = 0 if rules.zeros else 1, rules.minimum_cell - 1
    counts = str(last) if first == last else f"{first}-{last}"
    text = Text(f"counts of {counts} suppressed", f"antall på {counts} er skjult")
    return Applied("minimum_cell", text, hit)


def _complement(hit: int) -> Applied:
    return Applied("complement", Text("suppressed with them", "skjult sammen med dem"), hit)


def _suppress(
    data: pa.Table,
    name: str,
    hidden: npt.NDArray[np.bool_],
    codes: Sequence[npt.NDArray[np.int64]],
    rules: Rules,
    applied: list[Applied],
    *,
    rest: str | None,
) -> pa.Table:
    counts = _numbers(data[name]).astype(np.int64)
    limit = rules.minimum_cell
    small = (counts < limit) & ((counts > 0) | rules.zeros)
    if rest is not None:
        others = _numbers(data[rest]) - counts
        small |= (others < limit) & ((others > 0) | rules.zeros) & ~hidden
    primary = small | hidden
    gone = complement(counts, primary, codes, limit)
    unsolved = [cell for cell in determined(gone, codes) if small[cell]]
    if limit:
        applied.append(_small(rules, int((small & ~hidden).sum())))
    applied.append(_complement(int((gone & ~primary).sum())))
    if unsolved:
        applied.append(
            Applied(
                "totals",
                Text(
                    "cells that equal a total of theirs, which must not be shown either",
                    "celler som er lik en av sine summer, som heller ikke må vises",
                ),
                len(unsolved),
            )
        )
    return _blank(data, gone, [name])


def _round(
    data: pa.Table,
    name: str,
    hidden: npt.NDArray[np.bool_],
    codes: Sequence[npt.NDArray[np.int64]],
    rules: Rules,
    applied: list[Applied],
) -> pa.Table:
    counts = _numbers(data[name]).astype(np.int64)
    rounded = round_small(counts, codes, rules.rounding_base)
    text = Text(
        f"counts below {rules.rounding_base} rounded to 0 or {rules.rounding_base}",
        f"antall under {rules.rounding_base} er avrundet til 0 eller {rules.rounding_base}",
    )
    applied.append(Applied("rounding", text, int((rounded != counts).sum())))
    column = pa.array(rounded, data[name].type)
    data = data.set_column(data.column_names.index(name), name, column)
    gone = complement(rounded, hidden, codes, rules.rounding_base)
    if hidden.any():
        applied.append(_complement(int((gone & ~hidden).sum())))
    return _blank(data, gone, [name])


def _derived(
    data: pa.Table, specification: TableSpecification, counts: Sequence[str], base: str | None
) -> pa.Table:
    gone = np.zeros(data.num_rows, np.bool_)
    for name in (*counts, *([base] if base else [])):
        gone |= np.asarray(data[name].is_null().to_numpy(), np.bool_)
    others = [m.id for m in specification.measures if m.id not in (*counts, base)]
    return _blank(data, gone, others)


def _coarse(
    data: pa.Table,
    percentages: Sequence[str],
    base: str | None,
    rules: Rules,
    applied: list[Applied],
) -> pa.Table:
    few = pa.array(_numbers(data[base]) < rules.whole_percent_below)
    hit = 0
    for name in percentages:
        column = data[name].combine_chunks()
        whole = pc.if_else(few, pc.round(column), column)
        hit += int(pc.sum(pc.not_equal(whole, column)).as_py() or 0)
        data = data.set_column(data.column_names.index(name), name, whole)
    limit = rules.whole_percent_below
    text = Text(
        f"percentages of fewer than {limit} made whole",
        f"prosenter av færre enn {limit} er gjort hele",
    )
    applied.append(Applied("whole_percent", text, hit))
    return data


def _summed(applied: Sequence[Applied]) -> tuple[Applied, ...]:
    """One entry a rule, where several counts were protected by it."""
    found: dict[str, Applied] = {}
    for one in applied:
        before = found.get(one.rule)
        found[one.rule] = replace(one, cells=one.cells + (before.cells if before else 0))
    return tuple(found.values())


def _note(rules: Rules, applied: Sequence[Applied]) -> Text:
    said = _summed(applied)
    hit = [one for one in said if one.cells]
    parts = {
        language: "; ".join(f"{one.text.of(language)}: {one.cells}" for one in hit)
        or _rules(said, language) + _NOTHING.of(language)
        for language in ("en", "no")
    }
    return Text(
        f'Disclosure control "{rules.name}": {parts["en"]}.',
        f'Avsløringskontroll "{rules.name}": {parts["no"]}.',
    )


def _rules(said: Sequence[Applied], language: str) -> str:
    listed = (one for one in said if one.rule != "complement")
    return "".join(f"{one.text.of(language)}; " for one in listed)
