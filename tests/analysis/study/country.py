"""A register of a few people whose lives are told here, for tests of studies and linking."""

from __future__ import annotations

from pathlib import Path

import folkestrom
from folkestrom.app.office.api import Store

_COLUMNS = (
    "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,country,"
    "country_of_birth,citizenship,marital_status,sex,birth_date,mother,origin,reason"
)
_LIVES = """
1999-12-31|11|first_registration|1999-12-31|0301||NO|NO|married|female|1970-05-17||first_registration|
2012-03-05|11|move|2012-03-01|1103|||||||||
2008-09-12|15|birth|2008-09-10|0301||NO|NO|never_married|male|2008-09-10|11|birth|
2005-06-03|12|immigration|2005-06-01|0301|PL|PL|PL|never_married|male|1985-02-28||immigration|work
2010-03-08|12|emigration|2010-03-01||PL||||||||
2015-01-12|12|immigration|2015-01-10|1103|PL|PL|PL|married|male|1985-02-28||immigration|return
2006-01-17|13|immigration|2006-01-15|1103|PL|PL|PL|never_married|female|1988-02-29||immigration|family
2012-07-03|13|emigration|2012-07-01||SE||||||||
2008-05-03|14|immigration|2008-05-01|4601|LT|LT|LT|widowed|male|1950-01-01||immigration|work
2013-02-05|14|death|2013-02-02|||||||||||
2004-10-03|16|immigration|2004-10-01|0301|DE|DE|DE|never_married|female|1975-07-07||immigration|work
2011-06-03|16|move|2011-06-01|1101|||||||||
2011-09-03|16|move|2011-09-01|1103|||||||||
2007-03-03|17|immigration|2007-03-01|0301|PL|PL|PL|never_married|female|1997-03-01||immigration|family
2010-10-12|18|immigration|2010-10-10|0301|PL|PL|PL|never_married|male|1990-01-01||immigration|work
2010-10-12|18|emigration|2010-10-10||PL||||||||
2020-12-28|11|move|2020-12-27|1103|||||||||
"""


def make_store(folder: Path) -> Store:
    """A store with those lives, known until the end of 2020."""
    rows = []
    for number, line in enumerate(_LIVES.strip().splitlines(), start=1):
        received, person, kind, day, place, *rest = line.split("|")
        unit = f"{place}0001" if place else ""
        rows.append(
            ",".join(
                ["t", str(number), f"{received}T08:00:00Z", person, kind, day, place, unit, *rest]
            )
        )
    file = folder / "lives.csv"
    file.write_text("\n".join([_COLUMNS, *rows]) + "\n", encoding="utf-8")
    store = folkestrom.open(folder / "store")
    done = store.in_borders(2020).intake(file)
    assert done.total.accepted == len(rows), done
    return store


def write_rows(path: Path, *rows: str) -> Path:
    """A variable's CSV file."""
    path.write_text("\n".join(["person,value,from,to", *rows]) + "\n", encoding="utf-8")
    return path
