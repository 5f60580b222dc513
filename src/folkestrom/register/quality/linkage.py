"""Probabilistic linkage: who left and came back under another number, though reports differ.

The model of Fellegi and Sunter (1969, *Journal of the American Statistical Association* 64,
1183–1210), by the library `splink`: each agreement and disagreement has a weight, estimated from
the register itself by expectation and maximisation, and the weights give a probability that two
lives are one person's. A birth date may be mistyped, and a parent missing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from folkestrom.engine.steps import compose, step
from folkestrom.errors import UsageError
from folkestrom.model.cells import Cells
from folkestrom.model.specification import Category, Dimension, Text
from folkestrom.register.quality.duplicates import SPECIFICATION as DUPLICATES
from folkestrom.register.quality.duplicates import described_lives, ranked_lives

#: Random pairs by which agreement by chance is estimated, and their seed.
_PAIRS: Final = 1_000_000
_SEED: Final = 1
#: Fewer lives of either sort have no weights of their own.
FEWEST: Final = 50
#: Pairs of a lower probability are none.
LEAST: Final = 0.5
#: Lower ends of the classes that pairs are counted in.
CLASSES: Final = (0.99, 0.9, LEAST)
SPECIFICATION: Final = replace(
    DUPLICATES,
    id="linked-duplicates",
    dimensions=(
        Dimension(
            "probability", Text("Probability", "Sannsynlighet"),
            (
                Category("99-100", Text("99 % and more", "99 % og mer")),
                Category("90-98", Text("90–98 %", "90–98 %")),
                Category("50-89", Text("50–89 %", "50–89 %")),
            ),
        ),
    ),
    measures=(DUPLICATES.measures[-1],),
    contents=Text(
        "Pairs of numbers of which one left before the other came, by the probability that they "
        "are one person's: weights of agreement estimated from the register (Fellegi and Sunter "
        "1969).",
        "Par av numre der det ene dro før det andre kom, etter sannsynligheten for at de er samme "
        "person: vekter for likhet anslått av registeret (Fellegi og Sunter 1969).",
    ),
)  # fmt: skip


@step("linkable_lives", reads=["citizenship"])
def linkable_lives() -> str:
    """Lives that ended by emigration (1) or began by arrival (0), with what is compared of them."""
    known = "known_from <= $known_at AND known_to > $known_at"
    return f"""
        SELECT l.person, (l.from_last = 1 AND l.kind = 8) AS ended, l.event_date AS day,
               strftime(l.birth_date, '%Y-%m-%d') AS birth_date, year(l.birth_date) AS birth_year,
               l.sex, l.country_of_birth, l.country, l.mother, l.father, c.citizenship
        FROM described_lives l
        LEFT JOIN (
          SELECT person, arg_max(citizenship, valid_from) AS citizenship
          FROM citizenship WHERE {known} GROUP BY person
        ) AS c ON c.person = l.person
    """


def linked_pairs(connection: duckdb.DuckDBPyConnection, known_at: date) -> pa.Table:
    """Pairs of lives that are probably one person's, the most probable first: for the office.

    Parameters
    ----------
    connection
        An open store.
    known_at
        Knowledge date.

    Returns
    -------
    pyarrow.Table
        `person`, `other_person`, `probability`, `ended`, `began`.

    Raises
    ------
    UsageError
        splink is not installed; too few have left or come to estimate weights from.
    """
    try:
        import splink
    except ImportError as error:
        raise UsageError(
            "is not installed", where="splink", next_step="Install folkestrom[linkage]"
        ) from error
    query = compose([ranked_lives(), described_lives(), linkable_lives()])
    lives = connection.sql(query, params={"known_at": known_at}).to_arrow_table()
    # One thread: sums of weights in another order would be other numbers.
    with duckdb.connect(config={"threads": 1}) as memory:
        memory.register("lives", lives)
        for name, ended in (("left_lives", "ended"), ("new_lives", "NOT ended")):
            memory.execute(
                f"CREATE TABLE {name} AS SELECT * FROM lives WHERE {ended} ORDER BY person"
            )
            ((many,),) = memory.execute(f"SELECT count(*) FROM {name}").fetchall()
            if many < FEWEST:
                raise _too_few(many)
        try:
            found = _predicted(splink, memory)
        except ValueError as error:  # a weight that no pair says anything of
            raise _too_few(lives.num_rows) from error
        memory.register("found", found)
        pairs: pa.Table = memory.sql(
            """
            SELECT a.person, b.person AS other_person, f.probability, a.day AS ended, b.day AS began
            FROM found f JOIN left_lives a ON a.person = f.person
            JOIN new_lives b ON b.person = f.other_person
            WHERE a.person <> b.person AND b.day >= a.day
            ORDER BY f.probability DESC, b.day, a.person, b.person
            """
        ).to_arrow_table()
    return pairs


def _too_few(many: int) -> UsageError:
    return UsageError(
        "has too few persons who left or came to estimate weights from", where="store", value=many,
        allowed=f"{FEWEST} of each, and pairs among them that say something of every weight",
        next_step="Use the rules: duplicates without --linkage",
    )  # fmt: skip


def count_linked(pairs: pa.Table, known_at: date) -> Cells:
    """How many pairs there are, by class of probability.

    Parameters
    ----------
    pairs, known_at
        The pairs, and their knowledge date.
    """
    probability = pairs["probability"].to_numpy()
    at_least = [int((probability >= low).sum()) for low in CLASSES]
    rows = {
        "probability": [category.code for category in SPECIFICATION.dimensions[0].categories],
        "pairs": pa.array(np.diff(at_least, prepend=0), pa.int64()),
    }
    return Cells(SPECIFICATION.fill(known=known_at), pa.table(rows))


def above(pairs: pa.Table, least: int) -> pa.Table:
    """Pairs of at least so many per cent.

    Parameters
    ----------
    pairs, least
        The pairs, and the per cent.
    """
    return pairs.filter(pc.greater_equal(pairs["probability"], least / 100))


def _predicted(splink: Any, memory: duckdb.DuckDBPyConnection) -> pa.Table:
    import splink.comparison_library as compared

    blocks = [
        splink.block_on("birth_date", "sex"),
        splink.block_on("mother"),
        splink.block_on("birth_year", "country_of_birth", "sex", "country"),
    ]
    settings = splink.SettingsCreator(
        link_type="link_only",
        unique_id_column_name="person",
        comparisons=[
            compared.DamerauLevenshteinAtThresholds("birth_date", 1),
            *(
                compared.ExactMatch(name)
                for name in (
                    "sex", "country_of_birth", "citizenship", "country", "mother", "father",
                )
            ),
        ],
        blocking_rules_to_generate_predictions=blocks,
    )  # fmt: skip
    backend = splink.DuckDBAPI(memory)
    tables = [backend.register(name) for name in ("left_lives", "new_lives")]
    linker = splink.Linker(tables, settings, log_level="ERROR")
    training = linker.training
    training.estimate_probability_two_random_records_match(
        [splink.block_on("birth_date", "sex", "country_of_birth", "mother")], recall=0.5
    )
    training.estimate_u_using_random_sampling(max_pairs=_PAIRS, seed=_SEED)
    for rule in (splink.block_on("birth_date", "sex"), splink.block_on("mother")):
        training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=LEAST)
    return memory.sql(
        f"SELECT person_l AS person, person_r AS other_person, match_probability AS probability "
        f"FROM {found.physical_name}"
    ).to_arrow_table()
