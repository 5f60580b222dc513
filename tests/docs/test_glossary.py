"""Each term is in the glossary once, and the names that it replaced are nowhere."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = tomllib.loads((ROOT / "docs/glossary.toml").read_text(encoding="utf-8"))
TERMS: list[dict[str, Any]] = [term for group in GLOSSARY["group"] for term in group["term"]]
ENDINGS = {".py", ".md", ".jinja", ".js"}
REPLACED = {name: term for term in TERMS for name in term.get("not", ())}
FILES = [ROOT / "README.md", *(ROOT / "src").rglob("*"), *(ROOT / "docs").rglob("*")]
TEXTS = {path: path.read_text(encoding="utf-8") for path in FILES if path.suffix in ENDINGS}
#: What ends a line in a docstring, a comment, or a text of several literals.
_BETWEEN = r"(?:[\s#:]|\"\s*\n\s*[fr]?\")+"


def replaced(name: str) -> re.Pattern[str]:
    """Finds a name as whole words, and as a part of an identifier; of a class as it is written."""
    case = 0 if name[0].isupper() else re.IGNORECASE
    words = _BETWEEN.join(map(re.escape, name.split()))
    return re.compile(rf"(?<![A-Za-z]){words}(?![A-Za-z])", case)


def test_each_term_is_defined_once_and_has_a_source() -> None:
    for language in ("en", "no"):
        assert [n for n, times in Counter(t[language] for t in TERMS).items() if times > 1] == []
    used = {t["source"] for t in TERMS}
    assert set(GLOSSARY["sources"]) <= used
    assert all(len(source) > 20 for source in used - set(GLOSSARY["sources"]))


@pytest.mark.parametrize("name", REPLACED)
def test_a_name_that_was_replaced_is_nowhere(name: str) -> None:
    term = REPLACED[name]
    allowed = {e["file"] for e in term.get("except", ())}
    pattern = replaced(name)
    found = {
        path.relative_to(ROOT).as_posix() for path, text in TEXTS.items() if pattern.search(text)
    }
    assert sorted(found - allowed) == [], f"the term is: {term['en']}"


def test_every_exception_has_a_reason_and_is_needed() -> None:
    for term in TERMS:
        for exception in term.get("except", ()):
            assert len(exception["reason"]) > 20
            text = (ROOT / exception["file"]).read_text(encoding="utf-8")
            assert any(replaced(name).search(text) for name in term["not"]), exception["file"]


@pytest.mark.parametrize(
    "text",
    [
        "lost from\n    # sight",
        "Lost from sight",
        'are lost "\n        "from sight',
        "lost from sight.",
    ],
)
def test_a_name_is_found_across_lines(text: str) -> None:
    assert replaced("lost from sight").search(text)
    assert replaced("companions").search("set_of_companions(2)")
    assert not replaced("Reach").search("reach")
    assert not replaced("chances").search("mischances")
