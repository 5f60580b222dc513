"""What `--borders` adds to tables: the same questions with it and without, alternately.

    python benchmarks/bench_borders.py [--store DIR] [--runs 5] [--borders 2024,2019,as-it-was]
        [--only WORD] [--answers DIR]

asks a store (else a synthetic country of a hundredth) on the command line, each question in a
process of its own. Of the seconds by the clock, and of those that processors were busy, it gives
the medians, and each set of borders as a ratio to the first column, which is without any. With
`--answers`, the tables are kept, to be compared between versions.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import geometric_mean, median

PROGRAM = Path(sys.executable).with_name("folkestrom")
#: A table in other borders may take so many times as long.
LIMIT = 1.2
YEAR = "--from 2020-01-01 --to 2021-01-01"
QUESTIONS = {
    "population": "population --date 2021-01-01",
    "population by municipality, sex, age":
        "population --date 2021-01-01 --by municipality,sex,age",
    "population in 2005 by municipality": "population --date 2005-01-01 --by municipality",
    "series of 21 years by municipality":
        "population --from 2001-01-01 --to 2021-01-01 --every year --by municipality",
    "changes by municipality": f"changes {YEAR} --by municipality",
    "changes by county": f"changes {YEAR} --by county",
    "changes of a year that borders change in":
        "changes --from 2019-06-01 --to 2020-06-01 --by municipality",
    "moves between municipalities": f"moves {YEAR} --by municipality",
    "rates by county": "rates --from 2018-01-01 --to 2021-01-01 --by county --event emigration",
    "households by municipality": "households --date 2021-01-01 --by municipality",
    "indicators by county": "indicators --from 2018-01-01 --to 2021-01-01 --by county",
    "life table by county": "life-table --from 2018-01-01 --to 2021-01-01 --by county",
    "projection": "project --from 2021 --to 2030",
    "study": "study {study}",
}  # fmt: skip
STUDY = """
title = "Who comes in a year"
known_at = "2021-02-01"
[entry]
event = "immigration"
from = "2019-01-01"
to = "2020-01-01"
[exit]
events = ["emigration", "death"]
end = "2021-01-01"
[variables]
county = "entry"
age = "entry"
"""


def asked(words: Sequence[str], answer: Path) -> tuple[float, float]:
    """Seconds by the clock and of processors that one question took; its table is in a file."""
    with answer.open("wb") as file:
        began = time.perf_counter()
        process = subprocess.Popen([PROGRAM, *words], stdout=file, stderr=subprocess.PIPE)
        said = process.stderr.read() if process.stderr else b""
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"{' '.join(words)}: {said.decode()}")
    return seconds, used.ru_utime + used.ru_stime


def measured(words: list[str], borders: Sequence[str], runs: int, answer: Path) -> dict[str, dict]:
    """Medians and ratios of one question; each run asks it in every set of borders."""
    taken: dict[str, list[tuple[float, float]]] = {of: [] for of in ("", *borders)}
    for _ in range(runs):
        for of, times in taken.items():
            file = answer.with_suffix(f".{of}.csv")
            times.append(asked([*words, *(["--borders", of] if of else [])], file))
    found = {}
    for of, times in taken.items():
        middle = [median(column) for column in zip(*times, strict=True)]
        plain = [median(column) for column in zip(*taken[""], strict=True)]
        ratio = [one / other for one, other in zip(middle, plain, strict=True)]
        found[of or "without"] = dict(
            zip(("seconds", "processor", "ratio", "processor_ratio"),
                (round(value, 3) for value in (*middle, *ratio)), strict=True)
        )  # fmt: skip
    return found


def twin(folder: Path) -> Path:
    """The store of a synthetic country of a hundredth."""
    country, store = folder / "country", folder / "store"
    made = ["twin", str(country), "--scale", "0.01", "--from", "2000", "--no-variables"]
    for words in (made, ["intake", str(country / "reports"), "--store", str(store)]):
        subprocess.run([PROGRAM, "--quiet", *words], check=True)
    return store


def main() -> int:
    """Measure every question, and print the table as JSON; 1 if borders add too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, help="a store; else a synthetic country is made")
    parser.add_argument("--runs", type=int, default=5, help="runs of each question")
    parser.add_argument("--borders", default="2024,2019,as-it-was", help="with commas between")
    parser.add_argument("--only", default="", help="questions whose name has this word")
    parser.add_argument("--answers", type=Path, help="where to keep the tables")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        (scratch / "study.toml").write_text(STUDY)
        store = arguments.store or twin(scratch)
        answers = arguments.answers or scratch
        answers.mkdir(exist_ok=True)
        found = {}
        for question, text in QUESTIONS.items():
            if arguments.only not in question:
                continue
            words = text.format(study=scratch / "study.toml").split()
            words = [
                *words,
                "--store",
                str(store),
                "--format",
                "csv",
            ]
            file = answers / question.replace(", ", "_").replace(" ", "_")
            of = measured(words, arguments.borders.split(","), arguments.runs, file)
            found[question] = of
            print(question, json.dumps(of), file=sys.stderr, flush=True)
    worst = {q: max(b["ratio"] for b in of.values()) for q, of in found.items()}
    mean = geometric_mean(worst.values())
    print(json.dumps({"questions": found, "mean_of_worst": round(mean, 3)}, indent=2))
    # In a small country a question is the start of a process.
    return 1 if arguments.store and max(worst.values()) > LIMIT else 0


if __name__ == "__main__":
    raise SystemExit(main())
