"""An invented classification of basic units, with two parts of town in Oslo."""

from __future__ import annotations

from pathlib import Path

import folkestrom


def load_parts_of_town(folder: Path) -> None:
    """Every second basic unit of Oslo is in part 030101, the others in 030102."""
    store = folkestrom.open(folder / "store")
    with store.reading():
        units = store.population("2021-01-01", by="basic_unit", to="polars")["basic_unit"]
    head = "code,name,part_of_town,part_of_town_name,valid_from,valid_to"
    rows = [f"{u},,03010{int(u) % 2 + 1},Part {int(u) % 2 + 1},," for u in units if u[:4] == "0301"]
    (folder / "lists").mkdir()
    (folder / "lists/basic_units.csv").write_text("\n".join([head, *rows, ""]))
    store.load_classifications(folder / "lists")
