"""Finds the subject of an appeal: from the request, or from the decision.

If an entry about a party decided, the subject is that party; if an entry about a link or the words
of a text decided, it is the pattern of that entry. If a model or a rule decided, it is the caller,
the sender, or the host of the link. A host that is a public suffix has many owners below it, so
there it is the page only.
"""

from collections.abc import Mapping

import numpy as np

from blocklists import patterns
from blocklists.entries import Direction, EntryKind
from fanzha import url
from fanzha.errors import InvalidInput
from fanzha.phone import UNREADABLE, HomePlan, number_text, sender_name
from services.appeals.model import AppealSubject

_TO = frozenset({"CALLEE", "RECEIVER"})


def parse(text: str, home: HomePlan) -> AppealSubject:
    """Read a number, sender, host, URL or fingerprint."""
    kinds = np.array([patterns.kind_of(text.strip())], np.uint8)
    read = patterns.read([text], kinds, home)
    if read.errors:
        raise InvalidInput("{why}", why=read.errors[0])
    kind = EntryKind(int(read.kinds[0]))
    if kind == EntryKind.RANGE:
        raise InvalidInput("pattern: an appeal is about one number, not a range")
    return AppealSubject(kind=kind, pattern=read.text(0), direction=_side(kind, to=False))


def of_decision(decision: Mapping[str, str], home: HomePlan) -> AppealSubject | None:
    """Return the subject of a blocked decision; None if its record lacks it."""
    evidence = decision.get("evidence", "")
    if evidence in {"LINK", "TEXT"} and decision.get("pattern"):
        return parse(decision["pattern"], home)
    if evidence in _TO:
        return _party(decision.get("to_party", ""), home, to=True)
    if decision.get("channel") == "LINK":
        return _page(decision.get("url", ""), home)
    return _party(decision.get("from_party", ""), home, to=False)


def _party(text: str, home: HomePlan, *, to: bool) -> AppealSubject | None:
    key = home.sender_key(text)
    if key == UNREADABLE:
        return None
    written = number_text(key)
    kind = EntryKind.NUMBER if written else EntryKind.SENDER
    return AppealSubject(
        kind=kind, pattern=written or sender_name(text), direction=_side(kind, to=to)
    )


def _page(link: str, home: HomePlan) -> AppealSubject | None:
    canonical = url.canonical(link)
    if not canonical:
        return None
    host, path = url.split(canonical)
    if url.is_public_suffix(host):
        return parse(host + path.partition("?")[0], home)
    return parse(host, home)


def _side(kind: EntryKind, *, to: bool) -> Direction:
    # Only numbers have a side: for other subjects the direction is always both.
    if kind != EntryKind.NUMBER:
        return Direction.BOTH
    return Direction.TO if to else Direction.FROM
