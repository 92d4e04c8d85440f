"""Looks links up in one process, no server: `adblock`, tldextract and a set, or our index.

    python inprocess.py adblock|tldextract|ours FOLDER SECONDS

Runs in the peers' environment for `adblock`, so that side imports nothing of ours. FOLDER
holds ``hosts.txt`` (listed) and ``urls.txt`` (queries). Prints one line of JSON.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

BATCH = 256
Count = Callable[[Sequence[str]], int]
"""Returns how many of the given links are listed."""


def with_adblock(folder: Path) -> Count:
    """Query Brave's engine, with a rule ``||host^`` for each name."""
    import adblock  # type: ignore[import-not-found]  # noqa: PLC0415  only in the peers' venv

    rules = adblock.FilterSet()
    rules.add_filters([f"||{host}^" for host in _hosts(folder)])
    engine = adblock.Engine(rules)

    def count(urls: Sequence[str]) -> int:
        ask = engine.check_network_urls
        return sum(ask(url, "https://asking.test/", "document").matched for url in urls)

    return count


def with_tldextract(folder: Path) -> Count:
    """Take the registrable domain of each link, and look into a set."""
    import tldextract  # noqa: PLC0415

    listed = set(_hosts(folder))
    extract = tldextract.TLDExtract(
        suffix_list_urls=(), cache_dir=None, extra_suffixes=("example",)
    )

    def count(urls: Sequence[str]) -> int:
        total = 0
        for url in urls:
            parts = extract(url)
            total += f"{parts.domain}.{parts.suffix}" in listed
        return total

    return count


def with_ours(folder: Path) -> Count:
    """Canonicalise, and match hosts and prefixes in the list files of our running service."""
    from blocklists.snapshot.replica import Replica  # noqa: PLC0415  not in the peers' environment
    from fanzha.url import canonicals  # noqa: PLC0415

    replica = Replica(folder / "ours" / "lists")
    if not replica.refresh():
        raise RuntimeError(f"no list files below {folder}")
    snapshot = replica.current
    now_s = int(time.time())

    def count(urls: Sequence[str]) -> int:
        return int((snapshot.find_urls(canonicals(urls), now_s).rows >= 0).sum())

    return count


WAYS = {"adblock": with_adblock, "tldextract": with_tldextract, "ours": with_ours}


def main(way: str, folder: Path, seconds: float) -> None:
    """Build the index, then look up for the given time."""
    urls = (folder / "urls.txt").read_text().split()
    before = _resident_bytes()
    count = WAYS[way](folder)
    expected = sum(count(urls[start : start + BATCH]) for start in range(0, len(urls), BATCH))
    # Only the pages read of a mapped file are resident; report the whole file.
    memory = max(_resident_bytes() - before, _list_file_bytes(folder) if way == "ours" else 0)
    done = 0
    began = time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        start = done % (len(urls) - BATCH)
        count(urls[start : start + BATCH])
        done += BATCH
    report = {"per_second": done / spent, "done": done, "listed": expected, "memory": memory}
    sys.stdout.write(json.dumps(report) + "\n")


def _hosts(folder: Path) -> list[str]:
    return (folder / "hosts.txt").read_text().split()


def _list_file_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in (folder / "ours" / "lists").glob("*.lists"))


def _resident_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
