"""A folder of series as `twin --reference` reads them, made of the embedded targets.

Every file has the form of the published one; its municipalities have the borders of 2024, where one
unit has been divided and two counties' codes are others.
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from folkestrom.twin.targets.definition import SEXES, Targets
from folkestrom.twin.targets.municipalities import (
    CENTRALITY,
    CHANGES,
    FIRST_MUNICIPAL_YEAR,
    MUNICIPALITIES,
)
from folkestrom.twin.targets.reference import ACCOUNTS, POPULATION

#: Codes of 2024, and what they were before: the first two were one unit.
DIVIDED = {"1508": "1507", "1580": "1507"}


def write_series(targets: Targets, folder: Path) -> Path:
    """Write the files, and return the folder."""
    for name in (POPULATION, ACCOUNTS, MUNICIPALITIES, CHANGES, CENTRALITY):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    _population(targets).write_csv(folder / POPULATION, compression="gzip")
    _accounts(targets).write_csv(folder / ACCOUNTS)
    municipalities = _municipalities(targets)
    municipalities.drop("centrality").write_csv(folder / MUNICIPALITIES, compression="gzip")
    municipalities.select(kommunenummer="location_code", sentralitetsklasse="centrality").write_csv(
        folder / CENTRALITY
    )
    changes = [
        {"oldCode": old, "newCode": new, "changeOccurred": "2024-01-01"}
        for new, old in DIVIDED.items()
    ]
    (folder / CHANGES).write_text(json.dumps({"codeChanges": changes}), encoding="utf-8")
    return folder


def _population(targets: Targets) -> pl.DataFrame:
    return pl.concat(
        pl.DataFrame(
            {"location_code": "nation_nor", "sex": sex, "age": range(table.shape[1])}
        ).with_columns(pl.Series(str(year), table[t]) for t, year in enumerate(targets.years))
        for sex, table in ((name, targets.population[:, s]) for s, name in enumerate(SEXES))
    )


def _accounts(targets: Targets) -> pl.DataFrame:
    flows = {
        "levendefødte_i_alt": targets.births.sum(axis=1),
        "døde_i_alt": targets.deaths,
        "innflyttinger": targets.immigration,
        "utflyttinger": targets.emigration,
    }
    return pl.DataFrame(
        {
            "år": targets.years,
            "befolkning_1_januar": targets.population.sum(axis=(1, 2)),
            **{name: [*values.tolist(), None] for name, values in flows.items()},
        }
    )


def _municipalities(targets: Targets) -> pl.DataFrame:
    codes = [f"{code:04d}" for code in targets.municipality_codes.tolist()]
    years = {
        str(year): targets.municipality_population[t].tolist()
        for t, year in enumerate(targets.years)
        if year >= FIRST_MUNICIPAL_YEAR
    }
    frame = pl.DataFrame(
        {"location_code": codes, "centrality": targets.centrality.tolist(), **years}
    )
    whole = frame.filter(pl.col("location_code") == "1507")
    larger = whole.with_columns(pl.col(*years) - 100, location_code=pl.lit("1508"))
    smaller = whole.with_columns(
        *(pl.lit(100).alias(year) for year in years),
        location_code=pl.lit("1580"),
        centrality=pl.lit(6),
    )
    rest = frame.filter(pl.col("location_code") != "1507")
    return pl.concat([rest, larger, smaller], how="vertical_relaxed")
