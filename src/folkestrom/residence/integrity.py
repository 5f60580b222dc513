"""What must hold of the table of who is resident where."""

from __future__ import annotations

from typing import Final

from folkestrom.engine.steps import step

_COLUMNS: Final = (
    "person, municipality, basic_unit, dwelling, sex, birth_date, country_of_birth, valid_from, "
    "valid_to, known_from, known_to, position"
)


@step(
    "residence_differs", reads=["residence", "stay"], duckdb_only="the hash is DuckDB's own"
)  # fmt: skip
def residence_differs() -> str:
    """Residents are the register's stays, by the rule that decides today."""
    one, other = (
        f"SELECT count(*) AS rows, sum(hash({_COLUMNS})) AS hashes FROM {table}"
        for table in ("residence", "stay")
    )
    return f"""
        SELECT a.rows FROM ({one}) AS a, ({other}) AS b
        WHERE a.rows <> b.rows OR a.hashes IS DISTINCT FROM b.hashes
    """
