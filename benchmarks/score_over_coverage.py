"""How often intervals of over-coverage hold the truth, on many uncalibrated synthetic countries.

    python benchmarks/score_over_coverage.py FOLDER [--countries 200] [--scale 0.01] [--seed 1]

Each country has a seed of its own: its events, its hidden leavers and their signs of life are drawn
anew. Every method is asked on 1 January 2021 as known a month later, and its interval compared with
who had left by the truth; those who are here unregistered, likewise. FOLDER keeps a row for each in
`scores.csv`, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

import folkestrom
from folkestrom.errors import UsageError
from folkestrom.twin.output.creation import create

DAY, KNOWN = date(2021, 1, 1), datetime(2021, 1, 31, 23, tzinfo=UTC)
SOURCES = ("work", "benefits", "tax", "education", "health")
#: What is asked, and how.
ASKED = {
    "signs": {"method": "signs", "signs": SOURCES},
    "signs, no memory": {"method": "signs", "signs": SOURCES, "decay": 0, "stability": 1},
    "lists": {"method": "lists", "signs": SOURCES, "models": 2},
    "late": {"method": "late"},
    "clean-ups": {"method": "clean-ups"},
    "unregistered": {"method": "late", "signs": SOURCES, "unregistered": True, "models": 2},
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--countries", type=int, default=200)
    parser.add_argument("--scale", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1, help="that of the first country")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for seed in range(given.seed, given.seed + given.countries):
        part = given.folder / f"score-{seed}.csv"
        if not part.exists():
            work = given.folder / f"country-{seed}"
            pl.DataFrame(scored(work, seed, given.scale), orient="row").write_csv(part)
            shutil.rmtree(work)
    print_scores(pl.read_csv(given.folder / "score-*.csv"))


def scored(work: Path, seed: int, scale: float) -> list[dict[str, object]]:
    """Make a country, ask every method about it, and set the truth beside."""
    made = create(
        work, scale, seed, calibrated=False, first_year=2008, variables=False, panel=False,
        signs=True, overwrite=True,
    )  # fmt: skip
    store = folkestrom.open(work / "store")
    store.intake(made.report_folder)
    for name in SOURCES:
        store.link(work / "signs" / f"{name}.parquet", name, known_from="2021-02-01")
    truth = gone(work)
    here = pl.read_parquet(work / "truth" / "unregistered.parquet").height
    rows: list[dict[str, object]] = []
    for asked, arguments in ASKED.items():
        try:
            found = store.over_coverage(DAY, **arguments, to="polars")
        except UsageError as refused:
            rows.append(row(seed, asked, truth, None, None, None, str(refused).split("\n")[0]))
            continue
        if asked == "unregistered":
            for method, true in (("unregistered", here), ("net", truth - here)):
                best = found.filter(method=method).row(0, named=True)
                rows.append(
                    row(seed, method, true, *(best[n] for n in ("estimate", "low", "high")))
                )
        else:
            best = found.row(0, named=True)
            rows.append(row(seed, asked, truth, *(best[n] for n in ("estimate", "low", "high"))))
    return rows


def row(
    seed: int, asked: str, truth: int, estimate: float | None, low: float | None,
    high: float | None, refused: str = "",
) -> dict[str, object]:  # fmt: skip
    return {
        "seed": seed, "asked": asked, "truth": truth, "estimate": estimate, "low": low,
        "high": high, "refused": refused,
    }  # fmt: skip


def gone(work: Path) -> int:
    """How many had left by the day and were not reported by the knowledge date."""
    leavers = pl.read_parquet(work / "truth" / "leavers.parquet")
    hidden = pl.col("reported").is_null() | (pl.col("reported") >= KNOWN)
    return leavers.filter(pl.col("left") < DAY, hidden).height


def print_scores(scores: pl.DataFrame) -> None:
    """Coverage, bias and width by what was asked."""
    made = scores.filter(pl.col("estimate").is_not_null())
    held = (pl.col("low") <= pl.col("truth")) & (pl.col("truth") <= pl.col("high"))
    with pl.Config(tbl_rows=20, tbl_hide_dataframe_shape=True, tbl_width_chars=120):
        print(
            made.group_by("asked", maintain_order=True).agg(
                pl.len().alias("countries"),
                pl.col("truth").mean().round(1),
                (pl.col("estimate") - pl.col("truth")).mean().round(1).alias("bias"),
                (pl.col("high") - pl.col("low")).median().round(1).alias("width"),
                (100 * held.mean()).round(1).alias("covered"),
            )
        )
        refused = scores.filter(pl.col("estimate").is_null())
        print(refused.group_by("asked", "refused").len() if len(refused) else "none refused")


if __name__ == "__main__":
    main()
