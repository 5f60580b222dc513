"""Regression tables and figures: what stands in them, and that they are always the same."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from folkestrom.analysis.mobility import (
    MobilityFit,
    coefficient_plot,
    mobility,
    profile_plot,
    regression_table,
)
from folkestrom.analysis.mobility.results.regression_table import WORDS
from folkestrom.errors import ResourceError, UsageError
from tests.analysis.mobility.conftest import OUTCOMES
from tests.analysis.mobility.results.test_marginal import NATIVE, PROFILE


@pytest.fixture(scope="module")
def small(table: pl.DataFrame) -> MobilityFit:
    return mobility(table, "outcome ~ sex + income", person="id", outcomes=OUTCOMES)


def cells_of(markdown: str, label: str) -> list[str]:
    [line] = [row for row in markdown.splitlines() if row.startswith(f"| {label} |")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_a_table_has_the_estimates_where_they_belong(fit: MobilityFit, small: MobilityFit) -> None:
    text = regression_table({"Full": fit, "Small": small})
    assert "Full move | Full abroad | Small move | Small abroad" in text
    wanted = [
        f"{one.params_[f'{o}: sex[woman]']:.3f} ({one.bse_[f'{o}: sex[woman]']:.3f})"
        for one in (fit, small)
        for o in OUTCOMES[1:]
    ]
    assert cells_of(text, "sex: woman") == [cell.replace("-", "−") for cell in wanted]
    assert cells_of(text, "sex × immigrant: woman × true")[2:] == ["", ""]
    variance = cells_of(text, "Person random effects: variance")
    assert variance[0] == f"{fit.params_['var(move)']:.3f} ({fit.bse_['var(move)']:.3f})"
    correlation, error = small.correlations_["corr(move,abroad)"]
    found = cells_of(text, "Person random effects: correlation with move")
    assert found[3] == f"{correlation:.3f} ({error:.3f})".replace("-", "−")
    assert cells_of(text, "Person-years") == ["1,600", "", "1,600", ""]
    assert cells_of(text, "Persons")[0] == "400"
    assert cells_of(text, "Log-likelihood")[0] == f"−{-fit.log_likelihood_:,.1f}"
    assert "Outcomes are compared with: stay." in text
    assert "sex man, immigrant false, place capital" in text


def test_stars_say_how_small_p_is(fit: MobilityFit) -> None:
    table = fit.coefficients()
    text = regression_table(fit, stars=True)
    for j, outcome in enumerate(OUTCOMES[1:]):
        p = table.filter(pl.col("name") == f"{outcome}: immigrant[true]")["p"][0]
        stars = sum(p < limit for limit in (0.05, 0.01, 0.001))
        assert cells_of(text, "immigrant: true")[j].count("\\*") == stars
    assert "p \\< 0.05" in text
    assert "*" not in regression_table(fit).replace("**", "")


def test_in_norwegian_with_its_signs(fit: MobilityFit) -> None:
    text = regression_table(fit, lang="no", labels={"sex[woman]": "Kvinne", "move": "Flytting"})
    value = fit.params_["move: sex[woman]"]
    assert cells_of(text, "Kvinne")[0].startswith(f"{value:.3f}".replace(".", ","))
    assert cells_of(text, "Personår")[0] == "1\u00a0600"
    assert "Flytting" in text
    assert "Standardfeil i parentes" in text
    assert all(len(pair) == 2 and all(pair) for pair in WORDS.values())


def test_html_is_well_formed_and_says_what_heads_what(fit: MobilityFit, small: MobilityFit) -> None:
    text = regression_table({"<A> & B": fit, "C": small}, format="html")
    root = ET.fromstring(text)
    assert root.tag == "table"
    assert [cell.text for cell in root.iter("th") if cell.get("scope") == "colgroup"] == [
        "<A> & B",
        "C",
    ]
    for row in root.iter("tr"):
        assert sum(int(cell.get("colspan", "1")) for cell in row) == 5
    heads = [cell.text for cell in root.iter("th") if cell.get("scope") == "row"]
    assert heads[:2] == ["Constant", "sex: woman"]


def test_latex_has_as_many_cells_in_every_row(fit: MobilityFit, small: MobilityFit) -> None:
    text = regression_table([fit, small], format="latex", caption="50 % & more_less", stars=True)
    assert r"\caption{50 \% \& more\_less}" in text
    assert text.count("{") == text.count("}")
    body = text[text.index(r"\toprule") : text.index(r"\end{tabular}")]
    rows = [line for line in body.splitlines() if line.endswith(r"\\")]
    assert len(rows) > 20
    for row in rows:
        spans = [int(n) for n in re.findall(r"\\multicolumn\{(\d)\}", row)]
        cells = re.split(r"(?<!\\)&", row)
        assert len(cells) - len(spans) + sum(spans) == 5
    assert "−" not in text


def test_what_has_not_converged_says_so(fit: MobilityFit) -> None:
    failed = replace(fit, converged_=False, message_="no maximum was found")
    for format in ("markdown", "html", "latex"):
        text = regression_table(failed, format=format)  # type: ignore[arg-type]
        assert "NOT CONVERGED" in text
        assert "no maximum was found" in text


def test_tables_that_cannot_be(fit: MobilityFit) -> None:
    with pytest.raises(UsageError, match="markdown, html, latex"):
        regression_table(fit, format="word")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="en, no"):
        regression_table(fit, lang="sv")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_figures_are_always_the_same(
    fit: MobilityFit, small: MobilityFit, tmp_path: Path, kind: str
) -> None:
    starts = {"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG"}
    for name, draw in (
        ("coefficients", lambda to: coefficient_plot({"Full": fit, "Small": small}, to)),
        ("profiles", lambda to: profile_plot(fit, {"Here": NATIVE, "Abroad": PROFILE}, to)),
    ):
        one, other = tmp_path / f"{name}1.{kind}", tmp_path / f"{name}2.{kind}"
        draw(one)
        draw(other)
        assert one.read_bytes() == other.read_bytes()
        assert one.read_bytes().startswith(starts[kind])
    assert 'href="http' not in one.read_text(encoding="latin-1")


def test_figures_show_the_estimates(fit: MobilityFit, small: MobilityFit) -> None:
    figure = coefficient_plot({"Full": fit, "Small": small}, labels={"abroad": "Utlandet"})
    assert [axis.get_title() for axis in figure.axes] == ["move", "Utlandet"]
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    points = figure.axes[0].containers[0][0].get_xdata()
    assert points[labels.index("income")] == fit.params_["move: income"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Full", "Small"]
    some = coefficient_plot(fit, covariates=["bs(age, df=4)", "income"])
    assert len(some.axes[0].get_yticklabels()) == 5
    profiles = profile_plot(fit, {"Here": NATIVE}, outcomes=["abroad"])
    chance = fit.predict([NATIVE]).filter(pl.col("outcome") == "abroad")["chance"][0]
    assert profiles.axes[0].containers[0][0].get_xdata()[0] == chance


def test_the_style_is_shared_without_what_other_pictures_need() -> None:
    found = "[m for m in sys.modules if m.startswith('folkestrom.analysis.')]"
    code = f"import sys, folkestrom.analysis.mobility; print(*{found})"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "folkestrom.analysis.figure_style" in told
    assert not {name.split(".")[2] for name in told} & {"figures", "followup", "flows"}


def test_without_matplotlib_the_extra_is_named(
    fit: MobilityFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for draw in (lambda: coefficient_plot(fit), lambda: profile_plot(fit, {"Here": NATIVE})):
        with pytest.raises(ResourceError, match=r"folkestrom\[figures\]"):
            draw()


def test_figures_that_cannot_be(fit: MobilityFit, tmp_path: Path) -> None:
    refused: list[tuple[Any, str]] = [
        (lambda: coefficient_plot(fit, tmp_path / "figure.jpg"), r"\.svg, \.pdf, \.png"),
        (lambda: coefficient_plot(fit, covariates=["incme"]), "no covariate"),
        (lambda: coefficient_plot([]), "no model"),
        (lambda: profile_plot(fit, {}), "no profile"),
        (lambda: profile_plot(fit, {"Here": NATIVE}, outcomes=["moon"]), "no outcome"),
        (lambda: profile_plot(fit, {"Here": NATIVE}, lang="sv"), "lang: 'sv' is not known"),  # type: ignore[arg-type]
    ]
    for call, words in refused:
        with pytest.raises(UsageError, match=words):
            call()
