"""Flow charts of studies, for publication."""

from __future__ import annotations

from folkestrom.analysis.study.flow_chart import FlowChart
from folkestrom.disclosure import Rules
from folkestrom.disclosure.charts import release_chart


def published(chart: FlowChart, rules: Rules) -> FlowChart:
    """A flow chart with the numbers that may be shown, and a note of the rules.

    Parameters
    ----------
    chart
        The true chart.
    rules
        The rules.
    """
    shown = release_chart(
        [step.rows or 0 for step in chart.steps],
        [step.persons or 0 for step in chart.steps],
        [many or 0 for _, many in chart.outcomes],
        rules,
        losing=[step.losing or 0 for step in chart.steps],
        ended=chart.ended,
    )
    return chart.showing(shown.rows, shown.persons, shown.dropped, shown.outcomes, shown.note.en)
