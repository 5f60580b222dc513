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

from tests.app.demo.conftest import Demonstration

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


#: A telephone's width; the browser's own window cannot be that narrow, a frame can.
FRAME = """
<!DOCTYPE html><body><iframe src="page.html" style="width:390px;height:900px;border:0"></iframe>
<script>
document.querySelector("iframe").onload = function () {
  var view = this.contentWindow, page = view.document;
  function named(box) {
    return page.getElementById(box.getAttribute("aria-labelledby"));
  }
  function good(table) {
    var box = table.parentElement, style = view.getComputedStyle(box);
    var caption = table.caption.firstElementChild.getBoundingClientRect();
    return box.tabIndex === 0 && box.getAttribute("role") === "region" && named(box)
      && style.overflowX === "auto" && box.getBoundingClientRect().right <= 390
      && caption.right <= 390;
  }
  var tables = [...page.querySelectorAll("table")];
  document.body.setAttribute("data-seen", JSON.stringify({
    wide: page.documentElement.scrollWidth > view.innerWidth,
    tables: tables.length,
    bad: tables.filter(function (one) { return !good(one); }).map(function (one) {
      return one.caption.textContent;
    }),
  }));
};
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


def test_on_a_telephone_tables_scroll_by_themselves(
    demonstration: Demonstration, browser: str, tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_text(demonstration.page, encoding="utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(FRAME, encoding="utf-8")
    folder = f"--user-data-dir={tmp_path / 'profile'}"
    command = [browser, *FLAGS, "--allow-file-access-from-files", folder, frame.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    found = re.search(r'data-seen="([^"]*)"', done.stdout)
    assert found, done.stderr[-2000:]
    seen: dict[str, Any] = json.loads(unescape(found[1]))
    assert not seen["wide"]
    assert seen["tables"] > 10
    assert seen["bad"] == []
