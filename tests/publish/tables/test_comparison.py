"""A table beside the one before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from folkestrom.model.specification import Category, same
from folkestrom.publish.tables.comparison import Change, Codes, compare, sums
from folkestrom.publish.tables.figures import SUPPRESSED, Figures
from tests.publish.small_bank import definition, figures


def test_a_table_is_the_same_as_itself() -> None:
    found = compare((definition(), figures()), (definition(), figures()))

    assert found is not None
    assert (found.changed, found.largest, found.codes) == (0, (), ())
    assert (found.hidden, found.shown) == (0, 0)
    assert found.cells == 2 * 5 * 2 * 106 * 22


def test_changes_are_told_by_their_codes_the_largest_first() -> None:
    before, after = figures(), figures()
    after.values["Personer1"][1, 0, 30, 21] += 5
    after.values["Personer1"][2, 1, 105, 0] -= 900
    after.values["Andel"][0, 0, 0, 0] += 0.01  # is not seen with one decimal
    status = np.array(after.status)
    status[0, 0, 5, 5] = SUPPRESSED

    found = compare((definition(), before), (definition(), replace(after, status=status)))

    assert found is not None
    assert found.changed == 2
    assert (found.hidden, found.shown) == (2, 0)
    old = int(before.values["Personer1"][2, 1, 105, 0])
    codes = {"Region": "11", "Kjonn": "2", "Alder": "105", "Tid": "2000"}
    assert found.largest[0] == Change("Personer1", codes, old, old - 900)
    assert found.largest[1].codes["Region"] == "03"


def test_codes_that_come_and_go_are_listed_and_the_others_compared() -> None:
    made = definition()
    years = made.variables[-1]
    later = replace(years, values=(*years.values[1:], Category("2022", same("2022"))))
    newer = replace(made, variables=(*made.variables[:-1], later))
    moved = Figures(
        {name: np.roll(values, -1, axis=-1) for name, values in figures().values.items()},
        None if figures().status is None else np.roll(figures().status, -1, axis=-1),  # type: ignore[arg-type]
    )

    found = compare((made, figures()), (newer, moved))

    assert found is not None
    assert found.codes == (Codes("Tid", ("2022",), ("2000",)),)
    assert (found.changed, found.cells) == (0, 2 * 5 * 2 * 106 * 21)


def test_other_variables_are_not_compared() -> None:
    other = replace(definition(), variables=definition().variables[1:])

    assert compare((definition(), figures()), (other, figures())) is None


def test_levels_that_do_not_add_up_to_their_total_are_found() -> None:
    persons = figures().values["Personer1"]
    persons[0] = persons[1] + persons[2]
    whole = Figures({"Personer1": persons, "Andel": figures().values["Andel"]})
    assert sums((definition(), whole)) == []

    persons[1, 0, 3, 2] += 7

    (found,) = sums((definition(), whole))
    assert (found.variable, found.level, found.cells, found.largest) == (
        "Region",
        "vs_Fylker",
        1,
        7,
    )
    assert found.of == 2 * 106 * 22
