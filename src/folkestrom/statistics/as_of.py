"""Reading histories as of a reference day, as known on a knowledge day.

`$eve` is the day before the reference day: a stock is the state at its end. `$known_at` is the
knowledge day.
"""

from __future__ import annotations

from folkestrom.engine.steps import Step, step

#: Rows of a history that hold at the end of `$eve`, as known on `$known_at`.
AS_OF = """valid_from <= $eve AND valid_to > $eve
  AND known_from <= $known_at AND known_to > $known_at"""


@step("residents")
def residents() -> str:
    """Who is resident at the end of the day before the reference day, and where."""
    return f"""
        SELECT person, municipality, basic_unit, sex, birth_date, country_of_birth
        FROM residence
        WHERE {AS_OF}
    """


@step("marital_then")
def marital_then() -> str:
    """Everybody's marital status at the end of the day before the reference day."""
    return f"SELECT person, marital_status FROM marital WHERE {AS_OF}"


@step("citizenship_then")
def citizenship_then() -> str:
    """Everybody's citizenship at the end of the day before the reference day."""
    return f"SELECT person, citizenship FROM citizenship WHERE {AS_OF}"


@step("residents_with_marital")
def residents_with_marital(source: str = "residents") -> str:
    """Residents with their marital status; unknown where the register has none."""
    return f"""
        SELECT r.*, coalesce(m.marital_status, 0) AS marital_status
        FROM {source} r LEFT JOIN marital_then m ON m.person = r.person
    """


@step("residents_with_citizenship")
def residents_with_citizenship(source: str = "residents") -> str:
    """Residents with their citizenship; nothing where the register has none."""
    return f"""
        SELECT r.*, c.citizenship
        FROM {source} r LEFT JOIN citizenship_then c ON c.person = r.person
    """


@step("births_then")
def births_then() -> str:
    """Everybody's country of birth and parents, whether resident or not."""
    return """
        SELECT person, country_of_birth, mother, father
        FROM attribute
        WHERE known_from <= $known_at AND known_to > $known_at
    """


@step("residents_with_parents")
def residents_with_parents(source: str = "residents") -> str:
    """Residents with the countries of birth of their parents; nothing where that is not known."""
    return f"""
        SELECT r.*, m.country_of_birth AS mother_born, f.country_of_birth AS father_born
        FROM {source} r
        LEFT JOIN births_then b ON b.person = r.person
        LEFT JOIN births_then m ON m.person = b.mother
        LEFT JOIN births_then f ON f.person = b.father
    """


@step("residents_with_age")
def residents_with_age(source: str = "residents") -> str:
    """Residents with their completed age at the end of the day before the reference day."""
    return f"SELECT r.*, {age_sql('$eve')} AS age FROM {source} r"


def age_sql(day: str, birth_date: str = "birth_date") -> str:
    """Completed years at the end of a day, as an SQL expression.

    The year's birthday counts once its month and day have come: who is born on 29 February
    completes a year on 1 March where there is no such day. Nobody is younger than 0.
    """
    years = f"""year({day}) - year({birth_date})
      - CASE WHEN 32 * month({birth_date}) + day({birth_date}) > 32 * month({day}) + day({day})
        THEN 1 ELSE 0 END"""
    # Not greatest(0, …): that would make an unknown age 0.
    return f"CASE WHEN {birth_date} > {day} THEN 0 ELSE {years} END"


def described_residents(needs: frozenset[str]) -> list[Step]:
    """Steps to residents with what their variables need; the last one has it all."""
    steps = [residents()]
    if "marital" in needs:
        steps += [marital_then(), residents_with_marital(steps[-1].name)]
    if "citizenship" in needs:
        steps += [citizenship_then(), residents_with_citizenship(steps[-1].name)]
    if "parents" in needs:
        steps += [births_then(), residents_with_parents(steps[-1].name)]
    if "age" in needs:
        steps.append(residents_with_age(steps[-1].name))
    return steps
