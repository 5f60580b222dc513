"""What may look on while a country is simulated: the truth, the panel, the variable files."""

from __future__ import annotations

from folkestrom.twin.years.country import Country
from folkestrom.twin.years.reports import Rows
from folkestrom.twin.years.window import Window


class Observer:
    """Is told of every window; does nothing by itself and never changes what it is shown."""

    def opened(self, country: Country, w: Window) -> None:
        """Residents of 1 January are listed, last year's reports revised, nothing has happened."""

    def closed(self, country: Country, w: Window, rows: Rows) -> None:
        """All has happened; `rows` are the reports as they should be, with times of receipt."""

    def written(self, country: Country, w: Window, rows: Rows) -> None:
        """`rows` are all reports of the window, revisions too, with their numbers."""

    def finished(self, country: Country) -> None:
        """The last window is over."""
