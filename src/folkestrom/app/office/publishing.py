"""What leaves the office: rules by name, and flow charts through the gate."""

from __future__ import annotations

from folkestrom.analysis.study.flow_chart import FlowChart
from folkestrom.disclosure import Rules
from folkestrom.disclosure import named as rules_named
from folkestrom.disclosure.charts import release_chart


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
    return rules_named(publish, "publish") if isinstance(publish, str) else publish


def published_chart(chart: FlowChart, rules: Rules | None) -> FlowChart:
    """A flow chart with the numbers that may be shown, and a note of the rules.

    Parameters
    ----------
    chart
        The true chart.
    rules
        The rules; None: the chart stays in the office, as it is.
    """
    if rules is None:
        return chart
    shown = release_chart(
        [step.rows or 0 for step in chart.steps],
        [step.persons or 0 for step in chart.steps],
        [many or 0 for _, many in chart.outcomes],
        rules,
        losing=[step.losing or 0 for step in chart.steps],
        ended=chart.ended,
    )
    return chart.showing(shown.rows, shown.persons, shown.dropped, shown.outcomes, shown.note.en)
