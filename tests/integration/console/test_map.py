"""The map in a real browser: keyboard, drill-down, time, zoom, export, print, and one incident."""

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, Page, expect

from examples.province import places
from examples.province.campaigns import DAYS, all_campaigns
from examples.province.cases import CaseMaker
from infra.clock import now_ms
from infra.redis.client import connect
from services.warning.cases.opening import PlainRouter
from services.warning.cases.store import CaseStore
from services.warning.model import Region
from tests.support.browser import (
    ConsoleService,
    assert_accessible,
    assert_no_faults,
    console_up,
    go,
)
from tests.support.processes import eventually

pytestmark = pytest.mark.slow
HEFEI = "340100"


class CountyRouter(PlainRouter):
    """Knows the county of a made-up number by its digits."""

    def region(self, victim: str) -> Region:
        county = places.counties()[int(victim[7:10])]
        return Region(province=places.CODE, city=county.city_code, county=county.code, how="table")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    """Run a service with warnings, and cases of the last days."""
    folder = tmp_path_factory.mktemp("map")
    places.write_names(folder / "names.geojson")
    with console_up(
        folder, warnings=True, FANZHA_CONSOLE_MAP_FILE=str(folder / "names.geojson")
    ) as running:
        # In a thread of its own, as the browser's loop may run in this one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, _fill(running.running.redis_url)).result()
        yield running


async def _fill(url: str) -> None:
    client = connect(url)
    store = CaseStore(client)
    maker = CaseMaker(all_campaigns(), CountyRouter(), end_ms=now_ms())
    for day in range(DAYS - 6, DAYS):
        await store.commit([one.commit for one in maker.day(day, 40)])
    await client.aclose()


def shapes(page: Page) -> list[str]:
    """Return the regions of the drawing, as a screen reader says them."""
    found: list[str] = page.locator(".sheet [data-region]").evaluate_all(
        "all => all.map(one => one.getAttribute('aria-label'))"
    )
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_by_keyboard_from_the_province_to_a_county_and_back(
    browser: Browser, service: ConsoleService, language: str
) -> None:
    he = service.person(browser, "he", "dispatcher", language=language)

    he.goto("/settings")
    go(he, "m")
    he.wait_for_url("**/map*")
    assert len(shapes(he)) > 10
    he.locator(f'.sheet a[data-region="{HEFEI}"]').focus()
    he.keyboard.press("Enter")
    he.wait_for_url(f"**region={HEFEI}*")

    assert any(label.startswith("包河区") for label in shapes(he))
    assert len(shapes(he)) == he.locator("tbody[data-rows] tr[data-region]").count()
    he.locator("h1").focus()
    he.keyboard.press("u")
    he.wait_for_url("**region=340000*")
    assert_no_faults(he)


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_the_map_is_accessible(
    browser: Browser, service: ConsoleService, language: str, theme: str
) -> None:
    page = service.person(browser, "he", "dispatcher", language=language, theme=theme)

    for address in ("/map", f"/map?region={HEFEI}&layer=completion&kind=1"):
        page.goto(address)
        assert_accessible(page)


def test_the_slider_shows_each_day_and_the_address_keeps_it(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "he", "dispatcher")
    page.goto("/map?days=7")
    frames = page.request.get("/map/frames?days=7").json()
    slider = page.locator("#map-time")

    slider.focus()
    page.keyboard.press("End")
    last = frames[-1]
    expect(page.locator("[data-when-value]")).to_have_text(last["start"])

    values = {code: text for code, text, _ in last["regions"]}
    shown = page.locator("tbody[data-rows] tr[data-region]").evaluate_all(
        "all => all.map(one => [one.dataset.region, one.querySelector('[data-value]').textContent])"
    )
    assert dict(shown) == values
    assert f"frame={last['start']}" in page.url
    page.reload()
    expect(page.locator("[data-when-value]")).to_have_text(last["start"])
    page.locator("h1").click()
    page.keyboard.press("[")
    expect(page.locator("[data-when-value]")).to_have_text(frames[-2]["start"])
    assert_no_faults(page)


