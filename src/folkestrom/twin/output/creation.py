"""Creates a synthetic country as a folder: reports, the truth, variable files."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from folkestrom.engine.settings import EngineSettings
from folkestrom.errors import UsageError
from folkestrom.twin.output.borders import (
    CLASSIFICATIONS,
    places_of,
    units_of,
    write_as_it_was,
    write_linked_as_it_was,
)
from folkestrom.twin.output.dwellings import Dwellings
from folkestrom.twin.output.emigrants import Emigrants
from folkestrom.twin.output.households import Households, Students
from folkestrom.twin.output.panel import Panel
from folkestrom.twin.output.parameters import describe_parameters
from folkestrom.twin.output.signs import Signs
from folkestrom.twin.output.stays import write_stays
from folkestrom.twin.output.truth import Offsets, Persons, RevisionsTruth, write_model
from folkestrom.twin.output.variables import Backgrounds, Stillbirths, Variables, write_centrality
from folkestrom.twin.targets.definition import Targets
from folkestrom.twin.targets.embedded import embedded_targets
from folkestrom.twin.targets.reference import reference_targets
from folkestrom.twin.targets.scale import scale_targets
from folkestrom.twin.years.country import Country
from folkestrom.twin.years.simulation import Observer, Simulation, Step, simulate

REPORTS: Final = "reports"
TRUTH: Final = "truth"
VARIABLES: Final = "variables"
MUNICIPALITIES: Final = "municipalities"
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2021
#: Random numbers are made from 64 bits.
_SEEDS: Final = 2**63


@dataclass(frozen=True)
class Result:
    """A synthetic country that has been written.

    Attributes
    ----------
    folder
        Where it is; `reports`, `truth`, `variables` and `municipalities` are in it.
    targets
        What it adds up to; free, what it was drawn around.
    seed, calibrated
        As asked for.
    reports
        Number of reports written.
    persons
        Number of persons that ever appeared.
    person_years
        Resident person-years lived.
    notes
        What could not be met exactly; empty as a rule.
    """

    folder: Path
    targets: Targets
    seed: int
    calibrated: bool
    reports: int
    persons: int
    person_years: int
    notes: tuple[str, ...]

    @property
    def report_folder(self) -> Path:
        """Where the report files are."""
        return self.folder / REPORTS


def _silent(_name: str, _done: int, _all: int) -> None:
    """Show nothing."""


def create(
    out: Path | str,
    scale: float = 1.0,
    seed: int = 1,
    reference: Path | str | None = None,
    calibrated: bool = True,
    first_year: int = FIRST_YEAR,
    last_year: int = LAST_YEAR,
    variables: bool = True,
    truth: bool = True,
    panel: bool | None = None,
    dwellings: bool = False,
    stays: bool = False,
    signs: bool = False,
    overwrite: bool = False,
    as_it_was: bool = False,
    progress: Step = _silent,
    change: Callable[[Targets], Targets] | None = None,
) -> Result:
    """Write a synthetic country into a folder.

    Parameters
    ----------
    out
        The folder; it must not exist, or be empty. It appears when everything is written.
    scale
        Size: 1 is the whole country, 0.01 one in a hundred.
    seed
        Same seed, same bytes, whatever the number of threads.
    reference
        Folder of published series to meet; without one the sources' own tables are met.
    calibrated
        Meet published margins exactly; else draw every event from the known model.
    first_year, last_year
        The stock of 1 January `first_year` is registered, and life goes on to 1 February
        `last_year`.
    variables
        Write education, employment, income, wealth, background and arrival too, and the
        centrality of municipalities.
    truth
        Write what made the reports: persons, emigrants, revisions, offsets. The model is always
        written.
    panel
        Write the panel of the mobility truth; by default when not calibrated.
    dwellings
        Let reports say which dwelling people live in, with the moves inside municipalities that
        change a household, and write who truly lives with whom.
    stays
        Write the stays of those who came or left, and in the truth who of them is resident.
    signs
        Write signs of life, files of who was active where in each year, and in the truth who lives
        here without being registered.
    overwrite
        Replace a folder that is not empty.
    as_it_was
        Reports and variables with the codes of places on their day, and the classification of
        basic units beside them; else with those of 2020 on every day.
    progress
        Called with the name of a step, how many are done, how many there are.
    change
        Alters the targets, after scaling, before anything is made.

    Returns
    -------
    Result
        What was written.

    Raises
    ------
    UsageError
        If the scale or the seed cannot be meant, or the folder is not empty.
    """
    if not 0 <= seed < _SEEDS:
        raise UsageError(
            "is not a seed", where="--seed", value=seed, allowed="a whole number from 0 to 2^63 - 1"
        )
    folder = Path(out)
    _refuse_full(folder, overwrite)
    targets = _targets(scale, reference, first_year, last_year)
    targets = change(targets) if change else targets
    panel = not calibrated if panel is None else panel
    with unfinished(folder, overwrite) as work:
        (work / REPORTS).mkdir()
        (work / TRUTH).mkdir()

        homes = Dwellings() if dwellings else None

        def observe(country: Country) -> list[Observer]:
            found = _observers(work, country, truth, panel, variables)
            found += _household_observers(work, homes, truth, variables)
            return found + ([Signs(work, country)] if signs else [])

        done = simulate(
            targets, work / REPORTS, seed, calibrated, progress, observe,
            EngineSettings.from_environment().threads, homes,
        )  # fmt: skip
        if stays:
            write_stays(
                work / REPORTS,
                work / "stays.parquet",
                work / TRUTH / "residence.parquet",
                last_year,
                places_of(units_of(done.country)) if as_it_was else None,
            )
        if as_it_was:
            (work / CLASSIFICATIONS).mkdir()
            units = units_of(done.country)
            write_as_it_was(work / REPORTS, work / CLASSIFICATIONS, units)
            write_linked_as_it_was(work / VARIABLES, work / MUNICIPALITIES, units)
        _describe(work / TRUTH / "model.json", done, (scale, seed, calibrated))
    return Result(
        folder, targets, seed, calibrated, done.reports, done.persons, done.person_years, done.notes
    )


def _targets(
    scale: float, reference: Path | str | None, first_year: int, last_year: int
) -> Targets:
    if reference is None:
        targets = embedded_targets(first_year, last_year)
    else:
        targets = reference_targets(reference, first_year, last_year)
    return scale_targets(targets, scale)


def _observers(
    work: Path, country: Country, truth: bool, panel: bool, variables: bool
) -> list[Observer]:
    folder, found = work / TRUTH, list[Observer]()
    if truth:
        found += [Persons(folder / "persons.parquet"), Emigrants(folder / "leavers.parquet")]
        found += [RevisionsTruth(folder / "revisions.parquet")]
    if truth and country.calibrated:
        found += [Offsets(folder / "offsets.parquet")]
    if panel:
        found += [Panel(folder / "panel.parquet")]
    if variables:
        (work / VARIABLES).mkdir()
        found += [Variables(work / VARIABLES, len(country.people.birth))]
        found += [Backgrounds(work / VARIABLES)]
        found += [Stillbirths(work / VARIABLES / "stillbirths.parquet")]
        (work / MUNICIPALITIES).mkdir()
        write_centrality(work / MUNICIPALITIES / "centrality.parquet", country)
    return found


def _household_observers(
    work: Path, homes: Dwellings | None, truth: bool, variables: bool
) -> list[Observer]:
    found = list[Observer]()
    if homes and truth:
        found += [Households(work / TRUTH / "households.parquet", homes)]
    if homes and variables:
        found += [Students(work / VARIABLES, homes)]
    return found


def _describe(path: Path, done: Simulation, asked: tuple[float, int, bool]) -> None:
    years = done.country.targets.years
    facts: dict[str, object] = {
        "scale": asked[0],
        "seed": asked[1],
        "mode": "calibrated" if asked[2] else "uncalibrated",
        "from": f"{years[0]}-01-01",
        "to": f"{years[-1]}-02-01",
        "reports": done.reports,
        "persons": done.persons,
    }
    write_model(path, done.country, facts, describe_parameters())


def _refuse_full(folder: Path, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError("is a file", where="OUT", value=folder, allowed="a folder")
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        raise UsageError(
            "is not empty",
            where="OUT",
            value=folder,
            allowed="a folder that does not exist, or is empty",
            next_step="Choose another folder, or add --overwrite to replace this one.",
        )


@contextmanager
def unfinished(folder: Path, overwrite: bool) -> Iterator[Path]:
    """A folder beside `folder` that takes its place when all went well, and goes when not.

    What a killed run has left is removed by the next run for the same folder.

    Parameters
    ----------
    folder
        The folder that is to appear.
    overwrite
        Whether it may replace one that is not empty.
    """
    folder = folder.absolute()
    work = folder.with_name(f".{folder.name}.unfinished")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(work):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            yield work
            _refuse_full(folder, overwrite)
            if folder.exists():
                old = folder.with_name(f".{folder.name}.replaced")
                shutil.rmtree(old, ignore_errors=True)
                folder.rename(old)
                work.rename(folder)
                shutil.rmtree(old)
            else:
                work.rename(folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """Let no two runs write the same folder."""
    lock = work.with_name(f"{work.name}.lock")
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                "is being written by another process",
                where="OUT",
                value=work.parent,
                next_step="Wait for it, or choose another folder.",
            ) from error
        try:
            yield
        finally:
            lock.unlink()
