"""Looks links up in one process, no server: `adblock`, tldextract and a set, or our index.

    python inprocess.py adblock|tldextract|ours FOLDER SECONDS

Runs in the peers' environment for `adblock`, so that side imports nothing of ours. FOLDER
holds ``hosts.txt`` (listed) and ``urls.txt`` (asked). Prints one line of JSON.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

BATCH = 256
Count = Callable[[Sequence[str]], int]
"""Takes links, and returns how many of them are listed."""


def with_adblock(hosts: list[str]) -> Count:
    """Ask Brave's engine, with a rule ``||host^`` for each name."""
    import adblock  # type: ignore[import-not-found]  # noqa: PLC0415  only in the peers' venv

    rules = adblock.FilterSet()
    rules.add_filters([f"||{host}^" for host in hosts])
    engine = adblock.Engine(rules)

    def count(urls: Sequence[str]) -> int:
        ask = engine.check_network_urls
        return sum(ask(url, "https://asking.test/", "document").matched for url in urls)

    return count


def with_tldextract(hosts: list[str]) -> Count:
    """Take the registrable domain of each link, and look into a set."""
    import tldextract  # noqa: PLC0415

    listed = set(hosts)
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


def with_ours(hosts: list[str]) -> Count:
    """Canonicalise, and ask our index for hosts and URL prefixes."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from blocklists.entries import Direction, Entry, Kind, Source  # noqa: PLC0415
    from blocklists.snapshot import Snapshot  # noqa: PLC0415
    from fanzha.decisions import Action  # noqa: PLC0415
    from fanzha.fraud import FraudType  # noqa: PLC0415
    from fanzha.url import canonicals  # noqa: PLC0415

    now = datetime(2026, 11, 24, tzinfo=UTC)
    snapshot = Snapshot.build(
        1,
        [
            Entry(
                kind=Kind.HOST, pattern=host, action=Action.BLOCK, direction=Direction.BOTH,
                fraud_type=FraudType.UNSPECIFIED, source=Source.PROVINCE, reason="benchmark",
                legal_basis="", created_by="bench", created_at=now,
                expires_at=now.replace(year=2027),
            )
            for host in hosts
        ],
    )  # fmt: skip
    now_s = int(now.timestamp())

    def count(urls: Sequence[str]) -> int:
        return int((snapshot.find_urls(canonicals(urls), now_s).rows >= 0).sum())

    return count


WAYS = {"adblock": with_adblock, "tldextract": with_tldextract, "ours": with_ours}


def main(way: str, folder: Path, seconds: float) -> None:
    """Build the index, then look up until time is over."""
    hosts = (folder / "hosts.txt").read_text().split()
    urls = (folder / "urls.txt").read_text().split()
    before = _pss_bytes()
    count = WAYS[way](hosts)
    del hosts
    memory = _pss_bytes() - before
    expected = sum(count(urls[start : start + BATCH]) for start in range(0, len(urls), BATCH))
    done = 0
    began = time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        start = done % (len(urls) - BATCH)
        count(urls[start : start + BATCH])
        done += BATCH
    report = {"per_second": done / spent, "done": done, "listed": expected, "memory": memory}
    sys.stdout.write(json.dumps(report) + "\n")


def _pss_bytes() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
