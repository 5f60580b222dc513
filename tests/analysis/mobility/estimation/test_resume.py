"""A fit that is interrupted goes on where it was; nothing else is taken for its checkpoint."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from folkestrom.analysis.mobility import fit_mobility
from folkestrom.errors import InputRefused
from tests.analysis.mobility.panels import draw

#: Fits in a process of its own, which says when a step has been noted and then waits to be killed.
FIT = """
import sys, time
from folkestrom.analysis.mobility import fit_mobility
from folkestrom.analysis.mobility.estimation.checkpoint import Checkpoint
from tests.analysis.mobility.panels import draw
write = Checkpoint.write
def slowly(self, held):
    write(self, held)
    print("noted", flush=True)
    time.sleep(60)
Checkpoint.write = slowly
fit_mobility(draw(400, 4, seed=3).panel, checkpoint=sys.argv[1])
"""


def test_a_fit_that_is_killed_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "fit.npz"
    root = Path(__file__).parents[4]
    process = subprocess.Popen(
        [sys.executable, "-c", FIT, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"noted\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert path.exists()
    panel = draw(400, 4, seed=3).panel
    resumed = fit_mobility(panel, checkpoint=path)
    assert resumed.converged_
    assert not path.exists()
    assert resumed.params_ == pytest.approx(fit_mobility(panel).params_, abs=1e-5)


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fit.npz"
    panel = draw(400, 4, seed=3).panel

    def stop(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_mobility(panel, checkpoint=path, say=stop)
    assert path.exists()
    for other, options in (
        (draw(400, 4, seed=4).panel, {}),
        (panel, {"effects": "diagonal"}),
        (panel, {"penalty": 1.0}),
    ):
        with pytest.raises(InputRefused, match="other data, or of another model"):
            fit_mobility(other, checkpoint=path, **options)  # type: ignore[arg-type]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputRefused, match="is no checkpoint"):
        fit_mobility(panel, checkpoint=path)


def test_a_large_panel_is_fitted_in_stages_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stages of a large panel, on one for which they could be spared."""
    from folkestrom.analysis.mobility.estimation import warm_starts

    panel = draw(6_000, 5, seed=2).panel
    exact = fit_mobility(panel)
    for name, value in {"SMALL": 4_000, "LARGE": 20_000, "_SMALL_PART": 5}.items():
        monkeypatch.setattr(warm_starts, name, value)
    path = tmp_path / "fit.npz"
    lines: list[str] = []

    def stop(line: str) -> None:
        lines.append(line)
        if line.startswith(f"{panel.size} person-years, "):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_mobility(panel, standard_errors="bhhh", checkpoint=path, say=stop)
    staged = fit_mobility(panel, standard_errors="bhhh", checkpoint=path)
    assert staged.converged_
    assert staged.steps[0] == "resumed from the checkpoint"
    assert any("judged by a part" in note for note in staged.notes)
    assert not path.exists()
    off = (staged.theta - exact.theta) / np.sqrt(np.diag(exact.vcov))
    assert np.abs(off).max() < 0.2
    assert any("points instead of" in line for line in lines)
