"""A bureau's console over a made-up province: ``make demo-console``.

Fills a temporary folder with two years of history, starts ``fanzha up`` on it with identities on,
prints the addresses and a token for each person, keeps traffic coming, and stays up until Ctrl-C;
then everything that it made is gone. Exit status 1 when it cannot start.
"""

import asyncio
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from examples import lists_tour_site
from examples.console_demo.traffic import CarrierTraffic
from examples.lists_tour_site import Site, console
from examples.province import places, stores
from examples.province.fill import FillReport, ProvinceSize, fill
from services.settings import loader
from services.settings.settings import Settings

_PARTS = {
    "decisions": "decision log",
    "cases": "cases",
    "lists": "lists, changes, appeals, audit log",
}


def main(
    *,
    decisions: Annotated[int, typer.Option(min=1_000, help="Logged decisions.")] = 150_000,
    cases: Annotated[int, typer.Option(min=50, help="Cases.")] = 4_000,
    appeals: Annotated[int, typer.Option(min=5, help="Appeals.")] = 160,
    folder: Annotated[
        Path | None, typer.Option(help="Keep the data in this folder, or use what is there.")
    ] = None,
    until_filled: Annotated[
        bool, typer.Option(help="End once everything runs, as tests do.")
    ] = False,
) -> None:
    """Show the console over two years of a province."""
    size = ProvinceSize(decisions=decisions, cases=cases, appeals=appeals)
    with _folder(folder) as place:
        settings = _settings(place)
        if not (place / "data").exists():
            _tell_filled(_filled(settings, size))
        # Those of an earlier run: their keys are not used again.
        shutil.rmtree(place / "identity", ignore_errors=True)
        stop = _stopped_by_signals()
        with lists_tour_site.site(place, stores.PEOPLE, settings) as site:
            traffic = CarrierTraffic(site.client)
            traffic.burst()
            traffic.start()
            _tell_where(site, place)
            try:
                while not stop.is_set() and not until_filled:
                    stop.wait(1.0)
            finally:
                traffic.stop()
    console.print("everything that was started has ended")


def _stopped_by_signals() -> threading.Event:
    """Return what Ctrl-C sets from now on; before, it ends the filling."""
    stop = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: stop.set())
    return stop


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted.absolute()
        return
    with TemporaryDirectory(prefix="fanzha-console-") as name:
        yield Path(name)


def _settings(folder: Path) -> dict[str, str]:
    regions = folder / "regions.csv"
    places.write_regions(regions)
    places.write_names(folder / "names.geojson")
    return stores.settings_of(folder / "data", regions) | {
        "FANZHA_CONSOLE_MAP_FILE": str(folder / "names.geojson"),
        "FANZHA_DECISION_LOG_TEXTS": "true",
        "FANZHA_EMERGENCY_HOURS": "24",
        # A province has a hundred times as many texts.
        "FANZHA_BULK_TEXTS": "300",
        "FANZHA_WORKERS": "1",
    }


def _filled(variables: Mapping[str, str], size: ProvinceSize) -> FillReport:
    """Fill the data folder, with a bar for each part."""
    for name in [one for one in os.environ if one.startswith("FANZHA_")]:
        del os.environ[name]
    os.environ.update(variables)
    settings: Settings = loader.load()
    columns = (TextColumn("{task.description:<36}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks = {name: bars.add_task(text, total=1.0) for name, text in _PARTS.items()}

        def tell(part: str, share: float) -> None:
            bars.update(tasks[part], completed=share)

        now_ms = time.time_ns() // 1_000_000
        return asyncio.run(fill(settings, size, end_ms=now_ms, progress=tell))


def _tell_filled(report: FillReport) -> None:
    told = ", ".join(f"{count:,} {what}" for what, count in report.counts.items())
    console.print(f"two years of 安徽: {told}", soft_wrap=True)


def _tell_where(site: Site, folder: Path) -> None:
    endpoints = site.endpoints
    if "console" in endpoints:
        console.print(f"\nconsole          [bold]{endpoints['console']}[/]", soft_wrap=True)
    for name in ("admin", "warning", "interception"):
        console.print(f"{name:<17}{endpoints[name]}", soft_wrap=True)
    console.print("\nsign in with the token of")
    for who, roles in stores.PEOPLE.items():
        token = (folder / "identity" / f"{who}.token").read_text().strip()
        console.print(f"{who:<9}{', '.join(roles):<18}{token}", soft_wrap=True, markup=False)
    console.print("\nCtrl-C ends it.")
    sys.stdout.flush()


if __name__ == "__main__":
    typer.run(main)
