"""The gate: a table goes in, and what may be shown of it comes out, with what was done to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.columns import check_arguments, names_of, refuse_amounts, refuse_levels, table_of
from folkestrom.disclosure.figures import (
    Booleans,
    Codes,
    Floats,
    blanked,
    codes_of,
    is_small,
    numbers_of,
)
from folkestrom.disclosure.groups import Base
from folkestrom.disclosure.nulls import without_values_under_nulls
from folkestrom.disclosure.records import (
    DisclosureRecord,
    by_lines,
    complementary_suppressions,
    disclosure_note,
    equal_to_totals,
    of_few_persons,
    rounded_counts,
    small_counts,
    summed,
    whole_percentages,
)
from folkestrom.disclosure.rounding import round_small
from folkestrom.disclosure.rules import Rules, named
from folkestrom.disclosure.suppression.accounts import (
    Account,
    Equal,
    Layout,
    suppress_account,
    suppress_counts,
)
from folkestrom.disclosure.suppression.complementary import Suppression, complement
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells, Frame, Target
from folkestrom.model.specification import Dimension, Measure, TableSpecification, Text, same

__all__ = ["DisclosureRecord", "Protected", "release", "rows_suppressed"]


@dataclass(frozen=True, slots=True)
class Protected:
    """What may be shown. The table that it was made from is not kept, nor what lay under its nulls.

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
    applied: tuple[DisclosureRecord, ...]

    def __post_init__(self) -> None:
        data = without_values_under_nulls(self.cells.data)
        object.__setattr__(self, "cells", replace(self.cells, data=data))

    @property
    def note(self) -> Text:
        """What was done, for readers, in English and Norwegian."""
        return disclosure_note(self.rules, self.applied)

    def _repr_html_(self) -> str:
        return self.cells._repr_html_()

    def to(self, target: Target) -> Frame:
        """The protected rows as an Arrow table, or for Polars or pandas."""
        return self.cells.to(target)


