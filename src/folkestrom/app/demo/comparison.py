"""Tables from the store beside the published ones, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from folkestrom.model.specification import Category, Measure, TableSpecification, Text
from folkestrom.statistics.published import specifications as spec
from folkestrom.statistics.published.specifications import BOTH, TOTAL
from folkestrom.twin.targets.published import CELL_KEY

#: What identifies a cell inside its table: sex, row, column.
CellKey = tuple[str, str, str]
Number = int | float

#: The tables that are compared, in the order of the page.
SPECIFICATIONS: Final[dict[str, TableSpecification]] = {
    "key-figures": spec.KEY_FIGURES,
    "age-groups": spec.AGE_GROUPS,
    "marital-status": spec.MARITAL_STATUS_AS_PUBLISHED,
    "citizenship": spec.CITIZENSHIP,
}

#: What the page calls them, where it numbers them.
NUMBERED: Final = {"age-groups": 1, "marital-status": 2, "citizenship": 3}

#: Columns of Table 1: names of the measures, and those of the tidy form.
_CHANGES: Final = {
    "change_1_year": "change_1",
    "change_5_years": "change_5",
    "change_10_years": "change_10",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """One cell: the figure from the store, and the published one.

    Parameters
    ----------
    own
        From the store; None: there is no such cell.
    published
        As printed; None: not printed.
    printed
        Whether the published table has a figure here. One that lost it says nothing.
    """

    own: Number | None
    published: Number | None
    printed: bool = True

    @property
    def differs(self) -> bool:
        """Whether the two figures are not the same."""
        return self.printed and self.own != self.published

    @property
    def difference(self) -> Number | None:
        """The store's figure less the published one."""
        if self.own is None or self.published is None:
            return None
        exact = self.own - self.published
        return exact if isinstance(exact, int) else round(exact, 1)


@dataclass(frozen=True, slots=True)
class Block:
    """Part of a table that is printed as one grid.

    Parameters
    ----------
    label
        Its heading; None where the table has one block only.
    rows, columns
        Categories down and across.
    cells
        A row of pairs for every row.
    decimals
        Decimals of every column.
    """

    label: Text | None
    rows: tuple[Category, ...]
    columns: tuple[Category, ...]
    cells: tuple[tuple[Pair, ...], ...]
    decimals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ComparedTable:
    """One table with both sides of every cell.

    Parameters
    ----------
    name
        Its name, as `folkestrom table` takes it.
    specification
        Titles, footnotes, method.
    pairs
        Every cell of either side.
    blocks
        The same as it is printed.
    """

    name: str
    specification: TableSpecification
    pairs: Mapping[CellKey, Pair]
    blocks: tuple[Block, ...]

    @property
    def compared(self) -> int:
        """Number of cells that have a published figure, or should have none."""
        return sum(pair.printed for pair in self.pairs.values())

    @property
    def differing(self) -> int:
        """Number of cells that differ."""
        return sum(pair.differs for pair in self.pairs.values())


