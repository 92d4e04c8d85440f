"""What a service decided so far, by channel, action and reason, from its page of metrics."""

import re
from collections import Counter
from typing import TypeAlias
from urllib.request import urlopen

_COUNT = re.compile(r"^fanzha_decisions_total\{([^}]*)\} ([0-9.e+]+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_SECONDS = 30

Decided: TypeAlias = "Counter[tuple[str, str, str]]"
"""Rows by channel, action and reason."""


def look(metrics: str) -> Decided:
    """Read the page of metrics at a URL."""
    with urlopen(metrics, timeout=_SECONDS) as answer:  # noqa: S310  our own, on loopback
        return read(answer.read().decode())


def read(page: str) -> Decided:
    """Read a page of metrics."""
    found: Decided = Counter()
    for labels, count in _COUNT.findall(page):
        named = dict(_LABEL.findall(labels))
        found[named["channel"], named["action"], named["reason"]] += round(float(count))
    return found


def words(before: Decided, after: Decided) -> dict[str, dict[str, int]]:
    """Write what was decided in between: by channel, then by action and reason."""
    made = after - before
    return {
        wanted: {
            f"{action}, {reason}": count
            for (channel, action, reason), count in sorted(made.items())
            if channel == wanted
        }
        for wanted in sorted({channel for channel, _, _ in made})
    }
