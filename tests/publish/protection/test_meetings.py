"""Tables that meet: a small count that two of them tell together is found, and is no release."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from folkestrom.app.office.catalogue.tables import TABLES
from folkestrom.errors import InputRefused, UsageError
from folkestrom.model.specification import Category, same
from folkestrom.publish.protection import Policy
from folkestrom.publish.protection.meetings import Exact, meetings, told_by
from folkestrom.publish.protection.shield import Counted, protected
from folkestrom.publish.protection.vintages import Before, check_noise, differences
from folkestrom.publish.statbank.dataset import Published
from folkestrom.publish.tables.definition import CodeList, Content, Definition, Group, Variable
from folkestrom.publish.tables.figures import SUPPRESSED, Figures

PLACES = ("0", "03", "11", "0301", "1101", "1103")


def variable(id: str, codes: tuple[str, ...], by: str = "*") -> Variable:
    lists = ()
    if by == "0":
        levels = [[c for c in codes[1:] if len(c) == size] for size in (2, 4)]
        lists = tuple(
            CodeList(f"vs_{n}", same(""), tuple(Group(c, same(c), (c,)) for c in level))
            for n, level in enumerate(levels)
        )
    values = tuple(Category(code, same(code)) for code in codes)
    role: Any = {"Region": "geo", "Tid": "time"}.get(id, "")
    return Variable(id, same(id), values, role, by, lists)


REGION, SEX = variable("Region", PLACES, "0"), variable("Kjonn", ("1", "2"))
ORIGIN, YEAR = variable("Landbakgrunn", ("00", "a", "b")), variable("Tid", ("2020",), "")


def counted(id: str, variables: tuple[Variable, ...], cells: np.ndarray, policy: Policy) -> Counted:
    """A table of municipalities' cells, with counties and the nation, each person with a key."""
    definition = Definition(
        id, same(id), "be", same(""), (*variables, YEAR),
        (Content("Personer", same(""), same(""), measuring="Stock"),),
    )  # fmt: skip
    keys = np.random.default_rng(3).integers(0, 2**32, cells.shape, np.uint64) * (cells > 0)
    keys[cells == 1] = int(0.9 * 2**32)  # who is alone is shown as 3 or more, and not as 0
    tables = []
    for of, dtype in ((cells, np.int32), (keys, np.uint32)):
        whole = of
        if variables[0] is REGION:
            counties = np.stack([of[0], of[1] + of[2]])
            whole = np.concatenate([counties.sum(axis=0, keepdims=True), counties, of])
        tables.append((whole % 2**32).astype(dtype)[..., None])
    values, sums = ({"Personer": table} for table in tables)
    return Counted(definition, Figures(values), policy, {"persons": "Personer"}, {}, sums)


CELLS = np.array([[[400, 30, 9], [390, 28, 2]], [[90, 7, 3], [88, 6, 1]], [[0, 0, 1], [60, 9, 0]]])
AS_THEY_ARE = Policy("none", same("A trial."))
CELL_KEYS = Policy("cell keys", same("A trial."), units=(("Region", "Kjonn"),))


def beside(policy: Policy) -> tuple[Any, list[Exact]]:
    origins = protected(counted("B2", (REGION, SEX, ORIGIN), CELLS, policy), "f")
    whole = counted("B1", (REGION, SEX), CELLS.sum(axis=2), AS_THEY_ARE)
    return origins, [Exact(whole.definition, whole.figures, whole.contents)]


def test_two_tables_that_tell_a_small_count_are_refused_by_name() -> None:
    # One man lives in 1103: who sees how many, and a single group that is not 0, has it all.
    origins, exact = beside(replace(CELL_KEYS, units=()))
    assert origins.figures.values["Personer"][5, 0, 2, 0] > 0
    with pytest.raises(InputRefused, match="small counts derivable together") as refused:
        list(meetings([origins], exact))
    assert "B2 and B1: 1 make" in str(refused.value).replace("'", "")
    (alone,) = meetings([origins], [])
    assert (alone.told, alone.others, alone.shared) == (0, (), 0)


def test_a_table_that_counts_otherwise_tells_no_count() -> None:
    # By the accounts of quarters nobody left, by that of the year somebody did.
    origins, _ = beside(replace(CELL_KEYS, units=()))
    others = CELLS.sum(axis=2)
    others[2, 0] = 0
    other = counted("B1", (REGION, SEX), others, AS_THEY_ARE)
    found = list(meetings([origins], [Exact(other.definition, other.figures, other.contents)]))
    assert found[1].others == ("B1",)
    assert found[1].told == 0


