"""The manual is up to date, complete, and builds without a warning."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import typer

from folkestrom.app.cli.main import app
from folkestrom.model.codes import CODE_LISTS
from folkestrom.model.report import COLUMNS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def _load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # As for a script, its folder is looked in for what it imports.
    sys.path.insert(0, str(DOCS))
    spec.loader.exec_module(module)
    sys.path.remove(str(DOCS))
    return module


generate = _load_generator()


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == generate.PAGES[name](), "run: make docs"


def test_every_command_and_parameter_says_what_it_does() -> None:
    command = typer.main.get_command(app)
    page = (DOCS / "reference/cli.md").read_text(encoding="utf-8")
    silent = []
    for path, found in generate.commands(command):
        assert f"## `{path}`" in page
        silent += [] if found.help else [path]
        silent += [f"{path} {p.opts[0]}" for p in found.params if not getattr(p, "help", None)]
    assert silent == []


def test_every_column_and_code_list_is_on_the_format_page() -> None:
    page = (DOCS / "reference/report-format.md").read_text(encoding="utf-8")
    assert [c.name for c in COLUMNS if f"| `{c.name}` |" not in page] == []
    assert [name for name in CODE_LISTS if f"### {name}" not in page] == []


def test_every_setting_is_documented() -> None:
    page = (DOCS / "reference/settings.md").read_text(encoding="utf-8")
    sources = [p.read_text(encoding="utf-8") for p in (ROOT / "src").rglob("*.py")]
    found = {name for text in sources for name in re.findall(r"\"(FOLKESTROM_[A-Z_]+)\"", text)}
    assert sorted(name for name in found if f"`{name}`" not in page) == []


def test_every_page_is_in_the_navigation_and_the_build_is_strict(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stderr
    external = re.compile(r"<(?:script|link|img)[^>]+(?:src|href)=\"?https?://", re.IGNORECASE)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert not external.search(page), "the manual loads nothing from elsewhere"


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md"])
def test_links_of_the_front_pages_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text)]
    local = [link for link in links if link and "://" not in link]
    assert [link for link in local if not (ROOT / link).exists()] == []
