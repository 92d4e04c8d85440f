"""Finds what shadow entries would have blocked; they change no decision.

The rules are applied a second time as if shadow entries enforced (`services.decision.list_match`,
`services.decision.rules`). So a shadow entry that an allow entry outranks, or that matches a
protected number, would not have blocked. Nothing here runs while there are no shadow entries; with
some, a batch that none matches costs their look-ups.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from blocklists.entries import entry_id
from blocklists.indexes.shadow import ShadowIndex, more_specific
from blocklists.snapshot.layers import Matches
from blocklists.snapshot.snapshot import Snapshot
from fanzha.decisions import Action, MatchedOn, Reason, WouldBlock
from fanzha.fingerprint import BatchSketches
from fanzha.tables import Calls, Int64s, Texts
from services.decision import list_match
from services.decision.list_match import ListMatch, NumbersInTexts
from services.decision.rules import Ruling

KNOWN_ENTRIES = 16_384
"""Details of at most this many shadow entries are kept."""

_BLOCKLISTED = np.uint8(Reason.BLOCKLISTED)


class TextMatches(NamedTuple):
    """What enforcing entries matched in a batch of texts."""

    senders: Matches
    receivers: Matches
    urls: Sequence[str]
    owners: Int64s
    """For each URL, the row of its text."""
    links: Matches
    callbacks: Matches
    numbers: NumbersInTexts
    """The keys of *callbacks*, and their texts."""
    words: Matches
    sketches: BatchSketches


def of_calls(
    snapshot: Snapshot, calls: Calls, now_s: int, callers: Matches, callees: Matches
) -> ListMatch | None:
    """Return the matches of calls if shadow entries enforced; None where none matches.

    *callers* and *callees* are what enforcing entries match.
    """
    shadows = snapshot.shadows
    if shadows is None:
        return None
    first, second = shadows.find_both(calls.callers, calls.callees, now_s)
    if not _any(first, second):
        return None
    sides = (MatchedOn.CALLER, MatchedOn.CALLEE)
    return list_match.of_parties(
        more_specific(callers, first), more_specific(callees, second), sides=sides
    )


def of_texts(snapshot: Snapshot, texts: Texts, now_s: int, found: TextMatches) -> ListMatch | None:
    """Return the matches of texts if shadow entries enforced; None where none matches."""
    shadows = snapshot.shadows
    if shadows is None:
        return None
    first, second = shadows.find_both(texts.senders, texts.receivers, now_s, senders=True)
    links = shadows.find_urls(found.urls, now_s)
    words = shadows.find_texts(found.sketches, now_s)
    _, callbacks = shadows.find_both(found.numbers.keys[:0], found.numbers.keys, now_s)
    if not _any(first, second, links, callbacks, words):
        return None
    links = more_specific(found.links, links)
    parties = list_match.of_parties(
        more_specific(found.senders, first),
        more_specific(found.receivers, second),
        sides=(MatchedOn.SENDER, MatchedOn.RECEIVER),
    )
    listed = list_match.with_links(parties, links, found.owners)
    numbers = more_specific(found.callbacks, callbacks)
    listed = list_match.with_callbacks(listed, numbers, found.numbers.owners)
    return list_match.with_words(listed, more_specific(found.words, words), links, found.owners)


def of_links(
    snapshot: Snapshot, urls: Sequence[str], now_s: int, links: Matches
) -> ListMatch | None:
    """Return the matches of links if shadow entries enforced; None where none matches."""
    if snapshot.shadows is None:
        return None
    found = snapshot.shadows.find_urls(urls, now_s)
    return list_match.of_links(more_specific(links, found)) if _any(found) else None


class ShadowDetails:
    """Details of the shadow entries of one snapshot, made once each. One thread only."""

    def __init__(self, most: int = KNOWN_ENTRIES) -> None:
        self._most = most
        self._snapshot: Snapshot | None = None
        self._known: dict[tuple[int, int], WouldBlock] = {}

    def would_block(
        self, snapshot: Snapshot, listed: ListMatch, ruling: Ruling
    ) -> dict[int, WouldBlock]:
        """Return the rows that *ruling*, with shadow entries enforced, blocks by one of them."""
        shadows: ShadowIndex | None = snapshot.shadows
        if shadows is None:
            return {}
        rows = shadows.has(listed.rows)
        rows &= ruling.reasons == _BLOCKLISTED
        # Row by row, as few rows match.
        return {
            row: self._of(snapshot, int(listed.rows[row]), int(listed.matched_on[row]))
            for row in np.flatnonzero(rows).tolist()
        }

    def _of(self, snapshot: Snapshot, row: int, matched: int) -> WouldBlock:
        if snapshot is not self._snapshot or len(self._known) >= self._most:
            self._snapshot, self._known = snapshot, {}
        known = self._known.get((row, matched))
        if known is None:
            entry = snapshot.identity_of(row)
            known = self._known[row, matched] = WouldBlock(
                entry_id=entry_id(entry.kind, entry.pattern, Action.BLOCK),
                pattern=entry.pattern,
                matched_on=MatchedOn(matched),
                fraud_type=entry.fraud_type,
                kind=int(entry.kind),
                source=int(entry.source),
            )
        return known


def _any(*matches: Matches) -> bool:
    return any(np.count_nonzero(one.actions) for one in matches)
