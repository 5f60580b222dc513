"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from benchmarks import measure

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

#: What does not yet keep a limit: a folder is emptied, a cycle undone, and its line goes.
CROWDED: dict[str, int] = {}
CIRCULAR: list[str] = []


#: Libraries that take long to load, and may be imported where they are used.
HEAVY = {
    "formulaic", "matplotlib", "numba", "pandas", "polars", "pycountry", "pyreadstat", "scipy",
    "splink",
}  # fmt: skip
#: Who imports the program itself inside functions, so that what needs none of it starts at once.
DEFERRED = {
    "__init__": "`import folkestrom` opens no engine",
    "app.cli": "a command loads what it runs, and help loads nothing",
    "app.public.sdmx": "the public server starts without pysdmx, and does without it",
    "app.office": "a store is opened without models and compilers",
    "classifications.service": "who pulls no classification needs no client of the service",
    "disclosure.tables.linked_rounding": "who rounds nothing loads no compiler",
    "statistics.revisions.moments": "who asks for no moment loads no compiler",
    "households.homes": "who asks for no household loads no compiler",
    "intake.resolution.borders": "most intakes have no number to explain",
    "projection.stochastic": "who draws nothing loads no compiler",
    "publish.formats.content": "who writes a table need not wait for what draws",
    "register.build": "who only reads tables loads no compiler",
    "twin": "the package is there without what writes a country",
}


@pytest.fixture(scope="module")
def program() -> list[measure.Module]:
    return measure.modules()


def test_no_file_is_long(program: list[measure.Module]) -> None:
    tests = measure.modules(ROOT / "tests")
    assert [m.name for m in program + tests if m.length >= measure.LONGEST_FILE] == []


def test_no_function_is_long(program: list[measure.Module]) -> None:
    found = [
        f"{module.name}.{node.name} has {length} lines"
        for module in program
        for node in module.functions
        if (length := measure.function_length(node)) >= measure.LONGEST_FUNCTION
    ]
    assert found == []


def test_no_folder_is_crowded(program: list[measure.Module]) -> None:
    found = {
        folder.relative_to(measure.PACKAGE).as_posix(): size
        for folder, size in measure.folder_sizes(program).items()
        if size > measure.MOST_FILES
    }
    assert found == CROWDED


def test_nothing_imports_in_a_circle(program: list[measure.Module]) -> None:
    found = measure.cycles(measure.import_graph(program))
    assert [group[0].removeprefix("folkestrom.") for group in found] == CIRCULAR, found


def _inside_functions(module: measure.Module) -> set[str]:
    nodes = [node for function in module.functions for node in ast.walk(function)]
    named = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return named | {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}


def test_imports_inside_functions_have_a_reason(program: list[measure.Module]) -> None:
    found = set()
    for module in program:
        name = module.name.removeprefix("folkestrom").removeprefix(".") or "__init__"
        own = {n for n in _inside_functions(module) if n.split(".")[0] not in HEAVY}
        if own:
            found.add(next((d for d in DEFERRED if f"{name}.".startswith(f"{d}.")), name))
    assert found == set(DEFERRED)


def test_the_page_on_the_layout_has_todays_size_and_shape(program: list[measure.Module]) -> None:
    page = measure.PAGE.read_text(encoding="utf-8")
    assert measure.differences(page, measure.measure(program)) == [], "run: make measure"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"a": "import p.b", "b": "from p import a"}, [("p.a", "p.b")]),
        (
            {
                "a": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.b import X",
                "b": "def f():\n    import p.c",
                "c": "from p.a import Y",
            },
            [("p.a", "p.b", "p.c")],
        ),
        (
            {"x/a": "import p.y.a", "x/b": "", "y/a": "", "y/b": "from p.x.b import Z"},
            [("p.x", "p.y")],
        ),
        ({"a": "import p.b\nimport os", "b": ""}, []),
    ],
)
def test_cycles_are_found(
    tmp_path: Path, files: dict[str, str], found: list[tuple[str, ...]]
) -> None:
    assert measure.cycles(measure.import_graph(written(tmp_path, files))) == found


def test_lines_are_counted_without_comments_and_docstrings(tmp_path: Path) -> None:
    text = '"""Said.\n\nMore."""\n# not code\n\nX = (\n    1,  # one\n)\n'
    text += '\n\ndef f():\n    "Says."\n    return 2\n'
    [module] = written(tmp_path, {"a": text})
    assert module.code == [6, 7, 8, 11, 13]
    assert module.documentation == {1, 2, 3, 12}
    assert measure.function_length(module.functions[0]) == 1


def test_equal_runs_of_lines_are_found_wherever_they_stand(tmp_path: Path) -> None:
    run = [f"x{n} = {n}" for n in range(measure.RUN + 2)]
    indented = "\n    # said\n".join(f"    {line}" for line in run)
    files = {"a": "\n".join(["y = 0", *run]), "b": f"def f():\n{indented}", "c": "\n".join(run[:5])}
    assert measure.duplicates(written(tmp_path, files)) == [("p.a", 2, "p.b", 2)]


def written(folder: Path, files: dict[str, str]) -> list[measure.Module]:
    for name, text in files.items():
        path = folder / "p" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return measure.modules(folder / "p")


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b([T]ODO|[F]IXME|[N]otImplementedError)\b")
    found = [p.name for p in SOURCES + TESTS if later.search(p.read_text(encoding="utf-8"))]
    assert found == []


def test_no_drawer_for_everything() -> None:
    folders = {p.name for p in (ROOT / "src").rglob("*") if p.is_dir()}
    assert not folders & {"utils", "util", "common", "helpers", "misc"}


def test_the_lock_has_hashes_and_no_addresses() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert [p.stem for p in locks] == [
        "base", "bootstrap", "build", "clients", "dev", "peers-mobility",
    ]  # fmt: skip
    for path in locks:
        text = path.read_text(encoding="utf-8")
        pinned = re.findall(r"^[A-Za-z0-9][^\n]*==", text, re.MULTILINE)
        assert pinned
        assert len(re.findall(r"^[A-Za-z0-9]", text, re.MULTILINE)) == len(pinned)
        assert text.count("--hash=sha256:") >= len(pinned)
        assert "://" not in text
        assert "--find-links" not in text


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    reasons = (ROOT / "docs/explanation/decisions.md").read_text(encoding="utf-8").lower()
    named = re.findall(r'^  "([a-z][a-z0-9-]*)(?:\[[a-z]+\])?[><=]', text, re.MULTILINE)
    assert len(named) > 10
    assert sorted(n for n in named if n.removesuffix("[python]") not in reasons) == []
