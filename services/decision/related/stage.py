"""Finds rows that a confirmed or suspected entity is part of: caller, sender, link, callback.

Of several in one row a confirmed one counts before a suspected one, and a link before a number in
the text, that before the sender, and that before the words. What an allow entry matches does not
count. Words count where the text is a near-duplicate of the confirmed or suspected text itself.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from blocklists.snapshot.snapshot import Matches
from fanzha.decisions import Action, MatchedOn
from fanzha.fingerprint import BatchSketches
from fanzha.tables import Bools, Int64s
from services.decision.list_match import LinksInTexts, NumbersInTexts
from services.decision.related.entities import Suspect
from services.decision.related.suspect_set import SuspectSet

_ALLOW = np.uint8(Action.ALLOW)


class RelatedMatch(NamedTuple):
    """A suspect that is part of a row."""

    suspect: Suspect
    matched_on: MatchedOn


class RelatedRows(NamedTuple):
    """The rows of a batch that suspects are part of."""

    matches: Mapping[int, RelatedMatch]
    marked: Bools
    blocked: Bools | None
    """Rows to block, where confirmed entities block; None for none."""
    near: Collection[int] = ()
    """Near-duplicates of a confirmed or suspected text, whatever else was found in them."""


class RelatedStage:
    """Looks batches up among the suspects. One thread only."""

    def __init__(
        self, suspects: SuspectSet, *, blocks: bool = False, now_ms: Callable[[], int]
    ) -> None:
        """With *blocks*, confirmed entities block, and not only mark."""
        self._suspects = suspects
        self._blocks = blocks
        self._now_ms = now_ms

    def calls(self, callers: Int64s, listed: Matches) -> RelatedRows | None:
        """Look callers up; None where none is a suspect."""
        if not len(self._suspects):
            return None
        found: dict[int, RelatedMatch] = {}
        self._parties(callers, None, listed, MatchedOn.CALLER, found)
        return self._rows(len(callers), found)

    def texts(
        self,
        parties: tuple[Int64s, Matches],
        links: tuple[LinksInTexts, Matches],
        callbacks: tuple[NumbersInTexts, Matches],
        words: tuple[BatchSketches, Matches],
        genuine: Bools | None,
    ) -> RelatedRows | None:
        """Look senders, links, callback numbers and words up, each with what the lists say of it.

        The words of *genuine* senders, which are registered, do not count: a fraud copies them.
        """
        if not len(self._suspects):
            return None
        found: dict[int, RelatedMatch] = {}
        in_texts, listed_links = links
        self._links(in_texts.urls, in_texts.owners, listed_links, found)
        numbers, listed_numbers = callbacks
        self._parties(numbers.keys, numbers.owners, listed_numbers, MatchedOn.CALLBACK, found)
        senders, listed = parties
        self._parties(senders, None, listed, MatchedOn.SENDER, found)
        near = self._texts(*words, genuine, found)
        rows = self._rows(len(senders), found)
        return None if rows is None else rows._replace(near=near)

    def links(self, urls: Sequence[str], listed: Matches) -> RelatedRows | None:
        """Look links up; None where none is a suspect."""
        if not len(self._suspects):
            return None
        found: dict[int, RelatedMatch] = {}
        self._links(urls, None, listed, found)
        return self._rows(len(urls), found)

    def _parties(
        self,
        keys: Int64s,
        owners: Int64s | None,
        listed: Matches,
        matched_on: MatchedOn,
        found: dict[int, RelatedMatch],
    ) -> None:
        for place, suspect in self._suspects.parties(keys, self._now_ms()):
            if listed.actions[place] != _ALLOW:
                row = place if owners is None else int(owners[place])
                _add(found, row, RelatedMatch(suspect, matched_on))

    def _links(
        self,
        urls: Sequence[str],
        owners: Int64s | None,
        listed: Matches,
        found: dict[int, RelatedMatch],
    ) -> None:
        for place, suspect in self._suspects.links(urls, self._now_ms()):
            if listed.actions[place] != _ALLOW:
                row = place if owners is None else int(owners[place])
                _add(found, row, RelatedMatch(suspect, MatchedOn.LINK))

    def _texts(
        self,
        sketches: BatchSketches,
        listed: Matches,
        genuine: Bools | None,
        found: dict[int, RelatedMatch],
    ) -> list[int]:
        texts = self._suspects.texts
        near: list[int] = []
        if not len(texts):
            return near
        for row, suspect in texts.find(sketches.all(), self._now_ms()):
            if listed.actions[row] != _ALLOW and (genuine is None or not genuine[row]):
                _add(found, row, RelatedMatch(suspect, MatchedOn.TEXT))
                near.append(row)
        return near

    def _rows(self, rows: int, found: Mapping[int, RelatedMatch]) -> RelatedRows | None:
        if not found:
            return None
        marked = np.zeros(rows, np.bool_)
        marked[list(found)] = True
        confirmed = [row for row, match in found.items() if _may_block(match)]
        blocked = None
        if self._blocks and confirmed:
            blocked = np.zeros(rows, np.bool_)
            blocked[confirmed] = True
        return RelatedRows(found, marked, blocked)


def _may_block(match: RelatedMatch) -> bool:
    # A fraud copies the words of a genuine template, which therefore only mark.
    return match.suspect.confirmed and match.matched_on is not MatchedOn.TEXT


def _add(found: dict[int, RelatedMatch], row: int, match: RelatedMatch) -> None:
    before = found.get(row)
    if before is None or (match.suspect.confirmed and not before.suspect.confirmed):
        found[row] = match
