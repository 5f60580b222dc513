"""Change one published target, and let others give way by a stated rule.

A cell is named as in the tidy form of `published`: table, then (sex, row, column). What gives way:

================  ==============================================================================
table             rule
================  ==============================================================================
key-figures       a flow: the statistical adjustment takes the opposite; the adjustment itself:
                  immigration takes the opposite
age-groups        a group's residents: so many more never-married Norwegian citizens of the
                  group's most numerous sex and age live in the largest municipality, and have
                  immigrated in the last year; the total grows
marital-status    a status: the never-married of the same sex and age; the never-married: the
                  persons of unknown status
citizenship       one of the fifteen: further citizenships of the same sex, in proportion; the
                  total: further citizenships grow and Norwegians give way
================  ==============================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from folkestrom.errors import UserError
from folkestrom.twin.targets import published
from folkestrom.twin.targets.checks import check_consistency
from folkestrom.twin.targets.definition import AGE_GROUPS, SEXES, Ints, Targets
from folkestrom.twin.targets.rounding import largest_remainder

Cell = tuple[str, str, str]
#: Name of an array of `Targets` -> its new values.
Changes = dict[str, Ints]

_FLOWS: Final = ("births", "deaths", "immigration", "emigration")
_UNKNOWN, _NEVER = 0, 1


def with_change(
    targets: Targets, table: str, cell: Cell, change: int, *, compensate: bool = True
) -> Targets:
    """Targets with one published cell changed by `change`.

    Parameters
    ----------
    targets
        The targets to begin with; they stay as they are.
    table, cell
        The cell, as `published_tables` names it: a table and (sex, row, column).
    change
        How much is added to it.
    compensate
        Let others give way by the rule of the table. Without it nothing else changes, and a
        contradiction is an error that names it.

    Raises
    ------
    UserError
        If there is no such cell, it is a sum of others, or the result contradicts itself.

    Examples
    --------
    >>> from folkestrom.twin.targets.embedded import embedded_targets
    >>> changed = with_change(
    ...     embedded_targets(2018), "key-figures", ("", "value", "deaths"), 7
    ... )
    >>> changed.deaths[-1].item(), changed.adjustment[-1].item()
    (40618, 101)
    """
    rule = _RULES.get(table)
    if rule is None:
        raise _no_cell(table, cell, f"one of {', '.join(_RULES)}")
    made = targets.altered(rule(targets, cell, change, compensate))
    check_consistency(made)
    return made


def with_changes(
    targets: Targets, changes: Mapping[tuple[str, Cell], int], *, compensate: bool = True
) -> Targets:
    """Targets with several cells changed, checked once all are."""
    made = targets
    for (table, cell), change in changes.items():
        rule = _RULES.get(table)
        if rule is None:
            raise _no_cell(table, cell, f"one of {', '.join(_RULES)}")
        made = made.altered(rule(made, cell, change, compensate))
    check_consistency(made)
    return made


def _no_cell(table: str, cell: Cell, allowed: str) -> UserError:
    return UserError(
        "is not a target that can be changed",
        where=f"table {table}",
        value=" / ".join(part for part in cell if part),
        allowed=allowed,
        next_step="Name a cell that is not the sum of others.",
    )


def _key_figure(targets: Targets, cell: Cell, change: int, compensate: bool) -> Changes:
    name = cell[2]
    if name == "statistical_adjustment":
        out = {"adjustment": _last_plus(targets.adjustment, change)}
        if compensate:
            out["immigration"] = _last_plus(targets.immigration, -change)
        return out
    if name not in _FLOWS:
        raise _no_cell("key-figures", cell, f"{', '.join(_FLOWS)} or statistical_adjustment")
    out = {}
    if name == "births":
        out["births"] = targets.births.copy()
        out["births"][-1, 0] += change
    else:
        out[name] = _last_plus(getattr(targets, name), change)
    if compensate:
        sign = -1 if name in {"births", "immigration"} else 1
        out["adjustment"] = _last_plus(targets.adjustment, sign * change)
    return out


def _last_plus(values: Ints, change: int) -> Ints:
    out = values.copy()
    out[-1] += change
    return out


def _age_group(targets: Targets, cell: Cell, change: int, compensate: bool) -> Changes:
    sex_name, row, column = cell
    ages = published.TABLE1_GROUPS.get(row)
    if ages is None or sex_name != "both" or column != "population":
        groups = ", ".join(published.TABLE1_GROUPS)
        raise _no_cell("age-groups", cell, f"both / a group / population; groups are {groups}")
    sex, offset = np.unravel_index(
        int(targets.population[-1][:, ages].argmax()), targets.population[-1][:, ages].shape
    )
    age = ages.start + int(offset)
    out = {"population": targets.population.copy()}
    out["population"][-1, sex, age] += change
    if compensate:
        group = min(age // 5, len(AGE_GROUPS) - 1)
        home = targets.citizenship_codes.index("NO")
        out["marital"] = targets.marital.copy()
        out["marital"][-1, sex, group, _NEVER] += change
        out["citizenship"] = targets.citizenship.copy()
        out["citizenship"][-1, sex, home] += change
        out["municipality_population"] = targets.municipality_population.copy()
        largest = int(targets.municipality_population[-1].argmax())
        out["municipality_population"][-1, largest] += change
        out["immigration"] = _last_plus(targets.immigration, change)
    return out


def _marital(targets: Targets, cell: Cell, change: int, compensate: bool) -> Changes:
    sex_name, row, column = cell
    if sex_name not in SEXES or row not in AGE_GROUPS or column not in published.TABLE2_COLUMNS:
        raise _no_cell("marital-status", cell, "male or female / an age group / a status")
    place = -1, SEXES.index(sex_name), AGE_GROUPS.index(row)
    code = published.TABLE2_COLUMNS.index(column) + 1
    out = targets.marital.copy()
    out[(*place, code)] += change
    if compensate:
        out[(*place, _UNKNOWN if code == _NEVER else _NEVER)] -= change
    return {"marital": out}


def _citizenship(targets: Targets, cell: Cell, change: int, compensate: bool) -> Changes:
    sex_name, row, _ = cell
    if sex_name not in SEXES or row not in ("total", *published.TABLE3_CITIZENSHIPS):
        raise _no_cell("citizenship", cell, "male or female / total or one of the fifteen")
    sex = SEXES.index(sex_name)
    codes = targets.citizenship_codes
    out = targets.citizenship.copy()
    further = [
        n for n, code in enumerate(codes) if code not in ("NO", *published.TABLE3_CITIZENSHIPS)
    ]
    spread = change if row == "total" else -change
    if row != "total":
        out[-1, sex, codes.index(row)] += change
    elif compensate:
        out[-1, sex, codes.index("NO")] -= change
    if compensate or row == "total":
        out[-1, sex, further] += largest_remainder(out[-1, sex, further], spread)
    return {"citizenship": out}


_RULES: Final[dict[str, Callable[[Targets, Cell, int, bool], Changes]]] = {
    "key-figures": _key_figure,
    "age-groups": _age_group,
    "marital-status": _marital,
    "citizenship": _citizenship,
}
