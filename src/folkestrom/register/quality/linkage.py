"""Probabilistic linkage: who left and came back under another number, though reports differ.

The model of Fellegi and Sunter (1969, *Journal of the American Statistical Association* 64,
1183–1210), by the library `splink`: each agreement and disagreement has a weight, estimated from
the register itself by expectation and maximisation, and the weights give a probability that two
lives are one person's. A birth date may be mistyped, and a parent missing.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import duckdb
import pyarrow as pa

from folkestrom.engine.steps import compose, step
from folkestrom.errors import UsageError
from folkestrom.model.identities import naming
from folkestrom.register.quality.duplicates import (
    described_lives,
    partners,
    ranked_lives,
)

#: Random pairs by which agreement by chance is estimated, and their seed.
_PAIRS: Final = 1_000_000
_SEED: Final = 1
#: Fewer lives of either sort have no weights of their own.
FEWEST: Final = 50
#: Pairs of at least this probability are returned, where no other is asked for.
LEAST: Final = 0.9


@step("linkable_lives", reads=["citizenship", "residence"])
def linkable_lives() -> str:
    """Lives that ended by emigration (1) or began by arrival (0), with what is compared of them."""
    known = "known_from <= $known_at AND known_to > $known_at"
    return f"""
        SELECT l.person, (l.from_last = 1 AND l.kind = 8) AS ended, l.event_date AS day,
               strftime(l.birth_date, '%Y-%m-%d') AS birth_date, year(l.birth_date) AS birth_year,
               l.sex, l.country_of_birth, l.country, l.mother, l.father, c.citizenship,
               r.municipality
        FROM described_lives l
        LEFT JOIN (
          SELECT person, arg_max(citizenship, valid_from) AS citizenship
          FROM citizenship WHERE {known} GROUP BY person
        ) AS c ON c.person = l.person
        LEFT JOIN (
          SELECT person, arg_max(municipality, valid_from) AS left_from,
                 arg_min(municipality, valid_from) AS municipality
          FROM residence WHERE {known} GROUP BY person
        ) AS r ON r.person = l.person
    """


def linked_pairs(
    connection: duckdb.DuckDBPyConnection, known_at: date, least: float = LEAST
) -> pa.Table:
    """Pairs of lives that are probably one person's, the most probable first: for the office.

    Parameters
    ----------
    connection
        An open store.
    known_at
        Knowledge date.
    least
        Least probability.

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
    with duckdb.connect() as memory:
        memory.register("lives", lives)
        for name, ended in (("left_lives", "ended"), ("new_lives", "NOT ended")):
            memory.execute(
                f"CREATE TABLE {name} AS SELECT * FROM lives WHERE {ended} ORDER BY person"
            )
            ((many,),) = memory.execute(f"SELECT count(*) FROM {name}").fetchall()
            if many < FEWEST:
                raise UsageError(
                    "has too few persons who left or came to estimate weights from",
                    where="store", value=many, allowed=f"{FEWEST} of each and more",
                    next_step="Use the rules: duplicates without --linkage",
                )  # fmt: skip
        found = _predicted(splink, memory, least)
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


def _predicted(splink: Any, memory: duckdb.DuckDBPyConnection, least: float) -> pa.Table:
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
    found = linker.inference.predict(threshold_match_probability=least)
    return memory.sql(
        f"SELECT person_l AS person, person_r AS other_person, match_probability AS probability "
        f"FROM {found.physical_name}"
    ).to_arrow_table()
