"""A real Chromium for tests of the console, people in it, and checks of what they see.

Only ordinary test functions use it, no coroutines: Playwright's blocking API has a loop of its own
in their thread. The fixture `browser` of tests/integration/console lives for a module, because
coroutines of later modules could not run beside it.

    def test_an_editor_adds_an_entry(browser: Browser, service: ConsoleService) -> None:
        wang = service.person(browser, "wang", "editor")
        wang.goto("/lists")
        ...
        assert_accessible(wang)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.support.external_servers import program
from tests.support.identities import AUDIENCE, ISSUER, Issuer
from tests.support.node_packages import node_packages
from tests.support.processes import PATIENCE_SECONDS, Running, fanzha_up

# Without these, Chromium asks hosts of its maker at every start, as far as the network lets it.
_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--font-render-hinting=none"),
]
ACCESSIBILITY = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""Rules of axe-core that pages keep."""
WIDE = ViewportSize(width=1280, height=800)
NARROW = ViewportSize(width=390, height=844)
# Playwright would wait five seconds for what a page is expected to show.
expect.set_options(timeout=PATIENCE_SECONDS / 2 * 1000)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium until the block ends; skip the test where there is none, or fail in CI."""
    binary = program("chromium", package="chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=binary, args=_FLAGS)
        try:
            yield running
        finally:
            running.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleService:
    """A service with a console."""

    running: Running
    issuer: Issuer | None = None
    """Who signs tokens; None: authentication is off."""
    opened: list[Page] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.running.console

    def person(
        self,
        browser: Browser,
        name: str,
        *roles: str,
        language: str = "en",
        theme: str = "light",
        viewport: ViewportSize = WIDE,
        **claims: Any,
    ) -> Page:
        """Return a page of a browser session of its own, where *name* is signed in.

        ``page.goto`` takes paths. Errors of scripts and refused content fail the test at
        `assert_no_faults`, which `assert_accessible` calls.
        """
        page = self.visitor(browser, language=language, theme=theme, viewport=viewport)
        page.goto("/sign-in")
        if self.issuer is None:
            page.fill("[name=name]", name)
        else:
            page.fill("[name=token]", self.issuer.token(*roles, sub=name, **claims))
        page.click("form button.main")
        page.wait_for_selector("nav.side, main .notice")
        # Keys work once the script has run.
        page.wait_for_load_state()
        return page

    def visitor(
        self,
        browser: Browser,
        *,
        language: str = "en",
        theme: str = "light",
        viewport: ViewportSize = WIDE,
    ) -> Page:
        """Return a page of a browser session of its own, where nobody is signed in."""
        context = browser.new_context(
            base_url=self.url,
            locale="zh-CN" if language == "zh" else "en-US",
            color_scheme="dark" if theme == "dark" else "light",
            viewport=viewport,
            timezone_id="Asia/Shanghai",
            ignore_https_errors=True,
        )
        context.set_default_timeout(PATIENCE_SECONDS / 2 * 1000)
        page = context.new_page()
        page.on("console", lambda message: _note(page, message.type, message.text))
        page.on("pageerror", lambda error: _note(page, "error", str(error)))
        return page


# By the page itself: an id is given again, with its faults, once a page of another test is gone.
_FAULTS: "WeakKeyDictionary[Page, list[str]]" = WeakKeyDictionary()


def _note(page: Page, kind: str, text: str) -> None:
    # What a server refuses with a status is said on the page, and is no fault of it.
    if kind == "error" and "Failed to load resource" not in text:
        _FAULTS.setdefault(page, []).append(text)


def press(page: Page, key: str) -> None:
    """Press a key of a page that a click or a key has led to: keys work once its script has run."""
    page.wait_for_load_state()
    page.keyboard.press(key)


def go(page: Page, letter: str) -> None:
    """Press g and a letter, which open a page.

    The page waits a second and a half for the letter, which may be less than a busy machine takes
    from one key to the next: its clock stands still.
    """
    page.wait_for_load_state()
    page.clock.set_fixed_time(datetime.now(UTC))
    page.keyboard.press("g")
    page.keyboard.press(letter)


def assert_no_faults(page: Page) -> None:
    """Fail where a script failed on *page*, or its policy refused something."""
    assert _FAULTS.pop(page, []) == []


def assert_accessible(page: Page, *, exclude: str = "") -> None:
    """Fail with what axe-core finds wrong with *page* as it is now."""
    assert_no_faults(page)
    # As a debugger puts it in: the policy of the page lets no script of others in.
    page.evaluate((node_packages() / "node_modules/axe-core/axe.min.js").read_text())
    found = page.evaluate(
        """async ([tags, exclude]) => {
            const context = exclude ? { exclude: [exclude] } : document;
            const result = await axe.run(context, { runOnly: tags, resultTypes: ["violations"] });
            const nodes = (one) => one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160));
            return result.violations.map((one) => `${one.id}: ${one.help}: ${nodes(one).join()}`);
        }""",
        [ACCESSIBILITY, exclude],
    )
    assert found == [], f"{page.url}: {found}"


@contextmanager
def console_up(
    folder: Path, *, identities: bool = True, warnings: bool = False, **settings: str
) -> Iterator[ConsoleService]:
    """Run a service with a console in *folder*; with *identities*, people have roles by token."""
    lean = {"FANZHA_CASCADE_SHARE": "0", "FANZHA_WARNING_ENABLED": str(warnings).lower()}
    issuer = None
    if identities:
        issuer = Issuer(folder / "jwks.json")
        lean |= {
            "FANZHA_JWKS_FILE": str(folder / "jwks.json"),
            "FANZHA_TOKEN_ISSUER": ISSUER,
            "FANZHA_TOKEN_AUDIENCE": AUDIENCE,
        }
    data = folder / "data"
    data.mkdir(mode=0o700)
    with fanzha_up(data, workers=1, **{**lean, **settings}) as running:
        yield ConsoleService(running=running, issuer=issuer)
