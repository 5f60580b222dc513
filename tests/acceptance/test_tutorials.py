"""The tutorials on emigration, at the size of the country."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.tutorials import COUNTRY, PAGES, run

pytestmark = pytest.mark.acceptance


def test_every_page_runs_and_finds_what_is_true(tmp_path: Path) -> None:
    run(COUNTRY, tmp_path, scale="1")
    said = {page.stem: run(page, tmp_path, scale="1") for page in PAGES}
    (crude,) = re.findall(
        r"([\d.]+) per cent of the \d+ who had arrived", said["why-did-some-return"]
    )
    assert float(crude) == pytest.approx(32, abs=1)
    (oslo,) = re.findall(r"Rate, Oslo +All together +([\d.]+)", said["highest-rates-from-oslo"])[:1]
    assert float(oslo) > 10
    model = said["try-another-municipality-or-leave"]
    (jobless,) = re.findall(r"abroad: employment\[not_employed\] +([-\d.]+)", model)
    assert 0.3 < float(jobless) < 0.8