def test_units_of_few_persons_are_not_broken_down() -> None:
    origins, exact = beside(replace(CELL_KEYS, few=10))
    found = list(meetings([origins], exact))
    assert [one.others for one in found] == [(), ("B1",)]
    assert found[1].shared == len(PLACES) * 3
    assert origins.figures.status is not None
    assert (origins.figures.status[5, 0, 2, 0], origins.decision.hidden) == (SUPPRESSED, 2)
    # The man of 1103 is of any of the three origins, and of none that is shown.
    assert (origins.figures.status[5, 0, :, 0] == SUPPRESSED).all()
    assert not origins.figures.values["Personer"][origins.figures.status > 0].any()


def test_groups_of_a_table_that_are_values_of_another_are_told() -> None:
    groups = (Group("young", same(""), ("1", "2")), Group("old", same(""), ("3",)))
    listed = (CodeList("agg", same(""), groups),)
    age = replace(variable("Alder", ("1", "2", "3")), code_lists=listed)
    by_age = counted("B1", (SEX, age), np.array([[3, 4, 5], [2, 2, 60]]), AS_THEY_ARE)
    exact = Exact(by_age.definition, by_age.figures, by_age.contents)
    by = (SEX, variable("Alder", ("old", "young", "other")))
    policy = replace(CELL_KEYS, units=())
    by_group = protected(counted("B2", by, np.array([[5, 7, 0], [60, 4, 0]]), policy), "f")
    found = list(meetings([by_group], [exact]))
    # Of "other" nothing is told; of the two groups, and of all, by sex and in all, everything is.
    assert [one.shared for one in found] == [0, 3 * 2]


def test_moves_are_told_by_both_of_their_ends() -> None:
    moves = np.array([[0, 30, 12], [8, 0, 40], [9, 11, 0]])
    places = ("0301", "1101", "1103")
    by = (variable("Fraflytting", places), variable("Tilflytting", places))
    made = counted("B9", by, moves, replace(CELL_KEYS, units=()))
    one = protected(replace(made, contents={"moves": "Personer"}), "f")
    ends = {"internal_out": moves.sum(axis=1), "internal_in": moves.sum(axis=0)}
    values = {}
    for name, sums in ends.items():
        whole = counted("B3", (REGION,), sums, AS_THEY_ARE)
        values[name] = whole.figures.values["Personer"]
    definition = replace(
        whole.definition,
        contents=tuple(Content(name, same(""), same(""), measuring="Flow") for name in ends),
    )
    exact = Exact(definition, Figures(values), {name: name for name in ends})
    told = told_by(one, exact)["Personer"][..., 0]
    assert told[:3, 3].tolist() == moves.sum(axis=1).tolist()
    assert told[3, :3].tolist() == moves.sum(axis=0).tolist()
    assert told[:3, :3].max() < 0


def test_units_are_not_broken_down_by_places_either() -> None:
    # Of origin a 9 live in one municipality and 1 in another: whoever knows of 10 knows that.
    cells = np.array([[0, 60], [9, 40], [1, 40]])
    by = (REGION, variable("Landbakgrunn", ("a", "b")))
    policy = replace(CELL_KEYS, units=(("Landbakgrunn",),), few=3)
    found = protected(counted("B2", by, cells, policy), "f")
    status = found.figures.status
    assert status is not None
    # In 03 and 0301 nobody does; were that shown, who is not shown would be in 1101 and 1103.
    assert (status[:, 0, 0] == SUPPRESSED).all()
    assert not status[:, 1].any()


def test_other_noise_than_that_of_what_is_out_is_refused_without_a_reason() -> None:
    out = protected(counted("B2", (REGION, SEX, ORIGIN), CELLS, CELL_KEYS), "f").decision
    assert check_noise("B2", CELL_KEYS, "f", out) == ""
    assert check_noise("B2", AS_THEY_ARE, "", out) == ""
    for policy, key, says in (
        (CELL_KEYS, "another", "secret"),
        (replace(CELL_KEYS, variance=2.0), "f", "variance"),
        (replace(CELL_KEYS, largest=6, small=1), "f", "small, largest"),
        (Policy("rounding", same("A trial.")), "", "policy"),
    ):
        with pytest.raises(InputRefused, match="could be averaged") as refused:
            check_noise("B2", policy, key, out)
        assert f"'{says}'" in str(refused.value)
        assert check_noise("B2", policy, key, out, "The secret was lost") == "The secret was lost"


