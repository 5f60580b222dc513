"""The site in a real browser; skipped, saying so, where there is none, or nothing to drive it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PAGES = ("/en/", "/no/population", "/en/emigration", "/no/places", "/en/places/1101",
         "/en/tables", "/no/tables/B1001", "/en/projection", "/en/about", "/no/calendar",
         "/en/nothing")  # fmt: skip
#: What is held against WCAG 2.2, AA.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright to drive a browser")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    with sync_api.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


class Watched:
    """A page, and everything that a browser complains of."""

    def __init__(self, browser: Browser, site: httpx.Client, **how: Any) -> None:
        self._context = browser.new_context(base_url=f"{site.base_url}", **how)
        self.page: Page = self._context.new_page()
        self.complaints: list[str] = []
        self.requests: set[str] = set()
        self.page.on("console", lambda m: self.complaints.append(m.text))
        self.page.on("pageerror", lambda error: self.complaints.append(f"{error}"))
        self.page.on("request", lambda request: self.requests.add(request.url))

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()


def axe(page: Page) -> list[str]:
    """What axe-core finds wrong, with the element."""
    axe_core = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core")
    found = axe_core.Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_nothing_complains(
    browser: Browser, site: httpx.Client, scheme: str
) -> None:
    # What checks is put into the page, which the page's own policy does not allow.
    with Watched(browser, site, color_scheme=scheme, bypass_csp=True) as seen:
        for path in PAGES if scheme == "light" else ("/en/", "/no/tables/B1001"):
            seen.page.goto(path)
            assert axe(seen.page) == [], path
            if path != "/en/nothing":
                assert seen.complaints == [], path
        assert all(address.startswith(f"{site.base_url}") for address in seen.requests)


@pytest.mark.parametrize(("width", "zoom"), [(390, 1), (1280, 1), (640, 2)])
def test_pages_fit_their_width(browser: Browser, site: httpx.Client, width: int, zoom: int) -> None:
    # At 200 per cent a window has half as many of the page's units.
    size = {"width": width, "height": 800}
    with Watched(browser, site, viewport=size, device_scale_factor=zoom) as seen:
        for path in PAGES:
            seen.page.goto(path)
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert seen.page.evaluate(wide) == 0, path
            tables = seen.page.evaluate(
                "[...document.querySelectorAll('table')].filter(t => !t.closest('.scroll')).length"
            )
            assert tables == 0


def test_a_reader_finds_a_place_and_its_other_language(
    browser: Browser, site: httpx.Client
) -> None:
    with Watched(browser, site, locale="nb-NO") as seen:
        page = seen.page
        page.goto("/")
        assert page.url.endswith("/no/")
        page.get_by_role("link", name="Steder").click()
        page.get_by_role("link", name="Stavanger").click()
        assert page.get_by_role("heading", level=1).inner_text().startswith("Stavanger")
        page.get_by_role("link", name="English").click()
        assert page.url.endswith("/en/places/1103")
        picture = page.locator("#place-pyramid img")
        picture.scroll_into_view_if_needed()
        loaded = "one => one.decode().then(() => one.naturalWidth)"
        assert picture.evaluate(loaded) > 100
        page.locator("#place-pyramid summary").click()
        assert page.locator("#place-pyramid td").first.is_visible()
        assert seen.complaints == []


def test_populations_are_compared(browser: Browser, site: httpx.Client) -> None:
    with Watched(browser, site) as seen:
        page = seen.page
        page.goto("/en/population")
        page.locator("select[name=other_place]").select_option("1103")
        page.get_by_role("button", name="Compare").click()
        page.wait_for_url("**/population?*other_place=1103*")
        source = page.locator("#pyramid img").get_attribute("src") or ""
        assert "other[Region]=1103" in source
        assert httpx.get(f"{site.base_url}".rstrip("/") + source, timeout=60).status_code == 200
        assert page.locator("select[name=other_place]").input_value() == "1103"


@pytest.mark.parametrize("scripts", [True, False])
def test_the_explorer_works_with_scripts_and_without(
    browser: Browser, site: httpx.Client, scripts: bool
) -> None:
    with Watched(browser, site, java_script_enabled=scripts) as seen:
        page = seen.page
        page.goto("/en/tables/B1001")
        page.get_by_label("region", exact=True).select_option(["1103", "0301"])
        page.get_by_label("sex", exact=True).select_option(["1", "2"])
        page.get_by_label("year", exact=True).select_option("2021")
        page.get_by_role("button", name="Show", exact=True).click()
        page.wait_for_url("**Region**")
        cells = page.locator("table td").all_inner_texts()
        asked = "valuecodes[Region]=0301,1103&valuecodes[Kjonn]=*&valuecodes[Tid]=2021"
        told = site.get(f"/api/pxwebapi/v2/tables/B1001/data?{asked}").json()["value"]
        assert sorted(int(c.replace(" ", "")) for c in cells if c.strip()) == sorted(told)
        assert page.get_by_label("year", exact=True).evaluate("one => one.value") == "2021"
        assert seen.complaints == []


def test_the_explorer_is_used_by_keyboard_alone(browser: Browser, site: httpx.Client) -> None:
    with Watched(browser, site) as seen:
        page = seen.page
        page.goto("/en/tables/B1011")

        def focused() -> str:
            found: str = page.evaluate(
                "(e => e.id || e.name || e.textContent.trim())(document.activeElement)"
            )
            return found

        page.keyboard.press("Tab")
        assert focused() == "To the content"
        page.keyboard.press("Enter")
        assert focused() == "content"
        while focused() != "v-Region":
            page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        while focused() != "Show":
            page.keyboard.press("Tab")
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", focused()
        page.keyboard.press("Enter")
        page.wait_for_url("**Region**")
        assert seen.complaints == []


def test_long_lists_are_searched_and_addresses_are_short(
    browser: Browser, site: httpx.Client
) -> None:
    with Watched(browser, site) as seen:
        page = seen.page
        page.goto("/en/tables/B1001")
        page.get_by_label("Find a value: age").fill("10 years")
        visible = page.locator("#v-Alder option:not([hidden])").all_inner_texts()
        assert visible == ["10 years"]
        page.get_by_label("Find a value: age").press("Enter")
        assert page.url.endswith("/B1001")
        page.locator("select[name='codelist[Alder]']").select_option("agg_FemAarigGruppering")
        page.wait_for_url("**codelist**")
        assert "=*" in page.url.replace("%2A", "*")
        assert page.locator("#v-Alder option").count() == 21


def test_nothing_is_folded_or_left_out_on_paper(browser: Browser, site: httpx.Client) -> None:
    with Watched(browser, site) as seen:
        seen.page.goto("/en/places/1103")
        seen.page.emulate_media(media="print")
        assert not seen.page.get_by_role("navigation").first.is_visible()
        assert seen.page.locator("#place-pyramid td").first.is_visible()
