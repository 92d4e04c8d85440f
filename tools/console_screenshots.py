"""Takes the screenshots of docs/console: ``make console-screenshots`` (needs chromium).

Each page of the console, in Chinese and English, light and dark, by somebody who may open it, over
the made-up province of ``make demo-console``. Pictures have few colours, and a bound on their size.
"""

import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from examples.province import stores
from services.auth.identity import Role
from services.console import app
from services.console.web.pages import ConsolePage
from services.console.web.role_table import roles_of

DOCS = Path(__file__).resolve().parents[1] / "docs" / "console"
MOST_BYTES = 90_000
MOST_BYTES_IN_ALL = 2_000_000
COLOURS = 128
LOOKS = {"zh": "light", "en": "dark"}
"""Theme by language: both of each are seen."""
_START_SECONDS = 900.0
_SETTLED_MS = 1500
_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def main(
    *,
    folder: Annotated[Path, typer.Option(help="Where the pictures go.")] = DOCS,
    decisions: Annotated[int, typer.Option(help="Logged decisions of the province.")] = 150_000,
    chromium: Annotated[str, typer.Option(help="The browser.")] = "/usr/bin/chromium",
) -> None:
    """Take the screenshots; exit status 1 where they are too large."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, _province(Path(name), decisions) as address:
        sizes = _taken(Path(name), address, folder, chromium)
    for name, size in sizes.items():
        sys.stdout.write(f"{size:>8,} {name}\n")
    large = [name for name, size in sizes.items() if size > MOST_BYTES]
    if large or sum(sizes.values()) > MOST_BYTES_IN_ALL:
        sys.stdout.write(f"too large: {', '.join(large) or 'all together'}\n")
        raise typer.Exit(1)


def _taken(place: Path, address: str, folder: Path, chromium: str) -> dict[str, int]:
    """Take all screenshots; return the size of each."""
    sizes = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        for language, theme in LOOKS.items():
            for page in app.PAGES:
                token = (place / "identity" / f"{_who_may_open(page)}.token").read_text().strip()
                view = _view(browser, address, language=language, theme=theme)
                _sign_in(view, token)
                view.goto(page.path)
                # Charts and live parts are drawn after the page.
                view.wait_for_timeout(_SETTLED_MS)
                name = f"{page.name}-{language}.png"
                sizes[name] = _write(view.screenshot(), folder / name)
                view.context.close()
        browser.close()
    return sizes


@contextmanager
def _province(folder: Path, decisions: int) -> Iterator[str]:
    """Run the demo in *folder*; yield the address of its console."""
    command = [sys.executable, "-m", "examples.console_demo", "--folder", str(folder)]
    command += ["--decisions", str(decisions)]
    endpoints = folder / "data" / "endpoints.json"
    process = subprocess.Popen(command)  # noqa: S603 - our own module
    try:
        until = time.monotonic() + _START_SECONDS
        while not endpoints.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise typer.Exit(1)
            time.sleep(1)
        yield json.loads(endpoints.read_text())["console"]
    finally:
        process.terminate()
        process.wait(60)


def _who_may_open(page: ConsolePage) -> str:
    """Return who of the bureau opens *page*: of several, who may do the most there."""
    return max(
        (name for name in stores.PEOPLE if _role(name) in roles_of(page.needs)),
        key=lambda name: sum(_role(name) in roles_of(page.methods_of(one)) for one in page.routes),
    )


def _role(name: str) -> Role:
    return Role(stores.PEOPLE[name][0].partition("@")[0])


def _view(browser: Browser, address: str, *, language: str, theme: str) -> Page:
    context = browser.new_context(
        base_url=address,
        locale="zh-CN" if language == "zh" else "en-US",
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": 1280, "height": 800},
        timezone_id="Asia/Shanghai",
        ignore_https_errors=True,
    )
    return context.new_page()


def _sign_in(view: Page, token: str) -> None:
    view.goto("/sign-in")
    view.fill("[name=token]", token)
    view.click("form button.main")
    view.wait_for_selector("nav.side")


def _write(png: bytes, file: Path) -> int:
    """Write a picture with few colours; return its size."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    few = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(file, optimize=True)
    return file.stat().st_size


if __name__ == "__main__":
    typer.run(main)
