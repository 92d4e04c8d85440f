"""Finds what decides in a copy of the lists, as `blocklists.snapshot` does in the lists themselves.

Of all entries that match and act, the most specific decides; of two about one pattern, allow. An
expired entry hides no other. Patterns to look up must be canonical: `fanzha.phone` writes numbers,
`fanzha.url` links.
"""

from collections.abc import Collection, Iterator, Mapping

from fanzha.edge.entry import EdgeEntry, EdgeKind, EdgeScope
from fanzha.edge.sorted_lines import SortedLines
from fanzha.hosts import host_suffixes
from fanzha.url import expressions, split

Lists = Mapping[EdgeKind, SortedLines]
_EITHER = frozenset((EdgeScope.BOTH,))


def find_number(lists: Lists, number: str, side: EdgeScope, now_s: float) -> EdgeEntry | None:
    """Return what decides about a number or service code on one side of a call, FROM or TO."""
    scopes = _EITHER | {side}
    exact = _acting(lists, EdgeKind.NUMBER, number, now_s, scopes)
    return exact or _find_range(lists, number, now_s, scopes)


def find_sender(lists: Lists, sender: str, now_s: float) -> EdgeEntry | None:
    """Return what decides about the sender of a text, a number or a name."""
    scopes = _EITHER | {EdgeScope.FROM, EdgeScope.WHOLE}
    names = {EdgeKind.NUMBER: sender, EdgeKind.SENDER: sender.casefold()}
    found = [
        one for kind, name in names.items() if (one := _acting(lists, kind, name, now_s, scopes))
    ]
    exact = min(found, key=lambda one: one.action, default=None)
    return exact or _find_range(lists, sender, now_s, scopes)


def find_link(lists: Lists, url: str, now_s: float) -> EdgeEntry | None:
    """Return what decides about a canonical URL."""
    for expression in expressions(url):
        if found := _acting(lists, EdgeKind.URL, expression, now_s):
            return found
    return find_host(lists, split(url)[0], now_s)


def find_host(lists: Lists, host: str, now_s: float) -> EdgeEntry | None:
    """Return what decides about a canonical host."""
    for name in host_suffixes(host):
        if found := _acting(lists, EdgeKind.HOST, name, now_s):
            return found
    return None


def _find_range(
    lists: Lists, number: str, now_s: float, scopes: Collection[EdgeScope]
) -> EdgeEntry | None:
    if not number.removeprefix("+").isdecimal():
        return None
    for length in range(len(number), 0, -1):
        if found := _acting(lists, EdgeKind.RANGE, f"{number[:length]}*", now_s, scopes):
            return found
    return None


def _acting(
    lists: Lists,
    kind: EdgeKind,
    pattern: str,
    now_s: float,
    scopes: Collection[EdgeScope] = frozenset(EdgeScope),
) -> EdgeEntry | None:
    """Return the first entry about exactly this pattern that acts."""
    acting = (
        entry
        for entry in _entries(lists, kind, pattern)
        if entry.acts(now_s) and entry.scope in scopes
    )
    return next(acting, None)


def _entries(lists: Lists, kind: EdgeKind, pattern: str) -> Iterator[EdgeEntry]:
    lines = lists.get(kind)
    if lines is not None:
        yield from map(EdgeEntry.read, lines.beginning_with(f"{kind}\t{pattern}\t".encode()))
