"""Printed tables: what goes down and across, names of values, and what texts may not do."""

from __future__ import annotations

import csv
import io

import pytest
from pyjstat import pyjstat

from folkestrom.model.specification import Category, Language, same
from folkestrom.publish.statbank.dataset import Addresses, Published
from folkestrom.publish.statbank.files import Answer
from folkestrom.publish.statbank.grid import Style, columns_and_data, csv_text, grid, html_text
from folkestrom.publish.statbank.problems import Problem
from folkestrom.publish.statbank.selection import Asked, chosen
from tests.publish.small_bank import OUT, definition, figures

TABLE = Published(definition(), figures(), OUT)
ASKED = Asked(
    {"Region": ["0", "1103"], "Kjonn": ["1"], "Alder": ["104", "105"], "Tid": ["2020", "2021"],
     "ContentsCode": ["Personer1"]}
)  # fmt: skip


def rows_of(asked: Asked = ASKED, *parameters: str) -> list[list[str]]:
    style = Style.of(parameters)
    text = csv_text(TABLE, chosen(TABLE.definition, asked), Language.EN, style).decode()
    return list(csv.reader(io.StringIO(text), delimiter=style.separator))


def test_a_printed_table_has_what_was_asked_for_across_and_down() -> None:
    rows = rows_of()

    persons = figures().values["Personer1"]
    assert rows[0] == ["region", "sex", "age", "Persons 2020", "Persons 2021"]
    assert rows[1] == ["Hele landet", "Males", "104 years", *map(str, persons[0, 0, 104, -2:])]
    assert rows[4] == ["Stavanger", "Males", "105 years", ":", ":"]


def test_contents_may_go_down_and_places_across() -> None:
    asked = Asked({**ASKED.values, "ContentsCode": ["*"]}, {}, ["Region"], None)

    rows = rows_of(asked, "UseCodes")

    assert rows[0] == ["sex", "age", "contents", "year", "0", "1103"]
    assert rows[1][:4] == ["1", "104", "Personer1", "2020"]
    share = figures().values["Andel"]
    at = next(row for row in rows if row[:4] == ["1", "104", "Andel", "2021"])
    assert at[4:] == [f"{share[0, 0, 104, -1]:.1f}", f"{share[4, 0, 104, -1]:.1f}"]


def test_parameters_of_the_format_change_names_title_and_separator() -> None:
    rows = rows_of(ASKED, "UseCodesAndTexts", "IncludeTitle", "SeparatorSemicolon")

    assert rows[0][0].startswith("B1001: Population")
    assert rows[3][:3] == ["0 Hele landet", "1 Males", "104 104 years"]


@pytest.mark.parametrize(
    "wrong", [("UseCodes", "UseTexts"), ("SeparatorTab", "SeparatorSpace"), ("X",)]
)
def test_parameters_that_exclude_each_other_are_refused(wrong: tuple[str, ...]) -> None:
    with pytest.raises(Problem):
        Style.of(wrong)


def test_texts_of_data_stay_texts() -> None:
    places = definition().variables[0]
    evil = Category("0", same('=1+1</td><script>alert("x")</script>'))
    made = definition()
    values = (evil, *places.values[1:])
    object.__setattr__(places, "values", values)
    object.__setattr__(made, "variables", (places, *made.variables[1:]))
    table = Published(made, figures(), OUT)
    shown = (table, chosen(made, ASKED), Language.EN, Style())

    assert b"<script>" not in html_text(*shown)
    assert csv_text(*shown).splitlines()[1].startswith(b"\"'=1+1")


def test_headings_of_html_stand_once_above_what_they_are_of() -> None:
    asked = Asked({**ASKED.values, "ContentsCode": ["*"]})
    text = html_text(TABLE, chosen(TABLE.definition, asked), Language.EN, Style()).decode()
    head, body = text.split("<tbody>")

    assert head.count('<th scope="colgroup" colspan="2">') == 2
    assert head.count("<th ") == 3 + 2 + 4
    assert head.count('rowspan="2"') == 3
    assert body.count("<tr>") == 4
    assert body.count('<th scope="rowgroup" rowspan="2">') == 2 * 2
    assert body.count('<th scope="row">') == 4


def test_figures_below_each_other_are_not_headed_by_the_first_of_their_contents() -> None:
    values = {name: ["0"] if name == "Region" else codes for name, codes in ASKED.values.items()}
    values |= {"Alder": ["104"], "Tid": ["2021"], "ContentsCode": ["*"]}
    asked = chosen(TABLE.definition, Asked(values, {}, [], None))

    found = grid(TABLE, asked, Language.EN, total="All")

    assert [head.text for head in found.columns[-1]] == ["All"]
    assert [row.code for row in found.groups[0][1]] == [c.code for c in asked.contents]


def test_rows_of_texts_have_a_key_of_codes() -> None:
    found = columns_and_data(TABLE, chosen(TABLE.definition, ASKED), Language.NO)

    assert [c["code"] for c in found["columns"]] == ["Region", "Kjonn", "Alder", "Tid", "Personer1"]
    persons = figures().values["Personer1"]
    assert found["data"][0] == {
        "key": ["0", "1", "104", "2020"],
        "values": [str(persons[0, 0, 104, -2])],
    }
    assert found["data"][-1]["values"] == [":"]


@pytest.mark.filterwarnings("ignore:Shouldn't use this function:DeprecationWarning")
def test_the_first_version_of_json_stat_is_read_as_the_second_is() -> None:
    asked = chosen(TABLE.definition, ASKED)
    answers = (Answer(name, Language.EN, Addresses("x")) for name in ("json-stat", "json-stat2"))

    first, second = (answer.written(TABLE, asked).decode() for answer in answers)

    (old,) = pyjstat.from_json_stat(
        pyjstat.json.loads(first, object_pairs_hook=pyjstat.OrderedDict)
    )
    new = pyjstat.Dataset.read(second).write("dataframe")
    assert old["value"].tolist()[:-2] == new["value"].tolist()[:-2]
