"""Moves from where to where, and scenarios of them, beside a count pair by pair."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from folkestrom.errors import UsageError
from folkestrom.projection.areas import Areas
from folkestrom.projection.assumptions import Floats, Rates
from folkestrom.projection.changes import Span
from folkestrom.projection.changes_of_moves import moves_in_steps
from folkestrom.projection.scenario import Scenario, scenario_of
from tests.projection.test_areas import AREAS, areas, closed, split
from tests.projection.test_properties import CELLS, drawn

CODES = ("03", "11", "31", "50")
STEPS = 5


def scenario(*changes: str) -> Scenario:
    written = "".join(f'[[change]]\ncomponent = "moves"\n{change}\n' for change in changes)
    return scenario_of(tomllib.loads(written), "trial")


def pairs(made: Areas) -> Floats:
    """Rates of moving by origin, destination, group, sex and age, each by itself."""
    found = np.zeros((AREAS, AREAS, *CELLS.shape))
    for o, d, age in np.ndindex(AREAS, AREAS, CELLS.ages):
        found[o, d, ..., age] = (
            made.moving[o, ..., age] * made.destinations[made.classes[age], o, d]
        )
    return found


def brute(made: Areas, rates: Floats, persons: Floats) -> Floats:
    """Moves of a step in which nobody dies, leaves or comes: (areas, areas, groups, 2, ages)."""
    found = np.zeros((AREAS, AREAS, *CELLS.shape))
    older = np.zeros_like(persons)
    older[..., 1:] = persons[..., :-1]
    older[..., -1] += persons[..., -1]
    share = np.stack([made.destinations[made.classes[a]] for a in range(CELLS.ages)], -1)
    for o, g, sex, age in np.ndindex(AREAS, *CELLS.shape):
        if age == 0 or not CELLS.resident[g]:
            continue
        # Half of the step in one age group and half in the next, to where the movers of that go.
        by_kind = np.divide(
            rates[o, :, g, sex], share[o], out=np.zeros((AREAS, CELLS.ages)), where=share[o] > 0
        )
        if age < CELLS.ages - 1:
            own = (by_kind[:, age - 1] + by_kind[:, age]) / 2 * share[o, :, age]
            total = own.sum()
            movers = older[o, g, sex, age] * -np.expm1(-total)
            found[o, :, g, sex, age] = movers * own / total if total else 0
    return found


def still(seed: int) -> tuple[Floats, Rates, Areas]:
    """Nobody dies, leaves, is born or comes; none is in the open age group, where cohorts meet."""
    persons, rates = drawn(seed)
    for name in ("mortality", "emigration", "fertility", "immigration"):
        getattr(rates, name)[:] = 0
    begun = split(persons, seed)
    begun[..., -2:] = 0
    return begun, rates, areas(seed, alike=True)


CHANGES: dict[str, tuple[str, tuple[list[int], list[int], slice]]] = {
    "half as many leave for Oslo": (
        'destinations = "03"\nmultiply = 0.5', ([0, 1, 2, 3], [0], slice(0, 12)),
    ),
    "set": (
        'origins = ["11", "50"]\ndestinations = ["03", "31"]\nages = "3-8"\nset = 0.2',
        ([1, 3], [0, 2], slice(3, 9)),
    ),
    "add": ('origins = ["31"]\nages = "4-"\nadd = 0.1', ([2], [0, 1, 2, 3], slice(4, 12))),
}  # fmt: skip


def wanted(name: str, rates: Floats, weight: float = 1.0) -> Floats:
    """What each change makes of rates by pair."""
    _, (origins, to, ages) = CHANGES[name]
    found = rates.copy()
    for o, g, sex in np.ndindex(AREAS, *CELLS.shape[:2]):
        if o not in origins or not CELLS.resident[g]:
            continue
        for age in range(CELLS.ages)[ages]:
            whole = sum(rates[o, d, g, sex, age] for d in to)
            aim = {"half as many leave for Oslo": whole / 2, "set": 0.2, "add": whole + 0.1}[name]
            for d in to:
                if whole > 0:
                    found[o, d, g, sex, age] *= 1 + weight * (aim / whole - 1)
    return found


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_moves_is_of_those_pairs_and_of_no_other(name: str) -> None:
    begun, rates, made = still(11)
    during = moves_in_steps(scenario(CHANGES[name][0]), made, CODES, Span(CELLS, 2021, STEPS))
    ((later, happened, moves),) = made.projected(CELLS, begun, rates, 1, during=during)
    assert moves is not None
    expected = brute(made, wanted(name, pairs(made)), begun)
    found = moves.between(happened[-1], (1, 2, 3))
    assert found == pytest.approx(expected, abs=1e-9)
    assert found.sum() > 10
    assert happened[-2] == pytest.approx(expected.sum(axis=0), abs=1e-9)
    unchanged = [made_of.between(h[-1]) for _, h, made_of in made.projected(CELLS, begun, rates, 1)
                 if made_of]  # fmt: skip
    if name.startswith("half"):
        # Fewer than half as few leave at all: the others leave for elsewhere.
        oslo = moves.between(happened[-1])[1:, 0].sum() / unchanged[0][1:, 0].sum()
        assert 0.5 < oslo < 0.56
    assert later.sum() == pytest.approx(begun.sum())


def test_what_comes_in_over_years_and_stays() -> None:
    begun, rates, made = still(12)
    text = 'destinations = "03"\nmultiply = 0.5\nfrom = 2022\nfade_in = 2'
    during = moves_in_steps(scenario(text), made, CODES, Span(CELLS, 2021, STEPS))
    assert during is not None
    for step, weight in enumerate((0, 0.5, 1, 1, 1)):
        own = during(step)
        ((_, happened, moves),) = own.projected(CELLS, begun, rates, 1)
        assert moves is not None
        expected = brute(made, wanted("half as many leave for Oslo", pairs(made), weight), begun)
        assert moves.between(happened[-1], (1, 2, 3)) == pytest.approx(expected, abs=1e-9)
    assert during(3) is during(4)


def test_nobody_moves_where_the_rate_is_set_to_nothing_and_the_nation_stays() -> None:
    persons, rates = drawn(13)
    begun, made = split(persons, 13), areas(13, alike=True)
    during = moves_in_steps(scenario("set = 0"), made, CODES, Span(CELLS, 2021, STEPS))
    for _, happened, _moves in made.projected(CELLS, begun, rates, STEPS, during=during):
        assert happened[-1].sum() == 0
    other = scenario('origins = "03"\nsex = "female"\nages = "3-6"\nadd = 0.3')
    during = moves_in_steps(other, made, CODES, Span(CELLS, 2021, STEPS))
    whole = [one[0].sum(axis=0) for one in made.projected(CELLS, begun, rates, STEPS)]
    moved = [one[0].sum(axis=0) for one in made.projected(CELLS, begun, rates, STEPS,
                                                          during=during)]  # fmt: skip
    assert np.stack(moved) == pytest.approx(np.stack(whole), rel=1e-12)
    assert other.applied(rates, CELLS, 2021, STEPS) is rates


@pytest.mark.parametrize("kept", [(), (2,), (3, 2), (1,), (1, 2, 3), (3, 1)])
def test_moves_add_up_to_the_accounts(kept: tuple[int, ...]) -> None:
    persons, rates = drawn(14)
    begun, made = split(persons, 14), areas(14, alike=False)
    some = scenario('destinations = ["03", "50"]\nmultiply = 2', 'origins = "03"\nset = 0.3')
    for change in (None, some):
        span = Span(CELLS, 2021, STEPS)
        during = moves_in_steps(change, made, CODES, span) if change else None
        for _, happened, moves in made.projected(CELLS, begun, rates, STEPS, during=during):
            assert moves is not None
            found = moves.between(happened[-1], kept)
            left_out = tuple(axis for axis in (1, 2, 3) if axis not in kept)
            order = [0, *(1 + sorted(kept).index(axis) for axis in kept)]
            for way, axis in ((happened[-1], 1), (happened[-2], 0)):
                account = way.sum(axis=left_out).transpose(order)
                assert found.sum(axis=axis) == pytest.approx(account, rel=1e-12, abs=1e-9)
            assert found[range(AREAS), range(AREAS)].sum() == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('destinations = "3"\nmultiply = 0.5', "(?s)destinations: '3' is no area.*Allowed: 03"),
        ('origins = ["O3"]\nmultiply = 0.5', "(?s)change 1, origins: 'O3' is no area"),
        ('origins = [3]\nmultiply = 0.5', r"(?s)is no list of areas.*Allowed: codes"),
        ("set = 1.5", "(?s)set: '1.5' is no rate by person-year.*up to 1"),
        ("multiply = -1", "makes rates or numbers negative"),
        ("add = -1", "makes rates or numbers negative"),
        ('origins = "03"\ndestinations = "03"\nmultiply = 2', "(?s)is of nobody.*another area"),
        ('groups = "abroad"\nmultiply = 2', "is of nobody"),
        ("multiply = 2\nfrom = 2040", "begins after the last year"),
        ("level = 5", "must be said by one number"),
        ('ages = "9-3"\nmultiply = 2', "end before they begin"),
    ],
)  # fmt: skip
def test_a_scenario_of_moves_that_cannot_be(change: str, said: str) -> None:
    _, _, made = still(15)

    def first() -> Areas | None:
        during = moves_in_steps(scenario(change), made, CODES, Span(CELLS, 2021, STEPS))
        return during(0) if during else None

    with pytest.raises(UsageError, match=said):
        first()


def test_areas_are_of_moves_and_two_levels_contradict_each_other() -> None:
    with pytest.raises(UsageError, match="only moves are from where to where"):
        scenario_of({"change": [{"component": "mortality", "origins": "03", "multiply": 2}]})
    to_oslo, from_oslo = scenario('destinations = "03"\nset = 0.1'), scenario(
        'origins = "03"\nset = 0.2'
    )  # fmt: skip
    with pytest.raises(UsageError, match="contradict each other"):
        (to_oslo + from_oslo).applied(drawn(16)[1], CELLS, 2021, STEPS)
    elsewhere = scenario('origins = "03"\ndestinations = "11"\nset = 0.2')
    (to_oslo + elsewhere).applied(drawn(16)[1], CELLS, 2021, STEPS)


def test_accounts_close_in_every_cell_under_a_scenario() -> None:
    from folkestrom.projection.projecting import project

    persons, rates = drawn(16)
    made = areas(16, alike=False)
    during = moves_in_steps(
        scenario('destinations = "03"\nmultiply = 3'), made, CODES, Span(CELLS, 2021, STEPS)
    )
    assert during is not None
    nation = project(CELLS, persons, rates.assumptions(CELLS), steps=STEPS)
    assumed = during(0).assumptions(CELLS, rates)
    closed(project(CELLS, split(persons, 16), assumed, nation=nation, steps=STEPS))
