"""An attacker who has every file of a transmission, what is published, and the method.

Each figure that is sent bounds the true count behind it, whatever data set it is in; totals are
sums of their parts, single ages add up to groups, and the end of an account is a population.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from folkestrom.disclosure import perturbation_table
from folkestrom.disclosure.tables.sums import with_sums
from folkestrom.publish.protection.shield import sums_of, whole_place
from folkestrom.publish.tables.definition import Definition
from folkestrom.publish.tables.figures import SUPPRESSED, Figures
from folkestrom.publish.transmission.declared import translated

#: A population base and an indicator; and the codes of a cell, without totals.
Family = tuple[str, str]
Key = tuple[Family, frozenset[tuple[str, str]]]
Bounds = tuple[float, float]

_TOTALS = {"REF_AREA": "NO"}
#: Variables of published tables: their dimension, and their name in the vocabulary.
_VARIABLES = {
    "Region": ("REF_AREA", "county"), "Kjonn": ("SEX", "sex"), "Alder": ("AGE", "age_five_year"),
    "Statsborgerskap": ("CITIZENSHIP", "citizenship"),
}  # fmt: skip
_CONTENTS = {
    "Personer": "POPULATION", "Personer1": "POPULATION", "Levendefodte": "BIRTHS", "Dode": "DEATHS",
    "Innvandring": "IMMIGRATION", "Utvandring": "EMIGRATION",
}  # fmt: skip
_ANY: Bounds = (0, np.inf)


def behind(largest: int = 5, variance: float = 3.0, never: int = 2) -> dict[int, Bounds]:
    """By figure, the least and the greatest count that cell keys may make it of."""
    table = perturbation_table(largest, variance, never)
    found: dict[int, tuple[int, int]] = {}
    for count in range(200):
        of = table.count == min(count, table.count.max())
        for change in table.change[of & (table.upper > table.lower)].tolist():
            low, high = found.get(count + change, (count, count))
            found[count + change] = min(low, count), max(high, count)
    return dict(found)


@dataclass
class Known:
    """What is known of true counts: their bounds, and which are the sums of which."""

    bounds: dict[Key, Bounds] = field(default_factory=dict)
    sums: dict[Key, list[list[Key]]] = field(default_factory=dict)

    def told(self, key: Key, low: float, high: float) -> None:
        least, most = self.bounds.get(key, _ANY)
        self.bounds[key] = max(least, low), min(most, high)

    def narrowed(self) -> Known:
        """Bounds passed from sums to parts and back until nothing changes."""
        bounds = dict(self.bounds)
        for _ in range(20):
            before = dict(bounds)
            for total, ways in self.sums.items():
                for parts in ways:
                    _narrow(bounds, total, parts)
            if bounds == before:
                break
        return Known(bounds, self.sums)

    def programmed(self, key: Key) -> Bounds:
        """The bounds of one count by linear programming over its whole family."""
        keys = [k for k in self.bounds if k[0] == key[0]]
        at = {k: n for n, k in enumerate(keys)}
        entries = [
            (row, at[k], value)
            for row, (total, parts) in enumerate(
                (total, parts) for total, ways in self.sums.items() if total in at for parts in ways
            )
            for k, value in [(total, -1.0), *((part, 1.0) for part in parts)]
        ]
        rows, columns, values = map(np.array, zip(*entries, strict=True))
        equations = csr_array((values, (rows, columns)), shape=(int(rows.max()) + 1, len(keys)))
        objective = np.zeros(len(keys))
        found = []
        for sign in (1.0, -1.0):
            objective[at[key]] = sign
            solved = linprog(
                objective, A_eq=equations, b_eq=np.zeros(equations.shape[0]),
                bounds=[self.bounds[k] for k in keys],
            )  # fmt: skip
            assert solved.status in (0, 3), solved.message  # solved, or without a bound
            found.append(sign * solved.fun if solved.status == 0 else sign * -np.inf)
        return float(np.ceil(found[0] - 1e-6)), float(np.floor(found[1] + 1e-6))


def _narrow(bounds: dict[Key, Bounds], total: Key, parts: list[Key]) -> None:
    lows, highs = ([bounds[part][n] for part in parts] for n in (0, 1))
    low, high = max(bounds[total][0], sum(lows)), min(bounds[total][1], sum(highs))
    bounds[total] = low, high
    unbounded = highs.count(np.inf)
    finite = sum(one for one in highs if one != np.inf)
    for part, least, most in zip(parts, lows, highs, strict=True):
        others = np.inf if unbounded > (most == np.inf) else finite - (most if not unbounded else 0)
        bounds[part] = max(least, low - others), min(most, high - (sum(lows) - least))


@dataclass
class Read:
    """A data set as it is read: figures by the codes of a cell, of which None is a total."""

    id: str
    dimensions: list[str]
    cells: dict[tuple[str | None, ...], str | None]
    exact: bool

    @classmethod
    def of(cls, folder: Path, id: str, exact: bool) -> Read:
        """What is not there is shown as 0; what is suppressed, as None."""
        with (folder / f"{id}.csv").open(encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        names = [*rows[0]][4 : [*rows[0]].index("INDICATOR")]
        if {row["REF_AREA"] for row in rows} == {"NO"}:
            names.remove("REF_AREA")
        shown: dict[tuple[str | None, ...], str | None] = {}
        for row in rows:
            codes = [None if row[n] == _TOTALS.get(n, "_T") else row[n] for n in names]
            shown[(row["INDICATOR"], *codes)] = row["OBS_VALUE"] or None
        listed = [list(dict.fromkeys(key[n] for key in shown)) for n in range(len(names) + 1)]
        return cls(id, names, {key: shown.get(key, "0") for key in product(*listed)}, exact)

    @classmethod
    def of_table(cls, made: Definition, figures: Figures, year: int) -> Read:
        """A published table, of the flows of a year or the stock at its end."""
        axes: list[list[tuple[int, str | None]]] = []
        for variable in made.variables[:-1]:
            name = _VARIABLES[variable.id][1]
            groups = [g for found in variable.code_lists for g in found.groups if g.code[0] == "F"]
            places = [(variable.places[code], code) for code in variable.places]
            if groups:
                at = variable.stored | {(n,): n for n in variable.places.values()}
                places = [(at[tuple(variable.places[c] for c in g.of)], g.code) for g in groups]
            if variable.role == "geo":
                places = [(n, code) for n, code in places if len(code) == 2]  # counties
            whole = whole_place(variable)
            axes.append([(whole, None)] if whole is not None else [])
            axes[-1] += [(n, translated(name, code)) for n, code in places if n != whole]
        stock = made.contents[0].measuring == "Stock"
        time = made.time.places[str(year + stock)]
        cells: dict[tuple[str | None, ...], str | None] = {}
        for content in made.contents:
            values = figures.values[content.code]
            values = with_sums(values, sums_of(made)) if made.additive else values
            for at_ in product(*axes) if content.code in _CONTENTS else ():
                place = (*(n for n, _ in at_), time)
                gone = figures.status is not None and figures.status[place] == SUPPRESSED
                codes = (_CONTENTS[content.code], *(code for _, code in at_))
                cells[codes] = None if gone else str(values[place])
        return cls(
            made.id, [_VARIABLES[v.id][0] for v in made.variables[:-1]], cells, made.additive
        )

    def completed(self, there: Iterable[Key]) -> Read:
        """The same with codes of which no figure is sent, that cells which are there have."""
        codes = [
            dict.fromkeys(key[n] for key in self.cells) for n in range(len(self.dimensions) + 1)
        ]
        families = {self.key(key)[0] for key in self.cells}
        for family, cell in there:
            if family in families and {name for name, _ in cell} == {*self.dimensions}:
                for name, code in cell:
                    codes[self.dimensions.index(name) + 1][code] = None
        return replace(self, cells={key: self.cells.get(key, "0") for key in product(*codes)})

    def key(self, codes: tuple[str | None, ...]) -> Key:
        """The key of a cell: the same in every data set."""
        base = "usual" if self.id.startswith("UR_") else "registered"
        indicator = "POPULATION" if codes[0] == "POP_END" else str(codes[0])
        told = zip(self.dimensions, codes[1:], strict=True)
        return (base, indicator), frozenset((n, code) for n, code in told if code is not None)

    def sums(self) -> Iterator[tuple[Key, list[Key]]]:
        """Totals along each dimension, with their parts."""
        for axis in range(1, len(self.dimensions) + 1):
            parts: dict[tuple[str | None, ...], list[Key]] = {}
            for codes in self.cells:
                if codes[axis] is not None:
                    total = (*codes[:axis], None, *codes[axis + 1 :])
                    parts.setdefault(total, []).append(self.key(codes))
            yield from ((self.key(codes), of) for codes, of in parts.items() if codes in self.cells)


def read_all(
    folder: Path, published: Iterable[tuple[Definition, Figures]], year: int
) -> list[Read]:
    """The data sets of a transmission, and published tables."""
    manifest = json.loads((folder / "transmission.json").read_text("utf-8"))
    sent = [Read.of(folder, one["id"], one["policy"] == "none") for one in manifest["data_sets"]]
    return [*sent, *(Read.of_table(*table, year) for table in published)]


def known_of(read: Sequence[Read], figures: Mapping[int, Bounds] | None = None) -> Known:
    """What an attacker knows, before anything is concluded.

    `figures` has the counts that may stand behind each figure; None: those of cell keys.
    """
    behind_figures = behind() if figures is None else figures
    exact: dict[Key, int] = {}
    known = Known()
    for one in read:
        if one.exact:
            exact |= {one.key(codes): int(shown or 0) for codes, shown in one.cells.items()}
    exact = {**_grouped(exact), **exact}
    for one in read:
        for codes, shown in one.cells.items():
            key = one.key(codes)
            if key in exact:
                known.bounds[key] = exact[key], exact[key]
            elif shown is not None:
                known.told(key, *_behind(behind_figures, int(shown)))
            else:
                known.told(key, *_ANY)
        for total, parts in one.sums():
            known.sums.setdefault(total, []).append(parts)
    return known


def _behind(figures: Mapping[int, Bounds], shown: int) -> Bounds:
    """Above 100 all figures are alike."""
    least, most = figures[min(shown, 100)]
    return least + max(shown - 100, 0), most + max(shown - 100, 0)


def _grouped(exact: Mapping[Key, int]) -> Counter[Key]:
    """Exact counts of single ages, added up to groups of five."""
    found: Counter[Key] = Counter()
    for (family, cell), count in exact.items():
        for name, code in cell:
            if name == "AGE" and re.fullmatch(r"Y\d+", code):
                first = int(code[1:]) // 5 * 5
                group = cell - {(name, code)} | {(name, f"Y{first}T{first + 4}")}
                found[family, group] += count
    return found