def test_play_goes_through_all_days_and_stops(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "he", "dispatcher")
    page.goto("/map?days=4")
    last = page.request.get("/map/frames?days=4").json()[-1]["start"]

    # The page keeps what its button said: on a busy machine, it may be over before we look.
    page.evaluate(
        """() => {
            const button = document.querySelector("[data-play]");
            window.said = [];
            const watch = new MutationObserver(() => window.said.push(button.textContent));
            watch.observe(button, { childList: true });
        }"""
    )

    page.keyboard.press("p")
    eventually(lambda: len(page.evaluate("window.said")) >= 2)

    assert page.evaluate("window.said") == ["Stop", "Play"]
    expect(page.locator("[data-when-value]")).to_have_text(last)


def test_zoom_shows_less_of_the_drawing_and_arrows_move_it(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "he", "dispatcher")
    page.goto("/map")
    svg = page.locator(".sheet svg")

    def seen() -> list[float]:
        return [float(part) for part in (svg.get_attribute("viewBox") or "").split()]

    whole = seen()
    page.keyboard.press("+")
    nearer = seen()
    page.locator(".sheet a").first.focus()
    page.keyboard.press("ArrowRight")
    moved = seen()

    assert nearer[2] < whole[2]
    assert moved[0] > nearer[0]
    assert moved[2] == nearer[2]


def test_exports_have_what_the_page_shows(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "he", "dispatcher")
    page.goto("/map?days=7")
    names = page.locator("tbody[data-rows] tr[data-region] th").all_inner_texts()

    lines = page.request.get("/map/map.csv?days=7").text().lstrip("\ufeff").splitlines()
    drawing = ET.fromstring(page.request.get("/map/map.svg?days=7").text())  # noqa: S314

    assert lines[0].startswith("region,name,step,exposed")
    whole = [line.split(",") for line in lines[1:] if line.split(",")[2] == ""]
    assert sorted(line[1] for line in whole) == sorted(names)
    titles = [one.text or "" for one in drawing.iter("{http://www.w3.org/2000/svg}title")]
    assert sorted(title.split(": ")[0] for title in titles) == sorted(names)


def test_the_map_is_saved_as_a_picture(browser: Browser, service: ConsoleService) -> None:
    page = service.person(browser, "he", "dispatcher")
    page.goto("/map")

    with page.expect_download() as saved:
        page.click("text=Export as PNG")

    picture = saved.value.path().read_bytes()
    width, height = (int.from_bytes(picture[place : place + 4]) for place in (16, 20))
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert min(width, height) > 200
    # A canvas that nothing was drawn on compresses to next to nothing.
    assert len(picture) > 5_000


def test_on_paper_there_is_the_map_and_no_control(
    browser: Browser, service: ConsoleService
) -> None:
    page = service.person(browser, "he", "dispatcher")
    page.goto("/map")

    page.emulate_media(media="print")

    expect(page.locator(".sheet svg")).to_be_visible()
    for hidden in ("nav.side", ".filters", ".time", ".actions"):
        expect(page.locator(hidden).first).to_be_hidden()


def test_a_dispatcher_of_a_city_sees_that_city_only(
    browser: Browser, service: ConsoleService
) -> None:
    tang = service.person(browser, "tang", "dispatcher", regions=["3401"])

    tang.goto("/map")
    assert [label.split(":")[0] for label in shapes(tang)] == ["合肥市"]
    answer = tang.goto("/map?region=340200")

    assert answer is not None
    assert answer.status == 403


def test_one_incident_along_one_line_masked(browser: Browser, service: ConsoleService) -> None:
    he = service.person(browser, "he", "dispatcher")
    he.goto("/map")

    he.locator('a[href*="/map/incident/"]').first.click()
    he.wait_for_url("**/map/incident/*")

    stages = he.locator("ol.line h2").all_inner_texts()
    assert stages == ["Monitoring", "Warning", "Disposal", "Tracking"]
    assert "+861700" not in he.locator("main").inner_text()
    assert_accessible(he)
