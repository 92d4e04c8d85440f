"""Times the pages of the console with ten million entries: ``python -m benchmarks.console``.

Fills a folder (a quarter of an hour and some gigabytes; ``--folder`` keeps it for the next time),
starts ``fanzha up`` on it with identities on, and asks for each page over HTTPS as a browser does,
with the session of somebody who may see it: ``--times`` times, the first answer not counted. Of
lists also the third page. *bytes* are of the page itself; scripts and styles
are kept by the browser and not counted.
"""

import asyncio
import os
import re
import shutil
import ssl
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import httpx
import typer

from benchmarks import results
from benchmarks.console.large_province import LargeSize, fill_large
from examples import lists_tour_site
from examples.lists_tour_site import Site
from examples.province import places, stores
from services.settings import loader

_NEXT = re.compile(r'href="([^"]+)"[^>]*rel="next"')
_DEEP = 3
_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedPage:
    """A page, and who looks at it."""

    name: str
    path: str
    who: str


PAGES = (
    TimedPage(name="today", path="/today", who="sun"),
    TimedPage(name="decisions", path="/decisions", who="chen"),
    TimedPage(name="lists", path="/lists", who="li"),
    TimedPage(name="changes", path="/changes", who="wang"),
    TimedPage(name="appeals", path="/appeals", who="zhao"),
    TimedPage(name="cases", path="/cases", who="he"),
    TimedPage(name="appeals, mine", path="/appeals?mine=1", who="zhao"),
    TimedPage(name="appeals, mine rejected", path="/appeals?mine=1&state=4", who="zhao"),
    TimedPage(name="cases, a list", path="/cases/list", who="he"),
    TimedPage(name="cases, being dissuaded", path="/cases/list?state=4", who="he"),
    TimedPage(name="cases, closed", path="/cases/list?state=5", who="he"),
    TimedPage(name="map, 30 days", path="/map", who="he"),
    TimedPage(name="map, two years", path="/map?days=730", who="he"),
    TimedPage(name="map, a city's counties", path="/map?region=340100&days=365", who="he"),
    TimedPage(name="campaigns", path="/campaigns", who="sun"),
    TimedPage(name="models", path="/models", who="sun"),
    TimedPage(name="audit", path="/audit", who="chen"),
    TimedPage(name="settings", path="/settings", who="sun"),
)


def main(
    *,
    folder: Annotated[
        Path | None, typer.Option(help="Fill this folder, or use what is there.")
    ] = None,
    scale: Annotated[float, typer.Option(help="Share of ten million.")] = 1.0,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Fill these (cases, appeals, …) and a thousandth of the others."),
    ] = None,
    times: Annotated[int, typer.Option(min=5, help="How often each page is asked for.")] = 40,
    save: Annotated[bool, typer.Option(help="Keep it in benchmarks/results.")] = False,
) -> None:
    """Fill, serve, measure, and print or keep the result."""
    with _folder(folder) as place:
        variables = _settings(place)
        if not (place / "data").exists():
            _fill(variables, scale, only or [])
        # Those of an earlier run: their keys are not used again.
        shutil.rmtree(place / "identity", ignore_errors=True)
        with lists_tour_site.site(place, stores.PEOPLE, variables) as site:
            found = measure(site, place, times)
    for row in found:
        sys.stdout.write(
            f"{row['page']:<28}{row['status']:>5}{row['median_ms']:>9.1f}{row['p95_ms']:>9.1f}"
            f"{row['bytes']:>10,}\n"
        )
    results.write(
        "console", {"scale": scale, "only": only or [], "times": times, "pages": found}, save=save
    )


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted.absolute()
        return
    with TemporaryDirectory(prefix="fanzha-console-bench-") as name:
        yield Path(name)


def _settings(folder: Path) -> dict[str, str]:
    places.write_regions(folder / "regions.csv")
    places.write_names(folder / "names.geojson")
    return stores.settings_of(folder / "data", folder / "regions.csv") | {
        "FANZHA_CONSOLE_MAP_FILE": str(folder / "names.geojson"),
        "FANZHA_WORKERS": "1",
        "FANZHA_CASCADE_SHARE": "0",
    }


def _fill(variables: dict[str, str], scale: float, only: Sequence[str]) -> None:
    os.environ.update(variables)
    size = LargeSize()
    shares = {name: 1 if not only or name in only else 0.001 for name in LargeSize.__slots__}
    wanted = LargeSize(
        **{
            name: max(1, round(getattr(size, name) * scale * share))
            for name, share in shares.items()
        }
    )
    now_ms = time.time_ns() // 1_000_000
    asyncio.run(fill_large(loader.load(), wanted, end_ms=now_ms, tell=_tell))


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def measure(site: Site, folder: Path, times: int) -> list[dict[str, Any]]:
    """Return a row for each page, and for the third page of each list."""
    found: list[dict[str, Any]] = []
    for page in PAGES:
        with _signed_in(site, folder, page.who) as client:
            found.append(_timed(client, page.name, page.path, times))
            if deep := _deep_address(client, page.path):
                found.append(_timed(client, f"{page.name}, page {_DEEP}", deep, times))
    return found


@contextmanager
def _signed_in(site: Site, folder: Path, who: str) -> Iterator[httpx.Client]:
    trust = ssl.create_default_context(cafile=str(folder / "identity" / "ca.pem"))
    address = site.endpoints["console"]
    # The server ends connections that are idle for five seconds.
    limits = httpx.Limits(keepalive_expiry=2)
    with httpx.Client(base_url=address, verify=trust, timeout=_SECONDS, limits=limits) as client:
        token = (folder / "identity" / f"{who}.token").read_text().strip()
        until = time.monotonic() + _SECONDS
        # Right after the start, nobody may answer for who signs in.
        while client.get("/settings").status_code != httpx.codes.OK:
            if time.monotonic() > until:
                raise RuntimeError(f"{who} cannot sign in")
            client.post("/sign-in", data={"token": token})
        yield client


def _timed(client: httpx.Client, name: str, path: str, times: int) -> dict[str, Any]:
    client.get(path)
    took, size, status = list[float](), 0, 0
    for _ in range(times):
        began = time.perf_counter()
        answer = client.get(path)
        took.append((time.perf_counter() - began) * 1000)
        status, size = answer.status_code, len(answer.content)
    return {
        "page": name,
        "status": status,
        "median_ms": round(statistics.median(took), 1),
        "p95_ms": round(_quantile(took, 0.95), 1),
        "bytes": size,
    }


def _quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _deep_address(client: httpx.Client, path: str) -> str:
    """Follow the links to the next page; empty where there are not as many."""
    for _ in range(_DEEP - 1):
        link = _NEXT.search(client.get(path).text)
        if link is None:
            return ""
        path = link[1].replace("&amp;", "&")
    return path


if __name__ == "__main__":
    typer.run(main)
