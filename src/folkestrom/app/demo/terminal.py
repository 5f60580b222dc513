"""The compared tables on the terminal, side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table
from rich.text import Text as Line

from folkestrom.app.demo.comparison import Block, Pair
from folkestrom.app.demo.figures import PROSPECT
from folkestrom.app.demo.numbers import grouped, megabytes, signed
from folkestrom.app.demo.outcome import Outcome
from folkestrom.app.output.console import PlainConsole
from folkestrom.app.output.terminal import HEADING_WIDTH, print_whole

#: What stands for a figure that the published table lost.
_LOST = "lost"


def show(outcome: Outcome, console: PlainConsole) -> None:
    """Print every table beside the published one, what was explained, and what it cost.

    Parameters
    ----------
    outcome
        What the demonstration found.
    console
        Where to.
    """
    console.print(Line(_introduction(outcome)))
    other = outcome.run.other.en.lower()
    for table in outcome.tables:
        console.print()
        console.print(Line(table.specification.title.en, style="bold"))
        for block in table.blocks:
            print_whole(_stacked(block, other) if block.label else _beside(block, other), console)
        for number, note in enumerate(table.specification.footnotes, start=1):
            console.print(Line(f"{number} {note.en}", style="dim"))
        console.print(_verdict(table.compared, table.differing, other))
    console.print()
    console.print(Line("What it cost", style="bold"))
    print_whole(_costs(outcome), console)
    verdict = _verdict(outcome.compared, outcome.differing, other)
    console.print(Line("All tables: ", style="bold") + verdict)
    console.print(Line(_prospect(outcome)))


def _prospect(outcome: Outcome) -> str:
    stay, fewer = outcome.figures.prospect
    return (
        f"At the rates of the last year {_plain(grouped(stay['population']))} residents in "
        f"{PROSPECT}, {stay['old_age_dependency']:.3f} of 65 and over per person of 20-64; if half "
        f"as many left, {_plain(grouped(fewer['population']))} and "
        f"{fewer['old_age_dependency']:.3f}."
    )


def _introduction(outcome: Outcome) -> str:
    run = outcome.run
    against = (
        "the figures that Statistics Norway published"
        if run.scale == 1
        else f"the published figures times {run.scale:g}, rounded up or down so that all sums hold"
    )
    return (
        "A synthetic country: nobody in it exists, and its people were made to add up to "
        f"published totals.\nCounted from {_plain(grouped(run.reports))} reports, as known on "
        f"{run.known_at}, and compared with {against}."
    )


def _beside(block: Block, other: str) -> Table:
    """Three columns for every column of the table: counted, published, difference."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    names = [_lines(column.label.en) if len(block.columns) > 1 else [] for column in block.columns]
    tallest = max(map(len, names))
    for lines in names:
        heading = "\n".join([*[""] * (tallest - len(lines)), *lines, "counted"])
        table.add_column(heading, justify="right", no_wrap=True)
        for one in (other, "diff."):
            table.add_column("\n" * tallest + one, justify="right", no_wrap=True)
    for row, pairs in zip(block.rows, block.cells, strict=True):
        cells = [
            cell
            for pair, decimals in zip(pairs, block.decimals, strict=True)
            for cell in _three(pair, decimals)
        ]
        table.add_row(row.label.en, *cells)
    return table


def _lines(heading: str) -> list[str]:
    return textwrap.wrap(heading.replace(" - ", "\u2013"), HEADING_WIDTH)


def _three(pair: Pair, decimals: int) -> tuple[Line, Line, Line]:
    if not pair.printed:
        return _figure(pair.own, decimals), Line(_LOST, style="dim"), Line("")
    style = "bold red" if pair.differs else "dim"
    difference = Line(_plain(signed(pair.difference, decimals)), style=style)
    return _figure(pair.own, decimals), _figure(pair.published, decimals), difference


def _stacked(block: Block, other: str) -> Table:
    """Two lines for every row, and a third one where they differ."""
    title = block.label.en if block.label else ""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column(title, no_wrap=True)
    table.add_column("", no_wrap=True)
    for column in block.columns:
        table.add_column(column.label.en.replace(" ", "\n"), justify="right", no_wrap=True)
    for row, pairs in zip(block.rows, block.cells, strict=True):
        table.add_row(row.label.en, "counted", *(_figure(pair.own, 0) for pair in pairs))
        table.add_row("", Line(other, style="dim"), *_published(pairs))
        if any(pair.differs for pair in pairs):
            marks = [_plain(signed(p.difference)) if p.differs else "" for p in pairs]
            table.add_row("", "difference", *marks, style="bold red")
    return table


def _published(pairs: Sequence[Pair]) -> Iterator[Line]:
    for pair in pairs:
        yield Line(_plain(grouped(pair.published)), style="dim")


def _costs(outcome: Outcome) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for n, heading in enumerate(("step", "seconds", "reports/s", "peak memory, MiB")):
        table.add_column(heading, justify="right" if n else "left", no_wrap=True)
    for cost in outcome.costs:
        rate = cost.reports_per_second
        shown = "" if rate is None else _plain(grouped(rate))
        peak = _plain(megabytes(cost.peak_bytes))
        table.add_row(cost.label.en, _plain(grouped(cost.seconds, 1)), shown, peak)
    peak = _plain(megabytes(outcome.peak_bytes))
    table.add_row("together", _plain(grouped(outcome.seconds, 1)), "", peak, style="bold")
    return table


def _figure(value: float | None, decimals: int) -> Line:
    return Line(_plain(grouped(value, decimals)))


def _plain(text: str) -> str:
    # Terminals draw narrow spaces in many ways, and people copy what they see.
    return text.replace("\u202f", " ").replace("\u2212", "-").replace("\u2013", "..")


def _verdict(compared: int, differing: int, other: str) -> Line:
    if differing:
        text = f"{differing} of {compared} cells differ from the {other} ones"
        return Line(text, style="bold red")
    return Line(f"all {compared} cells equal the {other} ones", style="green")
