"""What users bring, checked at the door: tables, columns by what they are for, and arguments.

A table is one of Arrow, Polars or pandas, or a mapping of columns; a column one of those, of NumPy,
or a list. `table_of` and `column_of` read them; the roles (persons, days, categories, weights …)
say what a column may hold, in one way for every estimator. No message shows a person's value.
"""

from folkestrom.columns.arguments import check_arguments, check_path, is_level
from folkestrom.columns.names import names_of
from folkestrom.columns.reading import Column, column_of, text_of
from folkestrom.columns.roles import (
    Categories,
    amounts,
    arrays,
    categories,
    check_spells,
    days,
    flags,
    numbers,
    occurrences,
    persons,
    refuse_amounts,
    refuse_levels,
    refuse_persons,
    refuse_times,
    times,
    weights,
)
from folkestrom.columns.tables import (
    Table,
    column_names,
    lazy_column,
    lazy_table,
    require,
    table_of,
)

__all__ = [
    "Categories",
    "Column",
    "Table",
    "amounts",
    "arrays",
    "categories",
    "check_arguments",
    "check_path",
    "check_spells",
    "column_names",
    "column_of",
    "days",
    "flags",
    "is_level",
    "lazy_column",
    "lazy_table",
    "names_of",
    "numbers",
    "occurrences",
    "persons",
    "refuse_amounts",
    "refuse_levels",
    "refuse_persons",
    "refuse_times",
    "require",
    "table_of",
    "text_of",
    "times",
    "weights",
]
