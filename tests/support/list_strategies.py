"""Small lists for property tests, and the expected result by a linear scan.

The patterns are few and similar, so that entries overlap: ranges cover numbers, hosts lie
below hosts, one pattern is blocked and allowed.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from blocklists.entries import Direction, Entry, EntryKind, EntryMode
from fanzha.decisions import Action
from fanzha.url import expressions, host_suffixes, split
from tests.support.builders import NINE_O_CLOCK_S, an_entry

EXPIRED = datetime(2026, 1, 5, 8, tzinfo=UTC)

_DIGITS = st.text("12", min_size=3, max_size=5)
numbers = st.builds(str.__add__, st.sampled_from(["+", ""]), _DIGITS)
senders = numbers | st.sampled_from(["Bank", "bank", "Prize"])
hosts = st.lists(st.sampled_from("ab"), max_size=5).map(lambda up: ".".join([*up, "a.example"]))
_paths = st.builds(
    str.__add__,
    st.lists(st.sampled_from("xy"), max_size=5).map(lambda folders: "/" + "/".join(folders)),
    st.sampled_from(["", "/", "?q", "?q=1"]),
).map(lambda path: path.replace("//", "/"))
urls = st.builds("http://{}{}".format, hosts, _paths)
# Alike enough that some are near-duplicates: up to 12 values of 16 differ.
fingerprints = st.builds(
    "fp1:{}{}".format,
    st.sampled_from(["00" * 16, "00" * 8 + "11" * 8]),
    st.lists(st.sampled_from(["0000", "0001"]), min_size=8, max_size=8).map("".join),
)


def _page(pattern: str) -> tuple[EntryKind, str]:
    # As lists hold it: a URL prefix without a path is a host, see `blocklists.patterns`.
    host, _, path = pattern.partition("/")
    return (EntryKind.URL_PREFIX, pattern) if path else (EntryKind.HOST, host)


_named = st.one_of(
    numbers.map(lambda text: (EntryKind.NUMBER, text)),
    numbers.map(lambda text: (EntryKind.RANGE, text + "*")),
    senders.map(lambda text: (EntryKind.SENDER, text)),
    hosts.map(lambda text: (EntryKind.HOST, text)),
    urls.map(lambda url: _page(url.removeprefix("http://"))),
    fingerprints.map(lambda written: (EntryKind.FINGERPRINT, written)),
)


def _entry(
    named: tuple[EntryKind, str],
    action: Action,
    direction: Direction,
    reason: str,
    *,
    expired: bool,
) -> Entry:
    kind, pattern = named
    entry = an_entry(pattern, action, kind=kind, direction=direction, reason=reason)
    if kind not in (EntryKind.NUMBER, EntryKind.RANGE):
        entry = replace(entry, direction=Direction.BOTH)
    return replace(entry, expires_at=EXPIRED) if expired else entry


entries = st.builds(
    _entry,
    _named,
    st.sampled_from(Action),
    st.sampled_from([Direction.FROM, Direction.TO, Direction.BOTH]),
    st.sampled_from(["reported", "ordered"]),
    expired=st.booleans(),
)


def _in_some_mode(entry: Entry, review: datetime | None, shadow: bool) -> Entry:
    mode = EntryMode.SHADOW if shadow and entry.action is Action.BLOCK else EntryMode.ENFORCE
    return replace(entry, mode=mode, review_at=review)


mixed = st.builds(
    _in_some_mode,
    entries,
    st.sampled_from([None, datetime(2026, 4, 1, tzinfo=UTC)]),
    st.booleans(),
)
"""Entries that enforce, and shadow entries among them."""


def identity(entry: Entry) -> tuple[EntryKind, str, Action]:
    """Return the identity of an entry; senders match in any case."""
    pattern = entry.pattern.casefold() if entry.kind == EntryKind.SENDER else entry.pattern
    return entry.kind, pattern, entry.action


def latest(listed: Sequence[Entry]) -> list[Entry]:
    """Let a later entry replace one of the same identity."""
    return list({identity(entry): entry for entry in listed}.values())


def scan_party(
    listed: Sequence[Entry], party: str, direction: Direction, *, senders: bool
) -> tuple[int, Action] | None:
    """Return specificity and action of the deciding entry, by a linear scan."""
    found = [
        (rank, -entry.action)
        for entry in listed
        if entry.direction & direction
        and entry.expires_at.timestamp() > NINE_O_CLOCK_S
        and (rank := _party_rank(entry, party, senders=senders))
    ]
    return (max(found)[0], Action(-max(found)[1])) if found else None


def _party_rank(entry: Entry, party: str, *, senders: bool) -> int:
    if entry.kind == EntryKind.SENDER:
        return 255 if senders and entry.pattern.casefold() == party.casefold() else 0
    if entry.kind == EntryKind.NUMBER:
        return 255 if entry.pattern == party else 0
    leading = entry.pattern.removesuffix("*")
    covers = entry.kind == EntryKind.RANGE and party.startswith(leading)
    return len(leading.removeprefix("+")) if covers else 0


def scan_link(listed: Sequence[Entry], url: str) -> tuple[EntryKind, str, Action] | None:
    """Return the identity of the deciding entry, by every expression on every entry."""
    acting = {
        identity(entry): entry for entry in listed if entry.expires_at.timestamp() > NINE_O_CLOCK_S
    }
    requests = [(EntryKind.URL_PREFIX, expression) for expression in expressions(url)]
    requests += [(EntryKind.HOST, suffix) for suffix in host_suffixes(split(url)[0])]
    names = ((*name, action) for name in requests for action in (Action.ALLOW, Action.BLOCK))
    return next((name for name in names if name in acting), None)