def tidy(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """A table from the store in the tidy form of the published ones.

    Parameters
    ----------
    name
        Which table.
    frame
        Its cells in long form, as `Store.table` gives them.
    """
    text = [pl.col(c).cast(pl.String) for c, t in frame.schema.items() if not t.is_numeric()]
    return _TIDY[name](frame.with_columns(text)).select(
        pl.lit(name).alias("table"),
        pl.col("sex", "row", "column"),
        pl.col("number").cast(pl.Int64),
        pl.col("percent").cast(pl.Float64),
    )


def compare(
    name: str, own: pl.DataFrame, published: pl.DataFrame, years: Mapping[str, object]
) -> ComparedTable:
    """Put two tidy frames beside each other.

    Parameters
    ----------
    name
        Which table.
    own
        Its cells from the store.
    published
        Published cells, of this table and perhaps of others.
    years
        What the texts of the specification are filled in with.
    """
    here = published.filter(pl.col("table") == name)
    joined = own.with_columns(here=True).join(
        here.with_columns(there=True), on=list(CELL_KEY), how="full", coalesce=True, suffix="_there"
    )
    pairs = {
        (row["sex"], row["row"], row["column"]): _pair(row) for row in joined.iter_rows(named=True)
    }
    specification = SPECIFICATIONS[name].fill(**years)
    return ComparedTable(name, specification, pairs, tuple(_blocks(specification, pairs)))


def _pair(row: Mapping[str, object]) -> Pair:
    own = row["percent"] if row["number"] is None else row["number"]
    published = row["percent_there"] if row["number_there"] is None else row["number_there"]
    lost = bool(row["there"]) and published is None
    return Pair(own, published, printed=not lost)  # type: ignore[arg-type]


def _key_figures(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        pl.lit("").alias("sex"),
        pl.lit("value").alias("row"),
        pl.col("figure").alias("column"),
        pl.col("value").alias("number"),
        pl.lit(None).alias("percent"),
    )


def _age_groups(frame: pl.DataFrame) -> pl.DataFrame:
    columns = {"population": "population", **_CHANGES}
    return pl.concat(
        frame.select(
            pl.lit(BOTH).alias("sex"),
            pl.col("age_group").alias("row"),
            pl.lit(column).alias("column"),
            (pl.lit(None) if measure in _CHANGES else pl.col(measure))
            .cast(pl.Int64)
            .alias("number"),
            (pl.col(measure) if measure in _CHANGES else pl.lit(None))
            .cast(pl.Float64)
            .alias("percent"),
        )
        for measure, column in columns.items()
    )


def _marital_status(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        pl.col("sex"),
        pl.col("age").alias("row"),
        pl.col("marital_status").alias("column"),
        pl.col("persons").alias("number"),
        pl.lit(None).alias("percent"),
    )


def _citizenship(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        pl.col("sex"),
        pl.col("citizenship").alias("row"),
        pl.lit("population").alias("column"),
        pl.col("persons").alias("number"),
        pl.lit(None).alias("percent"),
    )


_TIDY: Final = {
    "key-figures": _key_figures,
    "age-groups": _age_groups,
    "marital-status": _marital_status,
    "citizenship": _citizenship,
}


def _blocks(specification: TableSpecification, pairs: Mapping[CellKey, Pair]) -> Iterator[Block]:
    if specification.id == "key-figures":
        (figures,) = specification.dimensions
        keys = {c.code: [("", "value", c.code)] for c in figures.categories}
        yield _block(None, figures.categories, _headings(specification.measures), keys, pairs)
    elif specification.id == "age-groups":
        (groups,) = specification.dimensions
        columns = _headings(specification.measures)
        keys = {g.code: [(BOTH, g.code, c.code) for c, _ in columns] for g in groups.categories}
        yield _block(None, groups.categories, columns, keys, pairs)
    elif specification.id == "marital-status":
        sexes, ages, statuses = (dimension.categories for dimension in specification.dimensions)
        columns = [(status, 0) for status in statuses]
        for sex in sexes:
            keys = {a.code: [(sex.code, a.code, s.code) for s in statuses] for a in ages}
            yield _block(sex.label, ages, columns, keys, pairs)
    else:
        rows = tuple(_countries(specification, pairs))
        sexes = specification.dimension("sex").categories
        keys = {r.code: [(s.code, r.code, "population") for s in sexes] for r in rows}
        yield _block(None, rows, [(sex, 0) for sex in sexes], keys, pairs)


def _block(
    label: Text | None,
    rows: Sequence[Category],
    columns: Sequence[tuple[Category, int]],
    keys: Mapping[str, Sequence[CellKey]],
    pairs: Mapping[CellKey, Pair],
) -> Block:
    nothing = Pair(None, None, printed=False)
    cells = tuple(tuple(pairs.get(key, nothing) for key in keys[row.code]) for row in rows)
    categories = tuple(category for category, _ in columns)
    return Block(label, tuple(rows), categories, cells, tuple(decimals for _, decimals in columns))


def _headings(measures: Sequence[Measure]) -> list[tuple[Category, int]]:
    return [(Category(_CHANGES.get(m.id, m.id), m.label), m.decimals) for m in measures]


def _countries(
    specification: TableSpecification, pairs: Mapping[CellKey, Pair]
) -> Iterator[Category]:
    """Citizenships of either side by size, the total first."""
    size = {row: p.published or p.own or 0 for (sex, row, _), p in pairs.items() if sex == BOTH}
    labels = specification.dimension("citizenship").labels
    for code in sorted(size, key=lambda code: (code != TOTAL, -size[code], code)):
        yield Category(code, Text("Total", "I alt") if code == TOTAL else labels(code))
