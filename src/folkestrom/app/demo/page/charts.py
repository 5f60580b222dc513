"""The page's pictures. Each has its table beside it, so that none is needed to know a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from markupsafe import Markup

from folkestrom.app.demo.cost import StepCost
from folkestrom.app.demo.figures import OLDEST, Pyramid, Revision
from folkestrom.app.demo.numbers import both, grouped, percent, signed
from folkestrom.app.demo.page.svg import Drawing, Scale, nice_end, steps
from folkestrom.app.office.quality.delays import CLASS_LABELS, Delays
from folkestrom.model.specification import Text

_WIDTH: Final = 760
SYNTHETIC: Final = Text("Synthetic data", "Syntetiske data")

#: Flows of an account that a picture shows, with their sign.
_CHANGES: Final = (
    ("births", Text("Births", "Fødte"), 1),
    ("deaths", Text("Deaths", "Døde"), -1),
    ("immigration", Text("Immigration", "Innvandring"), 1),
    ("emigration", Text("Emigration", "Utvandring"), -1),
    ("adjustment", Text("Adjustment", "Korreksjon"), 1),
)
#: Those that are shown over the years.
_FLOWS: Final = _CHANGES[:-1]


def pyramid(now: Pyramid, before: Pyramid) -> Markup:
    """Residents by sex and age, with the outline of an earlier day."""
    drawing = _drawing(560, "pyramid")
    top, bottom, middle, gap = 34, 510, _WIDTH / 2, 26
    depth = (bottom - top) / (OLDEST + 1)
    most = nice_end(max(*now.males, *now.females, *before.males, *before.females))
    for style, side, persons, earlier in (
        ("male", -1, now.males, before.males),
        ("female", 1, now.females, before.females),
    ):
        edge = middle + side * gap
        scale = Scale(0, most, edge, middle + side * (_WIDTH / 2 - 28))
        for mark in scale.marks(4):
            drawing.line((scale(mark), top), (scale(mark), bottom), "grid")
            drawing.text((scale(mark), bottom + 18), grouped(mark), "mid")
        for age, count in enumerate(persons):
            length = abs(scale(count) - edge)
            place = (min(edge, scale(count)), bottom - (age + 1) * depth + 0.4)
            drawing.rectangle(place, (length, depth - 0.8), style)
        outline = [(scale(n), bottom - (age + 1) * depth) for age, n in enumerate(earlier)]
        drawing.path([*steps(outline[::-1], depth)], "outline")
    for age in range(0, OLDEST + 1, 10):
        label = f"{age}+" if age == OLDEST else str(age)
        drawing.text((middle, bottom - age * depth - depth / 2 + 4), label, "mid")
    drawing.text((middle - gap, 20), Text("Males", "Menn"), "end strong")
    drawing.text((middle + gap, 20), Text("Females", "Kvinner"), "strong")
    drawing.text((middle, 20), Text("Age", "Alder"), "mid")
    drawing.line((16, 16), (44, 16), "outline")
    drawing.text((50, 20), _first_of_january(before.day))
    persons_label = Text("Persons in each year of age", "Personer i hvert aldersår")
    drawing.text((middle, bottom + 38), persons_label, "mid")
    return drawing.markup()


def year_of_change(account: Mapping[str, Any]) -> Markup:
    """What changed the population in the year."""
    drawing = _drawing(200, "change")
    most = nice_end(max(abs(account[name]) for name, _, _ in _CHANGES))
    scale = Scale(-most, most, 130, _WIDTH - 80)
    for mark in scale.marks(8):
        drawing.line((scale(mark), 8), (scale(mark), 164), "grid")
        drawing.text((scale(mark), 182), signed(mark), "mid")
    for row, (name, label, sign) in enumerate(_CHANGES):
        value, y = sign * account[name], 14 + 30 * row
        drawing.text((120, y + 15), label, "end")
        _bar(drawing, scale, value, (y, 20), "gain" if value >= 0 else "loss")
    drawing.line((scale(0), 8), (scale(0), 164), "axis")
    return drawing.markup()


def revisions_by_month(revisions: Sequence[Revision], months: Sequence[date]) -> Markup:
    """Units of the adjustment by the month in which they became known."""
    added = {month: sum(r.added for r in revisions if r.month == month) for month in months}
    taken = {month: sum(r.taken for r in revisions if r.month == month) for month in months}
    drawing = _drawing(280, "revisions")
    most = nice_end(max(*added.values(), *taken.values(), 1), 3)
    scale = Scale(most, -most, 30, 230)
    for mark in scale_marks(most):
        drawing.line((70, scale(mark)), (_WIDTH - 10, scale(mark)), "grid")
        drawing.text((62, scale(mark) + 4), signed(mark), "end")
    width = (_WIDTH - 80) / len(months)
    for n, month in enumerate(months):
        x = 70 + n * width
        drawing.rectangle(
            (x + width * 0.2, scale(added[month])),
            (width * 0.6, scale(0) - scale(added[month])),
            "gain",
        )
        drawing.rectangle(
            (x + width * 0.2, scale(0)), (width * 0.6, scale(-taken[month]) - scale(0)), "loss"
        )
        drawing.circle((x + width / 2, scale(added[month] - taken[month])), 4.5, "net")
        drawing.text((x + width / 2, 254), f"{month.year}-{month.month:02d}", "mid")
    drawing.line((70, scale(0)), (_WIDTH - 10, scale(0)), "axis")
    _legend(
        drawing,
        14,
        (
            ("gain", Text("units added", "lagt til")),
            ("loss", Text("units taken away", "trukket fra")),
            ("net", Text("net", "netto")),
        ),
    )
    return drawing.markup()


def scale_marks(most: float) -> list[float]:
    """Marks of an axis that goes both ways."""
    return Scale(-most, most, 0, 1).marks(6)


def reporting_delays(found: Sequence[Delays]) -> Markup:
    """Shares of reports by how long they took, by kind."""
    drawing = _drawing(76 + 32 * len(found), "delays")
    scale = Scale(0, 1, 212, _WIDTH - 16)
    _legend(drawing, 14, [(f"delay{n}", text) for n, text in enumerate(CLASS_LABELS)], 122)
    for row, one in enumerate(found):
        y, seen = 34 + 32 * row, 0
        drawing.text((202, y + 16), one.label, "end")
        for n, count in enumerate(one.by_class):
            left, right = scale(seen / one.reports), scale((seen + count) / one.reports)
            seen += count
            if count:
                drawing.rectangle((left, y), (right - left, 22), f"delay{n}")
            if right - left > 34:
                mark = f"{percent(count, one.reports, 0).en} %"
                drawing.text(((left + right) / 2, y + 16), mark, f"mid on{n}")
    bottom = 34 + 32 * len(found) + 18
    for share in (0, 25, 50, 75, 100):
        anchor = "end" if share == 100 else "mid"
        drawing.text((scale(share / 100), bottom), f"{share} %", anchor)
    return drawing.markup()


def population_over_time(quarters: Sequence[tuple[date, int]]) -> Markup:
    """Population on the first day of every quarter."""
    drawing = _drawing(250, "population")
    counts = [persons for _, persons in quarters]
    low, high = min(counts), max(counts)
    margin = max((high - low) * 0.06, 1)
    scale = Scale(low - margin, high + margin, 210, 20)
    across = _time_axis(drawing, quarters[0][0], quarters[-1][0], 210)
    for mark in scale.marks(5):
        drawing.line((80, scale(mark)), (_WIDTH - 16, scale(mark)), "grid")
        drawing.text((72, scale(mark) + 4), grouped(mark), "end")
    drawing.path([(across(_years(day)), scale(n)) for day, n in quarters], "series births")
    note = Text("The axis does not begin at 0.", "Aksen begynner ikke på 0.")
    drawing.text((88, 16), note, "small")
    return drawing.markup()


def flows_over_time(years: Sequence[Mapping[str, Any]]) -> Markup:
    """Births, deaths, immigration and emigration, year by year."""
    drawing = _drawing(290, "flows")
    most = nice_end(max(row[name] for row in years for name, _, _ in _FLOWS))
    scale = Scale(0, most, 250, 20)
    first, last = (date(years[n]["year"], 7, 1) for n in (0, -1))
    across = _time_axis(drawing, first, last, 250, right=120)
    for mark in scale.marks(5):
        drawing.line((80, scale(mark)), (_WIDTH - 120, scale(mark)), "grid")
        drawing.text((72, scale(mark) + 4), grouped(mark), "end")
    ends = []
    for name, label, _ in _FLOWS:
        points = [(across(row["year"] + 0.5), scale(row[name])) for row in years]
        drawing.path(points, f"series {name}")
        for point in points:
            drawing.circle(point, 2.2, f"dot {name}")
        ends.append((points[-1][1], label, name))
    below = 0.0
    for y, label, name in sorted(ends, key=lambda end: end[0]):
        below = max(y + 4, below + 15)
        drawing.text((_WIDTH - 112, below), label, f"strong of-{name}")
    return drawing.markup()


def countries(flows: Sequence[Mapping[str, Any]], labels: Mapping[str, Text]) -> Markup:
    """Immigration and emigration of the year by country."""
    drawing = _drawing(34 + 26 * len(flows), "countries")
    shown = [row for row in flows if row["country"]]
    most = nice_end(max([1, *(max(row["immigration"], row["emigration"]) for row in shown)]))
    middle, gap = _WIDTH / 2, 84
    left = Scale(0, most, middle - gap, 50)
    right = Scale(0, most, middle + gap, _WIDTH - 50)
    for scale in (left, right):
        for mark in scale.marks(3):
            drawing.line((scale(mark), 28), (scale(mark), 32 + 26 * len(shown)), "grid")
            drawing.text((scale(mark), 48 + 26 * len(shown)), grouped(mark), "mid")
    for row, flow in enumerate(shown):
        y = 32 + 26 * row
        drawing.text((middle, y + 14), labels[flow["country"]], "mid")
        end = left(flow["emigration"])
        drawing.rectangle((end, y), (left(0) - end, 18), "loss")
        drawing.text((end - 4, y + 14), grouped(flow["emigration"]), "end small")
        end = right(flow["immigration"])
        drawing.rectangle((right(0), y), (end - right(0), 18), "gain")
        drawing.text((end + 4, y + 14), grouped(flow["immigration"]), "small")
    drawing.text((middle - gap, 18), Text("Emigration to", "Utvandring til"), "end strong")
    drawing.text((middle + gap, 18), Text("Immigration from", "Innvandring fra"), "strong")
    return drawing.markup()


def costs(found: Sequence[StepCost]) -> Markup:
    """Seconds of every step."""
    drawing = _drawing(44 + 28 * len(found), "cost", synthetic=False)
    most = nice_end(max(cost.seconds for cost in found))
    scale = Scale(0, most, 230, _WIDTH - 70)
    bottom = 8 + 28 * len(found)
    for mark in scale.marks(5):
        drawing.line((scale(mark), 4), (scale(mark), bottom), "grid")
        drawing.text((scale(mark), bottom + 18), f"{grouped(mark, 0 if most > 5 else 1)} s", "mid")
    for row, cost in enumerate(found):
        y = 8 + 28 * row
        drawing.text((220, y + 15), cost.label, "end")
        drawing.rectangle((scale(0), y), (scale(cost.seconds) - scale(0), 20), "neutral")
        shown = both(cost.seconds, 1)
        drawing.text(
            (scale(cost.seconds) + 6, y + 15), Text(f"{shown.en} s", f"{shown.no} s"), "small"
        )
    return drawing.markup()


def _drawing(height: float, name: str, *, synthetic: bool = True) -> Drawing:
    drawing = Drawing(_WIDTH, height + 16, f"{name}-title")
    if synthetic:
        drawing.text((_WIDTH - 4, height + 12), SYNTHETIC, "end stamp")
    return drawing


def _bar(
    drawing: Drawing, scale: Scale, value: float, rows: tuple[float, float], style: str
) -> None:
    """A bar from 0, with its value at its end."""
    (y, depth), zero, end = rows, scale(0), scale(value)
    drawing.rectangle((min(zero, end), y), (abs(end - zero), depth), style)
    right = value >= 0
    place = (end + (6 if right else -6), y + depth * 0.75)
    drawing.text(place, signed(value), "strong" if right else "strong end")


def _legend(
    drawing: Drawing, y: float, entries: Sequence[tuple[str, Text]], apart: float = 150
) -> None:
    for n, (style, text) in enumerate(entries):
        x = 16 + n * apart
        if style == "net":
            drawing.circle((x + 6, y - 4), 5, style)
        else:
            drawing.rectangle((x, y - 10), (12, 12), style)
        drawing.text((x + 17, y), text, "small")


def _time_axis(
    drawing: Drawing, first: date, last: date, bottom: float, right: float = 16
) -> Scale:
    scale = Scale(_years(first), _years(last), 80, _WIDTH - right)
    apart = 5 if last.year - first.year > 10 else 1
    for year in range(first.year, last.year + 1):
        if year % apart == 0 and scale.low <= year <= scale.high:
            drawing.line((scale(year), bottom), (scale(year), bottom + 5), "axis")
            drawing.text((scale(year), bottom + 20), str(year), "mid")
    drawing.line((80, bottom), (_WIDTH - right, bottom), "axis")
    return scale


def _years(day: date) -> float:
    return day.year + (day.timetuple().tm_yday - 1) / 366


def _first_of_january(day: date) -> Text:
    return Text(f"1 January {day.year}", f"1. januar {day.year}")
