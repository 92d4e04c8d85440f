"""Search conditions on the decision log, as SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from blocklists.entries import EntryKind
from fanzha import url
from fanzha.decisions import Action, Reason
from fanzha.errors import InvalidInput
from fanzha.phone import UNREADABLE, HomePlan
from fanzha.tables import Channel
from services.decision_log.impact.question import spans_of
from services.decision_log.search import segment_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Decisions since a moment; of what else is given, all must hold."""

    since_ms: int
    until_ms: int | None = None
    number: str = ""
    """A number, service code or range, on either side."""
    sender: str = ""
    """A sender of texts or caller, who may be a name."""
    host: str = ""
    """A host, with all below it: of a link, or of one in a text."""
    link: str = ""
    """A URL, by its beginning; of texts, where links are only logged by host, by the host."""
    pattern: str = ""
    """The pattern of the entry that decided."""
    channel: Channel | None = None
    action: Action | None = None
    reason: Reason | None = None
    carrier: str = ""
    """The carrier of who requested the decision."""
    after: tuple[int, int] | None = None
    """When the last decision of the page before was decided, and its id."""
    limit: int = 100

    def sql(self, home: HomePlan) -> tuple[str, list[Any]]:
        """Return a condition and its values; InvalidInput for what cannot be read."""
        parts: list[tuple[str, Sequence[Any]]] = [("decided_at_ms >= ?", [self.since_ms])]
        if self.until_ms is not None:
            parts.append(("decided_at_ms < ?", [self.until_ms]))
        if self.after is not None:
            decided_at_ms, decision_id = self.after
            following = "decided_at_ms < ? OR decided_at_ms = ? AND decision_id > ?"
            parts.append((following, [decided_at_ms, decided_at_ms, decision_id]))
        if self.number:
            parts.append(_of_number(self.number, home))
        if self.sender:
            parts.append(("from_key = ?", [_key(home.sender_key(self.sender), "sender")]))
        if self.host:
            parts.append(_of_host(self.host))
        if self.link:
            parts.append(_of_link(self.link))
        words = {
            "channel": self.channel and self.channel.name,
            "pattern": self.pattern,
            "action": self.action and self.action.name,
            "reason": self.reason and self.reason.name,
            "carrier": self.carrier,
        }
        parts += [(f"{name} = ?", [word]) for name, word in words.items() if word]
        condition = " AND ".join(f"({part})" for part, _ in parts)
        return condition, [value for _, values in parts for value in values]

    def keys(self, home: HomePlan) -> tuple[int, ...]:
        """Return the keys that a segment with such decisions has; none where that says nothing."""
        keys: list[int] = []
        if self.number and not self.number.strip().endswith("*"):
            keys.append(segment_keys.of_party(_key(home.number_key(self.number), "number")))
        elif self.number and (found := home.range_key(self.number)):
            start = segment_keys.of_range(*found)
            keys += [] if start is None else [start]
        if self.sender:
            keys.append(segment_keys.of_party(_key(home.sender_key(self.sender), "sender")))
        if self.host:
            keys.append(segment_keys.of_host(_host(self.host)))
        if self.link:
            keys.append(segment_keys.of_host(url.split(_link(self.link))[0]))
        words = {
            "carrier": self.carrier,
            "reason": self.reason and self.reason.name,
            "pattern": self.pattern,
        }
        keys += [segment_keys.of_word(name, word) for name, word in words.items() if word]
        return tuple(keys)


def _of_number(number: str, home: HomePlan) -> tuple[str, Sequence[Any]]:
    if not number.strip().endswith("*"):
        key = _key(home.number_key(number), "number")
        return "from_key = ? OR to_key = ?", [key, key]
    found = home.range_key(number)
    if found is None:
        raise InvalidInput("number: neither a number nor a range")
    spans = spans_of(np.array([found[0]], np.int64), np.array([found[1]], np.uint8))
    pairs = list(zip(spans.first.tolist(), spans.last.tolist(), strict=True))
    side = " OR ".join("{0} BETWEEN ? AND ?" for _ in pairs)
    values = [bound for pair in pairs for bound in pair]
    return f"{side.format('from_key')} OR {side.format('to_key')}", [*values, *values]


def _of_host(text: str) -> tuple[str, Sequence[Any]]:
    host = _host(text)
    below = f".{host}"
    one = "{0} = ? OR ends_with({0}, ?)"
    return (
        f"{one.format('host')} OR "
        f"len(list_filter(coalesce(hosts, []), lambda h: {one.format('h')})) > 0",
        [host, below, host, below],
    )


def _of_link(text: str) -> tuple[str, Sequence[Any]]:
    host, path = url.split(_link(text))
    # Whatever the scheme: entries know links without it.
    return (
        "starts_with(substr(url, strpos(url, '://') + 3), ?) "
        "OR list_contains(coalesce(hosts, []), ?)",
        [host + path, host],
    )


def _host(text: str) -> str:
    host = url.canonical_host(text)
    if not host:
        raise InvalidInput("host: cannot be read")
    return host


def _link(text: str) -> str:
    link = url.canonical(text)
    if not link:
        raise InvalidInput("link: cannot be read")
    return link


def _key(key: int, what: str) -> int:
    if key == UNREADABLE:
        raise InvalidInput("{what}: cannot be read", what=what)
    return key


_FIELDS = {
    EntryKind.NUMBER: "number",
    EntryKind.RANGE: "number",
    EntryKind.SENDER: "sender",
    EntryKind.HOST: "host",
    EntryKind.URL_PREFIX: "link",
    EntryKind.FINGERPRINT: "pattern",
}


def conditions_for(kind: EntryKind, pattern: str, *, since_ms: int, limit: int) -> Conditions:
    """Return the conditions for decisions about an entry's pattern.

    For a fingerprint, only decisions made by it are found.
    """
    return Conditions(since_ms=since_ms, limit=limit, **{_FIELDS[kind]: pattern})  # type: ignore[arg-type]
