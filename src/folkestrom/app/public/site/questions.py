"""Questions to the statistics bank as the site asks them, and as addresses write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from folkestrom.publish.statbank.dataset import Published
from folkestrom.publish.statbank.requests import asked_by_address, parts
from folkestrom.publish.statbank.selection import Asked, Chosen, chosen, default_values

#: What a picture is compared with: values that are other than those of the question.
_OTHER: Final = re.compile(r"other\[(.+)\]")
#: Characters of codes that mean something in an expression.
_SPECIAL: Final = re.compile(r"[,\[(]")
_EXPRESSION: Final = re.compile(r"(top|bottom|range|from|to)\(.*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """A question to one table.

    Parameters
    ----------
    table
        The table.
    asked
        The question.
    other
        By variable, the values of what it is compared with, in a picture.
    per
        In a map, the content that figures are divided by.
    vintage
        The vintage of the table, as it is asked for; empty: the newest.
    """

    table: Published
    asked: Asked
    other: Mapping[str, list[str]]
    per: str = ""
    vintage: str = ""

    def chosen(self, most: int | None = None) -> Chosen:
        """Its cells."""
        return chosen(self.table.definition, self.asked, most)

    def compared(self, most: int | None = None) -> Chosen | None:
        """The cells that it is compared with; None: with none."""
        if not self.other:
            return None
        values = {**self.asked.values, **self.other}
        return chosen(self.table.definition, replace(self.asked, values=values), most)

    def query(self) -> str:
        """It as the parameters of the statistics bank's addresses."""
        return written(self.asked, self.vintage)

    def picture_query(self) -> str:
        """It as the parameters of a picture's address."""
        more = [(f"other[{name}]", ",".join(map(_code, v))) for name, v in self.other.items()]
        more += [("per", self.per)] if self.per else []
        return "&".join(part for part in (self.query(), _encoded(more)) if part)


def question(
    table: Published, parameters: Iterable[tuple[str, str]], *, explicit: bool = False
) -> Question:
    """The question that the parameters of an address ask.

    Parameters
    ----------
    table
        The table.
    parameters
        As of the statistics bank with `vintage`, and `other[…]` and `per`.
    explicit
        Where nothing is chosen, write out what is answered then.
    """
    listed = list(parameters)
    asked = asked_by_address(listed)
    if not asked.values and explicit:
        asked = replace(asked, values=default_values(table.definition))
    other = {m[1]: [*parts(value)] for name, value in listed if (m := _OTHER.fullmatch(name))}
    told = dict(listed)
    return Question(table, asked, other, told.get("per", ""), told.get("vintage", ""))


#: What stands for marks such as `{place}`: a code, or several.
Marks = Mapping[str, str | tuple[str, ...]]


def declared(table: Published, told: Mapping[str, Any], marks: Marks) -> Question:
    """The question of a page's data.

    Parameters
    ----------
    table
        The table.
    told
        `values`, and if need be `lists`, `heading`, `other` and `per`.
    marks
        What stands for marks such as `{place}`; a value that is a mark and has none is empty.
    """
    known = {one.id: {v.code for v in one.values} for one in table.definition.variables}

    def filled(values: Mapping[str, str | list[str]]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in values.items():
            for one in [value] if isinstance(value, str) else value:
                codes = _filled(one, marks)
                if not isinstance(codes, str):
                    # Of several, those that the table has; of none of them it has no answer.
                    codes = [code for code in codes if code in known[name]] or [""]
                found.setdefault(name, []).extend([codes] if isinstance(codes, str) else codes)
        return found

    asked = Asked(filled(told["values"]), told.get("lists", {}), told.get("heading"))
    return Question(table, asked, filled(told.get("other", {})), told.get("per", ""))


def _filled(value: str, marks: Marks) -> str | Sequence[str]:
    return marks.get(value[1:-1], "") if value.startswith("{") else value


def written(asked: Asked, vintage: str = "") -> str:
    """A question as the parameters of an address.

    Parameters
    ----------
    asked, vintage
        The question, and the vintage of the table; empty: the newest.

    Examples
    --------
    >>> written(Asked({"Region": ["0", "a,b"]}, {"Region": "vs_Fylker"}))
    'valuecodes[Region]=0,[a,b]&codelist[Region]=vs_Fylker'
    """
    found = [
        (f"valuecodes[{name}]", ",".join(map(_code, codes))) for name, codes in asked.values.items()
    ]
    found += [(f"codelist[{name}]", id) for name, id in asked.code_lists.items()]
    for name, placed in (("heading", asked.heading), ("stub", asked.stub)):
        if placed is not None:
            found.append((name, ",".join(placed)))
    found += [("vintage", vintage)] if vintage else []
    return _encoded(found)


def _code(text: str) -> str:
    return f"[{text}]" if _SPECIAL.search(text) and not _EXPRESSION.fullmatch(text) else text


def _encoded(parameters: Iterable[tuple[str, str]]) -> str:
    # Brackets and commas are read by people too, and servers take them as they are.
    return "&".join(f"{quote(k, safe='[]')}={quote(v, safe='[],*()')}" for k, v in parameters)
