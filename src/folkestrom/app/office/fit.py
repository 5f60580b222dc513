"""Models fitted to what a study gives, or to a file of person-years."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Literal, TypeAlias

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from folkestrom.analysis.over_coverage.carried import Gone
from folkestrom.analysis.study.toml_file import read_study
from folkestrom.app.office.studies import Progress, StoreStudy
from folkestrom.engine.failures import resource_errors
from folkestrom.engine.scratch import scratch
from folkestrom.engine.settings import EngineSettings
from folkestrom.engine.store import Waiting
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.names import check_code, without_effect
from folkestrom.outputs.rules import Rules

if TYPE_CHECKING:
    from folkestrom.analysis.mobility import MobilityFit

Effects: TypeAlias = Literal["unstructured", "exchangeable", "diagonal", "equal", "none"]
Errors: TypeAlias = Literal["observed", "bhhh", "clustered"]

#: Whose year a row is, where nobody has effects.
_PERSON = "person"


@dataclass(frozen=True)
class Model:
    """What is fitted, by the columns that it takes.

    Attributes
    ----------
    formula
        The outcome and its covariates.
    random
        The column of the units with random effects; None: there are none, and every row stands
        for itself.
    weight, cluster
        Columns of weights, and of clusters.
    within
        Column of the groups that these units are nested within, and that have effects too.
    others
        Columns that are read beside them.
    """

    formula: str
    random: str | None = _PERSON
    weight: str | None = None
    cluster: str | None = None
    within: str | None = None
    others: tuple[str, ...] = ()

    @property
    def person(self) -> str:
        """The column that tells whose year a row is."""
        return self.random or _PERSON

    def columns(self, among: Sequence[str]) -> list[str]:
        """Columns that are read; refuses what the panel has not.

        Parameters
        ----------
        among
            The panel's columns.
        """
        # Imported here: a model brings a compiler along.
        from folkestrom.analysis.design.formula import parse

        check_code(self.person, among, "is not a column of the panel", where="--random")
        parsed = parse(self.formula)
        others = [name for name in (self.weight, self.cluster, self.within) if name is not None]
        wanted = dict.fromkeys(
            [self.person, parsed.outcome, *parsed.columns, *others, *self.others]
        )
        for name in wanted:
            check_code(name, among, "is not a column of the panel")
        return list(wanted)


@contextmanager
def room_in(folder: Path | None) -> Iterator[Path | None]:
    """A folder for files of person-years, which are removed when the fit is done.

    Parameters
    ----------
    folder
        Where it is made; None: there is none.
    """
    if folder is None:
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    with scratch(folder) as made:
        yield made


@contextmanager
def panel_of_study(
    store: Path,
    study: Path,
    model: Model,
    waiting: Waiting,
    progress: Progress,
    room: Path | None = None,
) -> Iterator[Path]:
    """The person-years of a study on a store, in a file that is removed afterwards.

    A fit reads its rows more than once, and a store may be written meanwhile.

    Parameters
    ----------
    store, study
        The store, and the file of the study.
    model
        Says which columns are needed.
    waiting, progress
        How to wait while another process writes; told how many rows are made.
    room
        Folder for the file; by default that of FOLKESTROM_SPILL, or the system's.
    """
    batches = StoreStudy(store, read_study(study), waiting).panel_batches(progress)
    schema = batches.schema
    columns = model.columns(schema.names)
    room = room or EngineSettings.from_environment().spill or Path(gettempdir())
    with scratch(room) as made, resource_errors():
        path = made / "panel.parquet"
        kept = pa.schema([schema.field(name) for name in columns])
        with pq.ParquetWriter(path, kept, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch.select(columns))
        yield path


@dataclass(frozen=True, slots=True, kw_only=True)
class FitQuestion:
    """A mobility model that is fitted to person-years; see `analysis.mobility.mobility`.

    Its fields are as of `analysis.mobility.mobility`.
    """

    model: Model
    effects: Effects
    outcomes: Sequence[str] | None = None
    standard_errors: Errors = "observed"
    bread: float = 1.0
    penalty: float = 0.0
    tolerance: float | None = None
    checkpoint: Path | None = None

    def __post_init__(self) -> None:
        from folkestrom.analysis.mobility.model import check_errors

        check_errors(self.standard_errors, self.bread, self.model.cluster)

    def answer(
        self, panel: Path, folder: Path | None = None, say: Callable[[str], None] | None = None
    ) -> MobilityFit:
        """The fit to a panel.

        Parameters
        ----------
        panel
            A Parquet file, a row a person-year, as `folkestrom study --panel` writes it. It is read
            part by part, and may be larger than memory.
        folder
            Folder for a panel that does not fit in memory.
        say
            Told how far the fit has got.
        """
        from folkestrom.analysis.design.sources import source_of
        from folkestrom.analysis.mobility import mobility

        source = source_of(panel)
        self.model.columns(source.names)
        found: MobilityFit = mobility(
            source,
            self.model.formula,
            person=self.model.person,
            weight=self.model.weight,
            cluster=self.model.cluster,
            within=self.model.within,
            effects=self.effects,
            outcomes=self.outcomes,
            standard_errors=self.standard_errors,
            bread=self.bread,
            penalty=self.penalty,
            tolerance=self.tolerance,
            checkpoint=self.checkpoint,
            folder=folder,
            say=say,
        )
        return found


def between(
    question: FitQuestion, panel: Path, gone: Gone, fit: MobilityFit, room: Path
) -> pl.DataFrame:
    """Coefficients if the least, and the most, of those who never left are gone.

    Persons whose last year has no event count with a weight: one weight a person, as random
    effects need. The panel is read whole.

    Parameters
    ----------
    question, panel, fit
        The fit, what it was fitted to, and what was found.
    gone
        Shares of persons; its variables are columns of the panel.
    room
        Folder for the weighted panels.
    """
    from folkestrom.analysis.design.formula import parse

    model, weight = question.model, "weight_of_presence"
    rows = pl.read_parquet(panel)
    last = rows.group_by(model.person, maintain_order=True).last()
    stayed = last[parse(model.formula).outcome].cast(pl.String) == fit.outcomes[0]
    found = fit.coefficients().select("name", "estimate")
    own = pl.col(model.weight) if model.weight else pl.lit(1.0)
    for end, share in zip(("low", "high"), gone.of(last), strict=True):
        weights = last.select(model.person).with_columns(
            (1 - pl.Series(share) * stayed.cast(pl.Float64)).alias(weight)
        )
        joined = rows.join(weights, on=model.person, how="left", maintain_order="left")
        path = room / f"panel_{end}.parquet"
        joined.with_columns((pl.col(weight) * own).alias(weight)).write_parquet(path)
        again = replace(question, model=replace(model, weight=weight), checkpoint=None)
        found = found.hstack([again.answer(path).coefficients()["estimate"].alias(end)])
    return found


def published(fit: MobilityFit, panel: Path, model: Model, rules: Rules) -> Cells:
    """What may be shown to anybody of a fit.

    Parameters
    ----------
    fit
        The fit.
    panel, model
        What it was fitted to, and the columns.
    rules
        The rules.
    """
    # Imported here: it brings models and what protects tables along.
    from folkestrom.outputs import regression

    return regression.published(fit, panel, model.person, rules)


def effects_of(effects: Effects | None, *, per_person: bool) -> Effects:
    """The covariance of the effects: what was asked for, or else any; none where nobody has them.

    Parameters
    ----------
    effects
        What was asked for, if anything.
    per_person
        Whether anybody has effects.

    Examples
    --------
    >>> effects_of(None, per_person=True), effects_of(None, per_person=False)
    ('unstructured', 'none')
    """
    if per_person:
        return effects or "unstructured"
    if effects not in (None, "none"):
        raise without_effect("--effects", effects, "nobody has effects", "Leave --random out")
    return "none"


def profile_of(text: str, numbers: Container[str] = ()) -> dict[str, str | float]:
    """A profile as it is typed: `age=35,immigrant_category=immigrant,county=03`.

    Parameters
    ----------
    text
        Covariates with their values, with commas between them.
    numbers
        Covariates that are numbers; the others are levels.

    Examples
    --------
    >>> profile_of("age=35, county=03", {"age"})
    {'age': 35.0, 'county': '03'}
    """
    found: dict[str, str | float] = {}
    for part in text.split(","):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not (name and sign and value):
            raise UsageError(
                "is not a covariate with its value",
                where="--profile",
                value=part.strip(),
                allowed="age=35,county=03",
            )
        found[name] = _number(name, value) if name in numbers else value
    return found


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise UsageError(f"is not a number, as {name} is", where="--profile", value=value) from None
