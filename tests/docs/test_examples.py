"""What the tutorial and the how-to pages tell a reader to type really works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, blocks, common_blocks, made_once, run_page


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(DOCS)))
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path, shared: Path) -> None:
    run_page(page, tmp_path, shared)


def test_only_what_makes_a_country_is_typed_once_for_several_pages() -> None:
    common = common_blocks()
    assert common
    for language, code in common:
        assert language == "sh"
        for line in code.splitlines():
            assert line.startswith("folkestrom")
            assert any(f" {command} " in line for command in ("twin", "intake", "link"))


def test_what_failed_half_way_is_made_again(tmp_path: Path) -> None:
    def break_off(folder: Path) -> None:
        (folder / "half").touch()
        raise KeyError

    with pytest.raises(KeyError):
        made_once(tmp_path / "made", break_off)
    made = made_once(tmp_path / "made", lambda folder: (folder / "whole").touch())
    assert [path.name for path in made.iterdir()] == ["whole"]
    assert made_once(tmp_path / "made", break_off) == made


def test_a_page_has_blocks_that_run_and_blocks_that_do_not(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\necho 1\n```\n<!-- not run: why -->\n\n```sh\nexit 1\n```\n```text\n1\n```\n"
    )
    assert blocks(page) == [("sh", "echo 1\n")]
    (tmp_path / "folder").mkdir()
    assert run_page(page, tmp_path / "folder", tmp_path) == "1\n"
