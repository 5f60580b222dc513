"""Every public function with arguments that it takes, and what nobody should give it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from folkestrom import disclosure
from folkestrom.analysis import flows, followup, mobility, regression
from tests.pictures.results import counties
from tests.pictures.results import rates as rates_by_hand

ROOMS = (
    "folkestrom", "folkestrom.disclosure",
    *(f"folkestrom.analysis.{name}" for name in (
        "decomposition", "figures", "flows", "followup", "mobility", "rates", "regression",
        "study",
    )),
)  # fmt: skip
#: Persons are told from all other numbers, so that none can be shown unnoticed.
PERSONS = [77_000_000 + k // 3 for k in range(24)]
N = len(PERSONS)
#: Columns of the fits whose methods are asked.
_MODEL = "person outcome age place left stop"


def public() -> dict[str, Callable[..., Any]]:
    """Every function that a room hands on, by its name."""
    return {
        f"{room.removeprefix('folkestrom.').removeprefix('analysis.')}.{name}": function
        for room in ROOMS
        for name in import_module(room).__all__
        if inspect.isfunction(function := getattr(import_module(room), name))
    }


def _table() -> dict[str, list[Any]]:
    """Spells, cells and person-years at once."""
    return {
        "person": PERSONS,
        "start": [0] * N,
        "stop": [5 + k * 7 % 13 for k in range(N)],
        "left": [k % 2 for k in range(N)],
        "end": [("moved", "died", "censored")[k * 5 % 3] for k in range(N)],
        "age": [30 + k * 11 % 17 for k in range(N)],
        "place": [("urban", "rural")[k * k % 5 % 2] for k in range(N)],
        "group": [("a", "b")[k % 2] for k in range(N)],
        "weight": [1.0 + k // 3 % 2 for k in range(N)],
        "outcome": [("stay", "move")[k * 7 % 3 % 2] for k in range(N)],
        "events": [k % 3 for k in range(N)],
        "days": [1000 + k for k in range(N)],
        "year": [2000 + k % 3 for k in range(N)],
    }


def _moves() -> dict[str, list[Any]]:
    people = [77_000_001, 77_000_001, 77_000_002, 77_000_003, 77_000_003]
    return {
        "person": people,
        "date": [date(2010, 1, 1), date(2012, 1, 1), date(2010, 1, 1), date(2011, 1, 1),
                 date(2013, 1, 1)],
        "from_country": ["PL", "NO", "PL", "PL", "NO"],
        "to_country": ["NO", "PL", "NO", "NO", "DE"],
        "country_of_birth": ["PL"] * 5,
    }  # fmt: skip


@cache
def _follow(**more: Any) -> followup.FollowUp:
    t = _table()
    return followup.follow_up(t["stop"], t["end"], group=t["group"], **more)


@cache
def _states() -> followup.FollowUp:
    return followup.transitions(
        [5, 9, 9, 9], ["home", "home", "away", "home"], ["away", None, "home", None],
        entry=[0, 0, 5, 0], states=["home", "away"],
    )  # fmt: skip


@cache
def _fit(covariate: str = "age") -> mobility.MobilityFit:
    return mobility.mobility(
        _table(), f"outcome ~ {covariate}", person="person", outcomes=["stay", "move"],
        effects="none",
    )  # fmt: skip


@cache
def _panel() -> mobility.Panel:
    t = _table()
    codes = [int(v == "move") for v in t["outcome"]]
    return mobility.make_panel(
        t["person"], codes, [mobility.number("age", t["age"])], outcomes=["stay", "move"]
    )


@cache
def _matrix() -> flows.FlowMatrix:
    return flows.flow_matrix(_moves(), origin="from_country", destination="to_country")


@cache
def _sequences() -> flows.MoveSequences:
    return flows.move_sequences(_moves(), until=date(2020, 1, 1))


@cache
def _cox() -> regression.CoxFit:
    return regression.cox(_table(), stop="stop", event="left", covariates=["age"])


def good(folder: Path) -> dict[str, dict[str, Any]]:
    """For each public function arguments that it takes; None: told apart, and why."""
    t = _table()
    spells: dict[str, Any] = {
        "data": t, "stop": "stop", "start": "start", "covariates": ["age", "place"],
        "weight": "weight",
    }  # fmt: skip
    cells = {"by": "place", "level": 0.9}
    curves = {"curves": followup.aalen_johansen(_follow()), "until": 10.0}
    return {
        "folkestrom.open": {"store": folder},
        **_of_disclosure(t),
        "decomposition.kitagawa": {
            "table": t, "group": "group", "between": ("a", "b"), "factors": ["place"],
            "intervals": "bootstrap", "replicates": 20,
        },
        "decomposition.oaxaca": {
            "panel": t, "group": "group", "between": ("a", "b"), "terms": ["place"],
            "outcome": "left", "model": "linear",
        },
        "figures.chart": {"result": rates_by_hand(), "measures": ["rate"]},
        "figures.map_chart": {"result": counties(), "measures": ["persons"], "count": 3},
        "figures.chord_plot": {"flows": _matrix()},
        "figures.sankey_plot": {"flows": _matrix()},
        "figures.curve_plot": curves,
        "figures.state_plot": {"curves": followup.state_occupation(_states()), "until": 5.0},
        "figures.rate_plot": {
            "rows": {"place": ["a", "b"], "rate": [1.0, 2.0], "lower": [0.5, 1.5],
                     "upper": [1.5, 2.5]},
            "label": "place", "estimate": "rate",
        },
        "flows.flow_matrix": {
            "data": t, "origin": "place", "destination": "group", "weight": "weight"
        },
        "flows.left_again": {"sequences": _sequences(), "years": [1, 5]},
        "flows.move_sequences": {"moves": _moves(), "until": date(2020, 1, 1)},
        **_of_followup(t),
        **_of_mobility(t, folder),
        "rates.gamma_interval": {
            "rate": [0.5], "variance": [0.1], "mean_weight": [0.5], "mean_square": [0.25]
        },
        "rates.poisson_interval": {"events": [0, 10], "level": 0.9},
        "rates.share_interval": {"successes": [0, 5], "trials": [10, 10]},
        "rates.lexis": {
            "table": {"birth": [1990.5, 1980.0], "start": [2000.25, 2001.0], "stop": [2001.0, 2003],
                      "event": [0, 1], "by": ["a", "b"]},
            "birth": "birth", "start": "start", "stop": "stop", "event": "event", "by": ["by"],
        },
        "rates.propensities": {"panel": t, "value": "move", "standardise_by": "group", **cells},
        "rates.rates": {"table": t, "standardise_by": "group", **cells},
        "regression.cox": {**spells, "event": "left", "strata": "group", "cluster": "person"},
        "regression.adjusted_survival": {
            "fit": _cox(), "population": t, "at": [3, 5], "level": 0.9
        },
        "regression.adjusted_incidence": {
            "fits": {"left": _cox()}, "population": t, "at": [3, 5], "level": 0.9
        },
        "regression.fine_gray": {
            **spells, "event": "end", "cause": "moved", "strata": "group", "cluster": "person"
        },
        "regression.person_periods": {**spells, "event": "end", "length": 5, "person": "person"},
        "regression.hazards_by_period": {
            "periods": regression.person_periods(
                t, stop="stop", event="left", covariates=["age"], length=5
            ),
        },
        "regression.proportionality_test": {"fit": _cox()},
        "study.read_study": {"path": folder / "study.toml"},
        "study.study_text": {},
    }  # fmt: skip


def methods() -> dict[str, tuple[Callable[..., Any], dict[str, Any]]]:
    """Questions to results, with arguments that they take."""
    t, fit, curves = _table(), _fit(), followup.aalen_johansen(_follow())
    return {
        "predict": (fit.predict, {"profiles": {"age": t["age"]}, "level": 0.9,
                                  "intervals": "simulated", "draws": 10, "seed": 1}),
        "predict one": (fit.predict, {"profiles": [{"age": 30}]}),
        "contrasts": (fit.contrasts, {"profile_a": {"age": 30}, "profile_b": {"age": 40},
                                      "level": 0.9}),
        "marginal_effects": (fit.marginal_effects, {
            "covariates": ["age"], "data": t, "where": {"place": "urban"}, "sample": 10,
            "level": 0.9}),
        "fit_by_cell": (fit.fit_by_cell, {"by": ["place"], "data": t, "expected": "population"}),
        "information_criteria": (fit.information_criteria, {"cluster": "person", "data": t}),
        "wald_test": (fit.wald_test, {"names": ["age"]}),
        "coefficients": (fit.coefficients, {"level": 0.9}),
        "cumulative_hazard": (_cox().cumulative_hazard, {
            "profile": {"age": 30}, "interval": "log", "level": 0.9}),
        "cox wald_test": (_cox().wald_test, {"names": ["age"]}),
        "cox coefficients": (_cox().coefficients, {"level": 0.9}),
        "types": (_sequences().types, {"by": "origin"}),
        "typical": (_sequences().typical, {"most": 3}),
        "probabilities": (_matrix().probabilities, {"level": 0.9}),
        "grouped": (_matrix().grouped, {"groups": {"PL": "EU"}}),
        "largest": (_matrix().largest, {"places": 2, "rest": "elsewhere"}),
        "of": (curves.of, {"group": "a", "outcome": "moved"}),
        "to": (curves.to, {"target": "arrow"}),
        "at": (curves.of("a", "moved").at, {"days": [3, 5]}),
    }  # fmt: skip


def _of_disclosure(t: dict[str, list[Any]]) -> dict[str, dict[str, Any]]:
    perturbations = disclosure.PerturbationTable.of([0, 1, 1], [0, -1, 1], [0, 0, 0.5], [1, 0.5, 1])
    return {
        "disclosure.mean": {"values": list(range(100))},
        "disclosure.named": {"name": "research"},
        "disclosure.perturb": {
            "counts": [0, 1, 9], "keys": [0.0, 0.2, 0.7], "table": perturbations
        },
        "disclosure.perturbation_table": {"largest": 2, "variance": 1.08, "never": 1},
        "disclosure.published_sums": {
            "columns": {"place": ["a", "a", "b"], "sex": [1, 2, 1]}, "tables": [["place"], []],
        },
        "disclosure.quantiles": {"values": list(range(100)), "shares": [0.5]},
        "disclosure.release": {
            "table": {"area": ["a", "b", "c"], "moves": [2, 9, 30], "persons": [50, 90, 99]},
            "rules": "statistics", "counts": "moves", "base": "persons", "dimensions": ["area"],
        },
        "disclosure.round_linked": {
            "counts": [1, 2, 2, 9], "published": np.array([[1, 1, 0, 0], [0, 0, 1, 1]]), "base": 3,
        },
        "disclosure.round_small": {
            "counts": [1, 2, 2, 9], "codes": [np.array([0, 0, 1, 1])], "base": 3
        },
        "disclosure.utility": {"original": [1, 2, 3], "rounded": [0, 3, 3]},
        "disclosure.winsorise": {"values": list(range(100)), "lower": 0.05, "upper": 0.95},
    }  # fmt: skip


def _of_followup(t: dict[str, list[Any]]) -> dict[str, dict[str, Any]]:
    plain = {"follow": _follow(), "level": 0.9}
    return {
        "followup.follow_up": {
            "exit": t["stop"], "cause": t["end"], "entry": t["start"], "weight": t["weight"],
            "group": t["group"], "stratum": t["place"],
        },
        "followup.transitions": {
            "exit": [5, 9, 9], "origin": ["home", "home", "away"],
            "destination": ["away", None, "home"], "entry": [0, 0, 5], "states": ["home", "away"],
        },
        "followup.aalen_johansen": plain,
        "followup.count": {"follow": _follow()},
        "followup.difference_at": {**plain, "day": 8, "cause": "moved", "reference": "a"},
        "followup.gray_test": {"follow": _follow(), "cause": "moved"},
        "followup.incidence_and_shares": {**plain, "at": [5, 10]},
        "followup.kaplan_meier": plain,
        "followup.log_rank": {"follow": _follow()},
        "followup.nelson_aalen": {**plain, "cause": "moved"},
        "followup.quantile": {
            "curve": next(iter(followup.kaplan_meier(_follow()))), "probability": 0.5
        },
        "followup.restricted_mean_difference": {**plain, "until": 8, "reference": "a"},
        "followup.restricted_mean": {**plain, "until": 8},
        "followup.state_occupation": {"follow": _states(), "level": 0.9, "initial": [0.5, 0.5]},
        "followup.transition_probabilities": {"follow": _states(), "since": 5},
    }  # fmt: skip


def _of_mobility(t: dict[str, list[Any]], folder: Path) -> dict[str, dict[str, Any]]:
    codes = [int(v == "move") for v in t["outcome"]]
    return {
        "mobility.coefficient_plot": {"fits": _fit(), "level": 0.9},
        "mobility.compare": {"fits": [_fit()], "names": ["one"]},
        "mobility.factor": {"name": "place", "values": t["place"], "reference": "rural"},
        "mobility.fit_mobility": {
            "panel": _panel(), "effects": "none", "standard_errors": "clustered",
            "cluster": [0, 0, 1, 1, 2, 2, 3, 3], "tolerance": 1e-4,
        },
        "mobility.interaction": {
            "first": mobility.number("age", t["age"]), "second": mobility.number("w", t["weight"])
        },
        "mobility.make_panel": {
            "person": t["person"], "outcome": codes, "terms": [mobility.number("age", t["age"])],
            "outcomes": ["stay", "move"], "weight": t["weight"],
        },
        "mobility.mobility": {
            "data": t, "formula": "outcome ~ age + place", "person": "person",
            "outcomes": ["stay", "move"], "time": "year", "weight": "weight", "cluster": "person",
            "effects": "none", "standard_errors": "clustered",
        },
        "mobility.number": {"name": "age", "values": t["age"]},
        "mobility.panel_from_batches": {"batches": [_panel()], "rows": N},
        "mobility.profile_plot": {"fit": _fit(), "profiles": {"young": {"age": 30}}},
        "mobility.regression_table": {"fits": _fit(), "digits": 2},
        "mobility.vuong_test": {"one": _fit(), "other": _fit("place")},
    }  # fmt: skip


def nasty_columns(n: int) -> dict[str, Any]:
    """Columns that come, with as many rows as those beside them, but for two."""
    moment = datetime(2020, 3, 29, 0, 30, tzinfo=UTC)
    texts = ["x", "y"] * n
    return {
        "mixed": [1, "a", 2.5, None] * n,
        "texts": texts[:n],
        "numbers as texts": [str(30 + k) for k in range(n)],
        "empty texts": [""] * n,
        "64 bits": np.full(n, 2**64 - 1, np.uint64),
        "more than 64 bits": [2**70] * n,
        "decimals": [Decimal("1.5")] * n,
        "lists": [[1, 2]] * n,
        "records": [{"a": 1}] * n,
        "bytes": [b"a"] * n,
        "all missing": [None] * n,
        "one level": ["only"] * n,
        "nan": np.full(n, np.nan),
        "some nan": np.where(np.arange(n) == 1, np.nan, 1.0),
        "infinite": np.where(np.arange(n) == 1, np.inf, 1.0),
        "negative": [-1.0] * n,
        "zero": [0] * n,
        "truth": [k % 2 == 0 for k in range(n)],
        "zoned": [moment + timedelta(hours=k) for k in range(n)],
        "dates": [date(2020, 1, 1) + timedelta(k) for k in range(n)],
        "durations": [timedelta(k) for k in range(n)],
        "missing dates": pd.Series([pd.NaT] * n),
        "pandas missing": pd.Series([1, pd.NA] * n, dtype="Int64")[:n],
        "levels with a gap": pd.Series(pd.Categorical(["a", None] * n))[:n],
        "enum": pl.Series(texts[:n], dtype=pl.Enum(["z", "y", "x"])),
        "numbers as levels": pa.array([3, 1] * n)[:n].dictionary_encode(),
        "objects": [object()] * n,
        "complex": np.full(n, 1 + 2j),
        "two dimensions": np.zeros((n, 2)),
        "too short": [1] * (n - 1),
        "empty": [],
        "scalar": 5,
        "text": "text",
    }  # fmt: skip


def nasty_arguments() -> dict[str, Any]:
    """What stands where something else belongs."""
    return {
        "none": None, "nothing": object(), "text": "no such thing", "no path": "a\0b",
        "bytes": b"x", "list": [],
        "mixed": [1, "a", None], "mapping": {}, "number": 5, "negative": -1, "nan": float("nan"),
        "infinite": float("inf"), "truth": True, "nested": [[1], [2, 3]], "array": np.zeros((2, 2)),
        "frame": pd.DataFrame([[1, 2]], columns=["a", "a"]), "unnamed": pd.DataFrame([[1, 2]]),
        "series": pd.Series([1, "a"]), "empty frame": pl.DataFrame(),
        "no rows": pl.DataFrame({"person": [], "stop": []}), "function": len, "names": ["a", "a"],
        "day": date(2020, 1, 1), "end of time": date(9999, 12, 31),
    }  # fmt: skip


def spoilt(
    given: dict[str, Any], function: Callable[..., Any]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Arguments with one thing wrong: which it is, what it holds now, and all of them.

    A column that the function is told to use holds everything in turn. Those that it has no
    business with share this between them: it is the same which of them is looked at by mistake.
    """
    for name, value in given.items():
        for kind, nasty in nasty_arguments().items():
            yield name, kind, given | {name: nasty}
        if isinstance(value, dict) and value and isinstance(next(iter(value.values())), list):
            used = _used(given | {name: None}, function)
            others = [column for column in value if column not in used]
            for column, good_values in value.items():
                for n, (kind, nasty) in enumerate(nasty_columns(len(good_values)).items()):
                    if column in used or others[n % len(others)] == column:
                        yield column, kind, given | {name: value | {column: nasty}}
        elif isinstance(value, list) and len(value) > 2:
            for kind, nasty in nasty_columns(len(value)).items():
                yield name, kind, given | {name: nasty}


def _used(given: dict[str, Any], function: Callable[..., Any]) -> str:
    """A text with the names of all columns that a function may use."""
    if "moves" in given or inspect.ismethod(function):
        return f"{list(_moves())} {_MODEL} {given}"
    return f"{inspect.signature(function)} {given}"
