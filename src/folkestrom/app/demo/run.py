"""The whole way, step by step: reports, log, register, figures, comparison."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from folkestrom import __version__
from folkestrom.app.demo.cost import Meter, peak_memory, with_reports
from folkestrom.app.demo.country import Country, Progress, make_country
from folkestrom.app.demo.figures import compared_tables, gather
from folkestrom.app.demo.outcome import Outcome, Run
from folkestrom.app.office import intake
from folkestrom.app.office.api import Store
from folkestrom.engine.scratch import scratch
from folkestrom.engine.store import Waiting, database_file
from folkestrom.engine.store_lock import writer_turn
from folkestrom.errors import StoreError
from folkestrom.model.time import extraction
from folkestrom.twin.targets.published import YEAR

#: Tells that a store is a demonstration's, and what it held when the demonstration left it.
MARK: Final = "demonstration.json"

#: Told which step begins.
Begins = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be demonstrated.

    Parameters
    ----------
    store
        Folder of the store; what an earlier demonstration left there is replaced.
    scale, seed
        Of the synthetic country.
    reference
        A folder of published series to take its targets from; None: the page's own tables.
    keep_reports
        Whether the report files stay, beside the store.
    """

    store: Path
    scale: float = 1.0
    seed: int = 1
    reference: Path | None = None
    keep_reports: bool = False

    @property
    def reports(self) -> Path:
        """Where report files that stay are put."""
        return self.store.parent / f"{self.store.name}-reports"


@dataclass(frozen=True, slots=True)
class Watch:
    """Who wants to know how far it is.

    Parameters
    ----------
    begins
        Told which step begins.
    progress
        Told how much of the country is made.
    """

    begins: Begins
    progress: Progress


def demonstrate(order: Order, waiting: Waiting, watch: Watch) -> Outcome:
    """Make a country, take its reports in, count it, and compare it with what is published.

    Parameters
    ----------
    order
        What is wanted.
    waiting
        How to wait for others who use the store.
    watch
        Who is told.
    """
    clear_store(order.store, waiting)
    meter = Meter()

    def begin(step: str) -> None:
        meter.begin(step)
        watch.begins(step)

    with _report_folder(order) as folder:
        begin("twin")
        country = make_country(folder, order.scale, order.seed, order.reference, watch.progress)
        # What the simulation held would count as memory of the intake.
        gc.collect()
        begin("intake")
        result = intake.intake(order.store, [country.reports], waiting, stage=begin)
    _mark(order, result.total.accepted)
    store = Store(order.store, waiting)
    begin("tables")
    tables = compared_tables(store, country.published, ranked=order.scale == 1)
    begin("figures")
    figures = gather(store)
    meter.end()
    costs = with_reports(meter.costs, result.total.accepted)
    run = _run(order, country, result.total.accepted)
    return Outcome(run, tables, figures, costs, peak_memory())


def clear_store(folder: Path, waiting: Waiting) -> None:
    """Remove what an earlier demonstration left, and nothing else.

    Parameters
    ----------
    folder
        The store.
    waiting
        How to wait for others who use it.

    Raises
    ------
    StoreError
        If the store holds anything that no demonstration put there.
    """
    file = database_file(folder)
    if not file.exists():
        return
    held = intake.info(folder, waiting)
    if held.reports and (held.reports, held.batches) != (_marked(folder), 1):
        raise StoreError(
            "holds reports already, and not only those of a demonstration",
            where=str(folder),
            next_step="Choose another folder with --store; this one was left as it is.",
        )
    with writer_turn(folder, waiting):
        for one in (file, file.with_name(f"{file.name}.wal"), folder / MARK):
            one.unlink(missing_ok=True)


@contextmanager
def _report_folder(order: Order) -> Iterator[Path]:
    # Beside the store: there is where room for a country was made.
    order.store.parent.mkdir(parents=True, exist_ok=True)
    if order.keep_reports:
        yield order.reports
        return
    with scratch(order.store.parent) as folder:
        yield folder / "country"


def _mark(order: Order, reports: int) -> None:
    text = json.dumps({"reports": reports, "scale": order.scale, "seed": order.seed})
    (order.store / MARK).write_text(text, encoding="utf-8")


def _marked(folder: Path) -> int | None:
    try:
        found = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found.get("reports") if isinstance(found, dict) else None


def _run(order: Order, country: Country, reports: int) -> Run:
    return Run(
        version=__version__,
        year=YEAR,
        known_at=extraction(date(YEAR, 1, 1)).isoformat(),
        scale=order.scale,
        seed=order.seed,
        source=country.source,
        reports=reports,
        notes=country.notes,
    )
