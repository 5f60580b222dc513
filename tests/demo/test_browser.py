"""The page in a real browser; skipped, saying so, where there is none."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.demo.conftest import Demonstration

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --virtual-time-budget=5000 --dump-dom"
).split()

#: Looks at the page from inside and leaves what it saw in an attribute of the body.
PROBE = """
<script>
(function () {
  function shown(one) { return getComputedStyle(one).display !== "none"; }
  function state() {
    return {
      language: document.documentElement.lang,
      title: document.title,
      english: [...document.querySelectorAll(".en")].filter(shown).length,
      norwegian: [...document.querySelectorAll(".nb")].filter(shown).length,
    };
  }
  var seen = {
    loaded: performance.getEntriesByType("resource").length,
    wide: document.documentElement.scrollWidth > window.innerWidth,
    cut: [...document.querySelectorAll("svg")].filter(function (svg) {
      var view = svg.viewBox.baseVal;
      return [...svg.querySelectorAll("text")].some(function (text) {
        var box = text.getBBox();
        return box.width && (box.x < 0 || box.x + box.width > view.width + 0.5
          || box.y + box.height > view.height + 0.5);
      });
    }).map(function (svg) { return svg.getAttribute("aria-labelledby"); }),
    before: state(),
  };
  var button = document.querySelector("button[data-language=nb]");
  button.focus();
  seen.focused = document.activeElement === button;
  button.click();
  seen.after = state();
  seen.pressed = button.getAttribute("aria-pressed");
  dispatchEvent(new Event("beforeprint"));
  seen.folded = document.querySelectorAll("details:not([open])").length;
  document.body.setAttribute("data-seen", JSON.stringify(seen));
})();
</script>
"""


@pytest.fixture(scope="module")
def browser() -> str:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    return found


@pytest.mark.parametrize("width", [1280, 480])
def test_it_works_in_a_browser(
    demonstration: Demonstration, browser: str, tmp_path: Path, width: int
) -> None:
    page = tmp_path / "page.html"
    page.write_text(demonstration.page.replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    folder = f"--user-data-dir={tmp_path / 'profile'}"
    command = [browser, *FLAGS, folder, f"--window-size={width},900", f"{page.as_uri()}?lang=en"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    found = re.search(r'data-seen="([^"]*)"', done.stdout)
    assert found, done.stderr[-2000:]
    seen: dict[str, Any] = json.loads(unescape(found[1]))
    assert seen["loaded"] == 0
    assert not seen["wide"], "tables scroll by themselves, the page does not"
    assert seen["cut"] == []
    assert seen["before"]["language"] == "en"
    assert (seen["before"]["english"] > 200, seen["before"]["norwegian"]) == (True, 0)
    assert seen["focused"]
    assert seen["pressed"] == "true"
    assert seen["after"]["language"] == "nb"
    assert (seen["after"]["norwegian"] > 200, seen["after"]["english"]) == (True, 0)
    assert seen["after"]["title"].startswith("Folkemengden")
    assert seen["folded"] == 0