def release(
    table: Cells | pa.Table | Any,
    rules: Rules | str,
    *,
    counts: str | Sequence[str],
    persons: str | None = None,
    base: str | None = None,
    rest: bool = False,
    years: float = 1.0,
    population: str | None = None,
    split: Sequence[str] = (),
    percentages: Sequence[str] = (),
    dimensions: Sequence[str] = (),
    time: str | None = None,
    account: Account | None = None,
    equal: Equal | None = None,
    occurring: bool = False,
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
    persons
        The measure that holds how many persons the counts are of, where one of them may be counted
        in several years: they must not be few either. It does not come out.
    base
        The measure that holds the population, or the person-years, of each group.
    rest
        Those of the base who are not counted can be found too: their number is held to the same
        minimum.
    years
        How many years the base adds up, where it is person-years: the minimum population is one of
        persons, who would else count once for every year.
    population
        The measure that holds the persons of each group, where the base is their person-years and
        the persons were counted.
    split
        Dimensions that split a group, such as outcomes; the base and the population are those of
        the whole group in each of its rows, and the counts add up to the base. They need not be
        known from elsewhere, then, and are protected as counts are.
    percentages
        Measures that are percentages. One that is made whole is shown without its count, and
        without what is computed from it beside it: the exact one would follow.
    dimensions
        Of a table that is not `Cells`: the columns that tell cells apart.
    time
        The dimension of time, if there is one: what is counted at different times is not added up.
    account
        The counts make up an account, and must not tell one another.
    equal
        Two of the counts that are equal where all places are taken together.
    occurring
        Combinations that do not occur have no row: a count in a row of its own is 1 at least.

    Notes
    -----
    Categories that a dimension says are totals are held to the minimum too, and suppressed beside
    it only where nothing else protects.

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
    Disclosure control "ours": counts of 1-4, or from which they are derivable, suppressed: 2.
    """
    check_arguments(release, locals())
    given = named(rules) if isinstance(rules, str) else rules
    cells = table if isinstance(table, Cells) else _cells(table, dimensions)
    listed = list(names_of(counts, "counts"))
    base_of = Base(base, population, years, tuple(split))
    _check_numbers(cells, [*listed, *(n for n in (persons, base, population) if n is not None)])
    people, cells = _apart(cells, persons)
    _check(cells, given, listed, base_of, rest, percentages)
    whole = data = _whole(_order(cells), listed)
    names = [d.id for d in cells.specification.dimensions]
    codes = [codes_of(data[name]) for name in names]
    applied: list[DisclosureRecord] = []
    hidden = base_of.too_small(data, given, applied)
    if split:
        apart = [code for name, code in zip(names, codes, strict=True) if name not in split]
        hidden = base_of.protected(data, hidden, apart, given, applied)
    data = blanked(data, hidden, base_of.measures)
    if given.rounding_base:
        for name in listed:
            data = _round(data, name, hidden, codes, given, applied, people)
    elif given.minimum_cell or hidden.any():
        others = numbers_of(data[base]) if rest and base is not None else None
        primary = {n: _primary(data, n, hidden, given, people, others) for n in listed}
        of = replace(_layout(cells, data, time, equal), occurring=occurring)
        _without_few_in_all(primary, of, equal)
        data = _suppress(data, primary, hidden, of, given, applied, account, equal)
    if split and given.rounding_base:
        data = base_of.of_rounded(data, listed[0], apart)
    computed = _others(cells.specification, listed, base_of)
    sources = (*listed, *base_of.measures[:1])
    for name in computed:
        data = _derived(data, [name], sources if account is None else account.computed[name])
    if given.whole_percent_below and percentages:
        data = _coarse(data, percentages, (*listed, *computed), base_of, given, applied)
    note = disclosure_note(given, applied)
    specification = cells.specification
    specification = replace(specification, footnotes=(*specification.footnotes, note))
    shown = Cells(specification, data, rows_suppressed(whole, data))
    return Protected(shown, given, summed(applied))


def rows_suppressed(before: pa.Table, after: pa.Table) -> pa.BooleanArray:
    """Rows in which a figure that there is is not shown.

    What is undefined in such a row is not told apart from what is suppressed: it would say that
    nobody is there.

    Parameters
    ----------
    before, after
        The same rows before and after they were protected.
    """
    found = np.zeros(after.num_rows, np.bool_)
    for name in after.column_names:
        gone = pc.and_(before[name].is_valid(), after[name].is_null())
        found |= np.asarray(gone.to_numpy(), np.bool_)
    return pa.array(found)


def _apart(cells: Cells, persons: str | None) -> tuple[Floats | None, Cells]:
    """The persons that the counts are of, and the table without them."""
    if persons is None:
        return None, cells
    known = [measure.id for measure in cells.specification.measures]
    if persons not in known:
        raise UsageError("is not a measure", where="persons", value=persons, allowed=known)
    left = tuple(measure for measure in cells.specification.measures if measure.id != persons)
    specification = replace(cells.specification, measures=left)
    people = numbers_of(cells.data[persons])
    return people, Cells(specification, cells.data.drop_columns([persons]))


def _check(
    cells: Cells,
    rules: Rules,
    counts: Sequence[str],
    of: Base,
    rest: bool,
    percentages: Sequence[str],
) -> None:
    known = [measure.id for measure in cells.specification.measures]
    for where, names in (
        ("counts", counts),
        ("base", of.measures),
        ("percentages", percentages),
    ):
        for name in names:
            if name not in known:
                raise UsageError("is not a measure", where=where, value=name, allowed=known)
    coarse = bool(percentages) and rules.whole_percent_below
    if of.base is None and (rules.minimum_population or rest or coarse or of.split):
        raise UsageError(
            f"rules {rules.name!r} need to know how many there are in each group",
            where="base",
            allowed=known,
        )
    named_dimensions = [dimension.id for dimension in cells.specification.dimensions]
    for name in of.split:
        if name not in named_dimensions:
            raise UsageError("is no dimension", where="split", value=name, allowed=named_dimensions)
    if of.split and len(counts) != 1:
        raise UsageError("take one count, which adds up to the base", where="split", value=counts)
    if rules.rounding_base and _others(cells.specification, counts, of):
        raise UsageError(
            "is computed from counts that are to be rounded, and would give them away",
            where="measures",
            value=_others(cells.specification, counts, of)[0],
            next_step="Leave it out, and compute it from the rounded counts",
        )
    for name in (*counts, *(of.measures if of.split else ())):
        _check_whole(cells.data[name], name)


def _check_whole(column: pa.ChunkedArray, name: str) -> None:
    kind = column.type
    whole = pa.types.is_integer(kind) or (
        pa.types.is_floating(kind) and pc.all(pc.equal(column, pc.round(column))).as_py()
    )
    if not whole or column.null_count:
        raise UsageError("does not hold whole counts in every row", where="counts", value=name)


def _whole(data: pa.Table, names: Sequence[str]) -> pa.Table:
    """Counts as whole numbers: some tables hold them as sums of weights of one."""
    for name in names:
        if pa.types.is_floating(data[name].type):
            at = data.column_names.index(name)
            data = data.set_column(at, name, data[name].cast(pa.int64()))
    return data


def _others(specification: TableSpecification, counts: Sequence[str], of: Base) -> list[str]:
    """Measures that are computed from the counts."""
    return [m.id for m in specification.measures if m.id not in (*counts, *of.measures)]


def _check_numbers(cells: Cells, names: Sequence[str]) -> None:
    """Refuse counts and populations that are no numbers, or negative."""
    table = table_of(cells.data, "release")
    for name in names:
        if name in table:
            column = table.column(name)
            refuse_amounts(column.values.to_frame().lazy(), column, may_miss=True)


def _cells(table: Any, dimensions: Sequence[str]) -> Cells:
    given = table_of(table, "release")
    if not len(dimensions):
        raise UsageError("are not said", where="dimensions", allowed=given.names)
    columns = {name: given.column(name) for name in (*dimensions, *given.names)}
    for name in dimensions:
        column = columns[name]
        refuse_levels(column.values.to_frame().lazy(), column, may_miss=True)
    data = table if isinstance(table, pa.Table) else given.frame(given.names).to_arrow()
    measures = [name for name in given.names if name not in dimensions]
    specification = TableSpecification(
        "table",
        same(""),
        tuple(Dimension(name, same(name)) for name in dimensions),
        tuple(Measure(name, same(name), same("")) for name in measures),
    )
    return Cells(specification, data)


def _order(cells: Cells) -> pa.Table:
    names = [d.id for d in cells.specification.dimensions]
    return cells.data.select([*names, *(m.id for m in cells.specification.measures)])


def _primary(
    data: pa.Table,
    name: str,
    hidden: Booleans,
    rules: Rules,
    people: Floats | None,
    whole: Floats | None,
) -> Booleans:
    """Counts that must not be shown by themselves."""
    counts = numbers_of(data[name]).astype(np.int64)
    small = is_small(counts if people is None else np.minimum(counts, people), rules)
    if whole is not None:
        small |= is_small(whole - counts, rules) & ~hidden
    return small | hidden


def _suppress(
    data: pa.Table,
    primary: Mapping[str, Booleans],
    hidden: Booleans,
    of: Layout,
    rules: Rules,
    applied: list[DisclosureRecord],
    account: Account | None,
    equal: Equal | None,
) -> pa.Table:
    limit, names = rules.minimum_cell, list(account.signs if account else primary)
    counts = {name: numbers_of(data[name]).astype(np.int64) for name in primary}
    if account is None:
        found = suppress_counts(list(counts.values()), list(primary.values()), of, limit)
    else:
        small = [primary[n] for n in names]
        found = suppress_account([counts[n] for n in names], small, of, account, limit, equal)
    found = _both(dict(zip(names, found, strict=True)), of, equal)
    for name, one in zip(names, found, strict=True):
        first = primary[name]
        if limit:
            applied.append(small_counts(rules, int((first & ~hidden).sum())))
        applied.append(complementary_suppressions(int((one.hidden & ~first).sum())))
        unsolved = [cell for cell in one.given_away if first[cell] and not hidden[cell]]
        applied += [equal_to_totals(len(unsolved))] if unsolved else []
        applied += [by_lines(len(one.by_lines))] if one.by_lines else []
        data = blanked(data, one.hidden, [name])
    return data


def _without_few_in_all(primary: Mapping[str, Booleans], of: Layout, equal: Equal | None) -> None:
    """Equal counts that are few where all places are together are not shown of any of these.

    Both tell each total of such a time, from whichever places or other totals it is summed.
    """
    if equal is None or of.whole is None or of.whole.all():
        return
    for cells in of.parts():
        whole = cells[of.whole[cells]]
        if any(primary[name][whole].any() for name in equal.counts):
            for name in equal.counts:
                primary[name][cells] = True


def _both(found: Mapping[str, Suppression], of: Layout, equal: Equal | None) -> list[Suppression]:
    """The same cells of equal counts suppressed: one of them tells the other."""
    made = dict(found)
    if equal is not None and of.whole is not None:
        hidden = np.any([found[name].hidden for name in equal.counts], axis=0) & of.whole
        for name in equal.counts:
            made[name] = replace(found[name], hidden=found[name].hidden | hidden)
    return list(made.values())


def _layout(cells: Cells, data: pa.Table, time: str | None, equal: Equal | None) -> Layout:
    """How the cells belong together: which are totals, and which are of one time."""
    summed = np.zeros(data.num_rows, np.int64)
    whole = None if equal is None else np.ones(data.num_rows, np.bool_)
    codes = []
    times = np.zeros(data.num_rows, np.int64)
    for dimension in cells.specification.dimensions:
        column = data[dimension.id]
        if dimension.id == time:
            times = codes_of(column.cast(pa.string())) if len(column) else times
            continue
        codes.append(codes_of(column))
        if dimension.total is not None:
            total = np.array([code == dimension.total for code in column.to_pylist()])
            summed += total
        if whole is not None and equal is not None and dimension.id in equal.places:
            whole &= total if dimension.total is not None else False
    return Layout(codes, summed, times, whole=whole)


def _round(
    data: pa.Table,
    name: str,
    hidden: Booleans,
    codes: Sequence[Codes],
    rules: Rules,
    applied: list[DisclosureRecord],
    people: Floats | None,
) -> pa.Table:
    counts = numbers_of(data[name]).astype(np.int64)
    base = rules.rounding_base
    rounded = round_small(counts, codes, base)
    applied.append(rounded_counts(rules, int((rounded != counts).sum())))
    column = pa.array(rounded, data[name].type)
    data = data.set_column(data.column_names.index(name), name, column)
    # Many years of few persons: no rounding of the years protects these.
    few = np.zeros(len(counts), np.bool_)
    if people is not None:
        few = (people > 0) & (people < base) & (counts >= base) & ~hidden
        applied.append(of_few_persons(rules, int(few.sum())))
    gone = complement(rounded, hidden | few, codes, base)
    if hidden.any() or few.any():
        applied.append(complementary_suppressions(int((gone & ~hidden & ~few).sum())))
    return blanked(data, gone, [name])


def _derived(data: pa.Table, others: Sequence[str], sources: Sequence[str]) -> pa.Table:
    gone = np.zeros(data.num_rows, np.bool_)
    for name in sources:
        gone |= np.asarray(data[name].is_null().to_numpy(), np.bool_)
    return blanked(data, gone, others)


def _coarse(
    data: pa.Table,
    percentages: Sequence[str],
    exact: Sequence[str],
    of: Base,
    rules: Rules,
    applied: list[DisclosureRecord],
) -> pa.Table:
    few = of.persons(data) < rules.whole_percent_below
    hit = 0
    for name in percentages:
        column = data[name].combine_chunks()
        whole = pc.if_else(pa.array(few), pc.round(column), column)
        hit += int((few & np.asarray(column.is_valid().to_numpy(False), np.bool_)).sum())
        data = data.set_column(data.column_names.index(name), name, whole)
    applied.append(whole_percentages(rules, hit))
    return blanked(data, few, [name for name in exact if name not in percentages])
