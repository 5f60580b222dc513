"""Rules that results are published by: what users ask for, and rules that cannot be meant."""

from __future__ import annotations

from folkestrom.disclosure import Rules, named
from folkestrom.errors import UsageError

__all__ = ["Rules", "refuse_rounding", "rules_of"]


def rules_of(publish: Rules | str | None) -> Rules | None:
    """Rules, or those of a name; None: nothing is published.

    Parameters
    ----------
    publish
        What was asked for.

    Examples
    --------
    >>> rules_of("research").minimum_population
    1000
    """
    return named(publish, "publish") if isinstance(publish, str) else publish


def refuse_rounding(rules: Rules, what: str) -> None:
    """Refuse rules that round the counts, where what is shown is computed from the true ones.

    Parameters
    ----------
    rules
        The rules.
    what
        What is shown, and is.

    Raises
    ------
    UsageError
        Rules that round.

    Examples
    --------
    >>> refuse_rounding(Rules("r", rounding_base=3), "rates are")
    Traceback (most recent call last):
    ...
    folkestrom.errors.UsageError: publish: 'r' rounds the counts, and rates are of the true ones.
    Allowed: rules that suppress, such as 'research' or 'statistics'.
    """
    if rules.rounding_base:
        raise UsageError(
            f"rounds the counts, and {what} of the true ones",
            where="publish",
            value=rules.name,
            allowed="rules that suppress, such as 'research' or 'statistics'",
        )
