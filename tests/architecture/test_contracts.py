"""The import contracts hold, and each of them breaks when a violation is planted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]

#: Where to plant, what to plant, and what the report then says.
PLANTS = {
    "a stage reaches forward": ("register/x.py", "import folkestrom.app.cli", "may not import app"),
    "the engine knows a stage": ("engine/x.py", "import folkestrom.model.x", None),
    "the model opens an engine": (
        "model/x.py",
        "import folkestrom.engine.settings",
        "model may not import engine",
    ),
    "the twin reads the log": ("twin/x.py", "import folkestrom.intake", "may not import intake"),
    "a stage asks the root": ("intake/x.py", "from folkestrom import open", "may not import ."),
    "disclosure knows the store": (
        "disclosure/x.py",
        "import folkestrom.engine.settings",
        "disclosure may not import engine",
    ),
    "a room outside the table": ("utils/x.py", "X = 1", "utils has no line"),
    "numbers of quality know the store": (
        "quality/x.py",
        "import folkestrom.engine.settings",
        "quality may not import engine",
    ),
    "the public server reads a person": (
        "app/public/x.py",
        "import folkestrom.register",
        "app.public may not import register",
    ),
    "the public server reads a person through others": (
        "publish/x.py",
        "import folkestrom.disclosure.y",
        "folkestrom.disclosure.y imports folkestrom.register",
    ),
    "statistics copy what was published": (
        "app/office/x.py",
        "import folkestrom.twin.targets.published",
        "folkestrom.app.office.x imports folkestrom.twin.targets.published",
    ),
    "the office protects a result by itself": (
        "app/office/x.py",
        "from folkestrom.disclosure import release",
        "folkestrom.app.office.x imports folkestrom.disclosure: app may not import disclosure",
    ),
    "the door opens a store": (
        "outputs/x.py",
        "import folkestrom.engine.settings",
        "outputs may not import engine",
    ),
    "a life knows a target": (
        "twin/lives/x.py",
        "import folkestrom.twin.targets.published",
        "twin.lives may not import twin.targets",
    ),
    "a panel knows what is estimated from it": (
        "analysis/mobility/panel/x.py",
        "import folkestrom.analysis.mobility.estimation",
        "analysis.mobility.panel may not import analysis.mobility.estimation",
    ),
    "estimation knows its results": (
        "analysis/mobility/estimation/x.py",
        "import folkestrom.analysis.mobility.results",
        "analysis.mobility.estimation may not import analysis.mobility.results",
    ),
    "a design knows a model": (
        "analysis/design/x.py",
        "import folkestrom.analysis.mobility.panel",
        "analysis.design may not import analysis.mobility.panel",
    ),
    "a cycle": ("model/cycle_a.py", "import folkestrom.model.cycle_b", "cycle_a"),
}

#: Modules that the plants import, which a real tree has or will have.
NEEDED = {
    "model/x.py": "X = 1",
    "model/cycle_b.py": "import folkestrom.model.cycle_a",
    "disclosure/y.py": "import folkestrom.register",
    "disclosure/__init__.py": "release = 1",
    "register/__init__.py": "",
    "intake/__init__.py": "",
    "twin/__init__.py": "",
    "twin/lives/__init__.py": "",
    "twin/targets/__init__.py": "",
    "twin/targets/published.py": "X = 1",
    "analysis/mobility/panel/__init__.py": "",
    "analysis/mobility/estimation/__init__.py": "",
    "analysis/mobility/results/__init__.py": "",
}


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts on the package of a folder rather than on the installed one."""
    command = "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports; "
    command += "sys.exit(lint_imports(no_cache=True))"
    return subprocess.run(
        [sys.executable, "-c", command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "400"},
    )


def _skeleton(folder: Path) -> Path:
    """A copy with the contracts and an empty house: quick, and free of the real tree's state."""
    (folder / "tests/architecture").mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copy(ROOT / "tests/architecture/contracts.py", folder / "tests/architecture")
    for name in ("__init__", "errors", "model/__init__", "engine/__init__", "engine/settings"):
        _write(folder, f"{name}.py", "X = 1")
    for name in ("app/__init__", "app/cli/__init__", "app/office/__init__"):
        _write(folder, f"{name}.py", "X = 1")
    return folder


def _write(folder: Path, name: str, text: str) -> None:
    path = folder / "src/folkestrom" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    for parent in path.parents:
        if parent == folder / "src":
            break
        (parent / "__init__.py").touch()
    path.write_text(text + "\n", encoding="utf-8")


def test_the_contracts_hold() -> None:
    found = _lint(ROOT)
    assert found.returncode == 0, found.stdout + found.stderr


def test_an_empty_house_keeps_them(tmp_path: Path) -> None:
    found = _lint(_skeleton(tmp_path))
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_violation_breaks_them(plant: str, tmp_path: Path) -> None:
    name, text, said = PLANTS[plant]
    folder = _skeleton(tmp_path)
    for needed in _closure(text):
        _write(folder, needed, NEEDED[needed])
    _write(folder, name, text)
    found = _lint(folder)
    if said is None:
        assert found.returncode == 0, found.stdout
    else:
        assert found.returncode == 1, found.stdout + found.stderr
        assert said in " ".join(found.stdout.split())


def _closure(text: str) -> list[str]:
    """The needed modules that a planted text imports, and those that these import."""
    found = [
        name
        for name in NEEDED
        if any(word in {_dotted(name), f"{_dotted(name)}.__init__"} for word in text.split())
    ]
    return found + [deeper for name in found for deeper in _closure_once(NEEDED[name], found)]


def _closure_once(text: str, known: list[str]) -> list[str]:
    return [name for name in NEEDED if _dotted(name) in text.split() and name not in known]


def _dotted(name: str) -> str:
    parts = name.removesuffix(".py").removesuffix("/__init__").split("/")
    return ".".join(["folkestrom", *parts])


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "src/folkestrom").rglob("*.py")}
    assert [str(f) for f in folders if not (f / "__init__.py").exists()] == []


def test_analysis_has_no_cycles_by_imports_of_types() -> None:
    graph = grimp.build_graph("folkestrom", exclude_type_checking_imports=False, cache_dir=None)
    inside = [name for name in graph.modules if name.startswith("folkestrom.analysis")]
    assert [name for name in inside if graph.nominate_cycle_breakers(name)] == []