def later(change: tuple[tuple[int, ...], ...]) -> tuple[Any, Before]:
    """A table of origins where persons came to some cells, its vintage before, and all by sex."""
    shown = []
    for moved in ((), change):
        cells = CELLS + 20
        for cell in moved:
            cells[cell] += 1
        origins = counted("B2", (REGION, SEX, ORIGIN), cells, replace(CELL_KEYS, few=10))
        whole = counted("B1", (REGION, SEX), cells.sum(axis=2), AS_THEY_ARE)
        # Who came has a key too, so that what counts that person is shown otherwise.
        added = np.zeros(CELLS.shape, np.int64)
        for cell in moved:
            added[cell] += 0x55555555
        keys = origins.keys["Personer"]
        keys += (
            counted("B2", (REGION, SEX, ORIGIN), added, CELL_KEYS)
            .figures.values["Personer"]
            .astype(np.uint32)
        )
        shown.append(
            (protected(origins, "f"), Exact(whole.definition, whole.figures, whole.contents))
        )
    (old, was), (new, now) = shown
    since = datetime(2021, 2, 19, tzinfo=UTC)
    return new, Before(Published(old.definition, old.figures, since, "r1"), [(was, now)])


def test_one_person_more_between_two_vintages_is_refused() -> None:
    new, before = later(())
    (found,) = differences([new], {"B2": before})
    assert (found.changed, found.told, found.others) == (0, 0, ("B1",))
    assert found.shared == len(PLACES) * 3
    new, before = later(((1, 1, 2),))
    with pytest.raises(InputRefused, match=r"tables B2 and B2 \(r1\) and B1"):
        list(differences([new], {"B2": before}))
    # Without the table that tells how many came in all, that figures changed tells no count.
    (found,) = differences([new], {"B2": replace(before, exact=())})
    assert found.changed > 0
    assert found.told == 0


def test_many_changes_between_two_vintages_tell_of_none() -> None:
    new, before = later(tuple((m, s, o) for m in range(3) for s in range(2) for o in range(3)))
    (found,) = differences([new], {"B2": before})
    assert found.changed > 20
    assert found.told == 0


def test_codes_that_are_new_counted_nobody_before() -> None:
    new, before = later(())
    definition, figures = before.table.definition, before.table.figures
    old = replace(
        definition,
        variables=(*definition.variables[:2], variable("Landbakgrunn", ("00", "a")), YEAR),
    )
    values = figures.values["Personer"]
    left = np.concatenate([values[:, :, :2], values[:, :, 3:]], axis=2)
    was = replace(before.table, definition=old, figures=Figures({"Personer": left}))
    (found,) = differences([new], {"B2": Before(was)})
    plain = replace(was, definition=replace(old, additive=True))
    assert not list(differences([new], {"B2": Before(plain)}))
    # The sum of all is that of those that there were.
    assert found.cells == new.shown["Personer"].size
    assert found.changed == int((new.shown["Personer"][:, :, 2] != 0).sum())


def test_rounded_tables_add_up_and_suppression_takes_no_nested_places() -> None:
    origins, _ = beside(Policy("rounding", same("A trial.")))
    figures = origins.figures.values["Personer"][..., 0]
    assert not ((figures > 0) & (figures < 3)).any()
    assert np.array_equal(figures[0], figures[1:3].sum(axis=0))
    assert np.array_equal(figures[2], figures[4:].sum(axis=0))
    with pytest.raises(UsageError, match="places within places"):
        beside(Policy("suppression", same("A trial.")))
    flat = counted("B3", (SEX, ORIGIN), CELLS[1], Policy("suppression", same("A trial.")))
    shown = protected(flat)
    assert shown.figures.status is not None
    hidden = shown.figures.status[..., 0] == SUPPRESSED
    assert hidden[1, 2]
    assert hidden.sum() >= 4
    assert shown.figures.values["Personer"][2, 3, 0] == CELLS[1].sum()


def test_every_table_of_the_catalogue_has_a_policy_with_its_reason() -> None:
    for table in TABLES.values():
        assert table.policy.reason.en
        assert table.policy.reason.no
    assert TABLES["B1001"].policy.kind == "none"
