"""Estimates from the decision log how a list change would have affected recent traffic.

Blocks for seconds with ten million logged decisions, so call it from a thread.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from blocklists.entries import EntryMode
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.layers import NO_ENTRY
from fanzha.decisions import Action
from fanzha.tables import Bools, Channel, Int64s
from infra.clock import monotonic_seconds
from infra.garbage_collection import return_free_memory
from services.decision_log import content, schema, segment_files
from services.decision_log.impact import known_contacts
from services.decision_log.impact.key_filter import KeyFilter
from services.decision_log.impact.model import Impact, ImpactTop
from services.decision_log.impact.question import ImpactQuery
from services.decision_log.impact.scan import ChangedRows, ScanResult, look
from services.decision_log.partitions import HOUR_MS, logged_hours
from services.decision_log.segment_files import LogSegment

__all__ = ["Impact", "ImpactEstimator", "ImpactTop"]

TOP = 10
RETURN_SECONDS = 30.0
"""From one return of free memory to the next, at least. What a look reads is freed in pieces too
small to go by themselves, in an arena of each thread: more with each hour that the log grows."""
_TRIES = 5
"""Attempts: compaction may remove a segment between listing and reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _LoggedWindow:
    """The segments of the requested hours."""

    since_ms: int
    first_ms: int | None
    """Time of the first decision in the whole log; None for an empty log."""
    decisions: Sequence[tuple[Channel, LogSegment]]
    ends: Sequence[LogSegment]
    contents: Sequence[LogSegment]
    contents_first_ms: int | None


class ImpactEstimator:
    """Previews changes by the log in a folder."""

    def __init__(
        self,
        folder: Path,
        *,
        threads: int | None = None,
        give_back: Callable[[], None] = return_free_memory,
    ) -> None:
        """*threads* readers; None: one per core. *give_back* is called after looks."""
        self._folder = folder
        self._threads = threads or os.cpu_count() or 1
        self._give_back = give_back
        self._returned_at = -RETURN_SECONDS

    def of(
        self,
        table: EntryTable,
        removals: Identities,
        *,
        hours: int,
        now_ms: int,
        shadows_enforce: bool = False,
    ) -> Impact:
        """Estimate the effect of adding *table* and removing *removals* in the last *hours*.

        Shadow entries decide nothing, unless *shadows_enforce*: then they are previewed as if
        they were promoted.
        """
        if shadows_enforce:
            table = replace(table, modes=np.full(len(table), EntryMode.ENFORCE, np.uint8))
        question = ImpactQuery.of(table, removals, now_ms)
        since_ms = now_ms - hours * HOUR_MS
        for attempt in range(1, _TRIES + 1):
            try:
                found = self._of(question, hours, since_ms, now_ms)
            except FileNotFoundError:
                if attempt == _TRIES:
                    raise
            else:
                self._return_memory()
                return found
        raise AssertionError

    def _return_memory(self) -> None:
        if monotonic_seconds() - self._returned_at >= RETURN_SECONDS:
            self._returned_at = monotonic_seconds()
            self._give_back()

    def _of(self, question: ImpactQuery, hours: int, since_ms: int, now_ms: int) -> Impact:
        torn: list[Path] = []
        window = self._window(since_ms, torn)
        contents = [segment.path for segment in window.contents]
        found_content = content.read(
            question, contents if question.asks_content else (), since_ms, torn
        )

        def look_over(one: tuple[Channel, LogSegment]) -> ScanResult:
            return look(question, found_content, *one, since_ms=since_ms, torn=torn)

        # Largest first, so that the threads finish at about the same time.
        ordered = sorted(window.decisions, key=lambda one: -one[1].rows)
        with ThreadPoolExecutor(self._threads) as threads:
            seen = list(threads.map(look_over, ordered))
            changed = ChangedRows.joined([part for one in seen for part in one.changed])
            good = self._good(threads, changed, window.ends, since_ms, torn)
        uncertain = sum(one.uncertain for one in seen)
        blind = _blind(question, window)
        covered_ms = now_ms - max(since_ms, now_ms if window.first_ms is None else window.first_ms)
        return Impact(
            known=covered_ms >= now_ms - since_ms and not blind and not uncertain,
            hours=min(hours, max(0.0, covered_ms / HOUR_MS)),
            since_ms=since_ms,
            rows_examined=sum(one.rows for one in seen),
            calls=_events(changed, changed.channels == Channel.CALL),
            texts=_events(changed, changed.channels == Channel.TEXT),
            links=_events(changed, changed.channels == Channel.LINK),
            parties=_distinct(changed.parties),
            known_contacts=_distinct(changed.parties[good]),
            top=_top(question, changed, good),
            would_block=_events(changed, changed.actions == Action.BLOCK),
            numbers=_distinct(changed.listed),
            contacts_known=bool(window.ends),
            unpreviewable=blind,
            uncertain_rows=uncertain,
            rows_dropped=sum(segment.notes.dropped for _, segment in window.decisions),
            segments_torn=len(torn),
        )

    def _window(self, since_ms: int, torn: list[Path]) -> _LoggedWindow:
        def listed(folder: str) -> list[LogSegment]:
            return [
                segment
                for hour in logged_hours(self._folder, folder, since_ms)
                for segment in segment_files.readable(hour, torn)
            ]

        decisions = [
            (channel, segment)
            for channel, folder in schema.FOLDERS.items()
            for segment in listed(folder)
        ]
        firsts = [self._first_ms(folder, torn) for folder in schema.FOLDERS.values()]
        return _LoggedWindow(
            since_ms=since_ms,
            first_ms=min((first for first in firsts if first is not None), default=None),
            decisions=decisions,
            ends=listed(schema.CALL_ENDS),
            contents=listed(schema.TEXT_CONTENT),
            contents_first_ms=self._first_ms(schema.TEXT_CONTENT, torn),
        )

    def _first_ms(self, folder: str, torn: list[Path]) -> int | None:
        """Return the time of the first decision in a folder; None if there is none."""
        for hour in logged_hours(self._folder, folder):
            segments = segment_files.readable(hour, torn)
            if segments:
                return min(segment.notes.first_ms for segment in segments)
        return None

    def _good(
        self,
        threads: ThreadPoolExecutor,
        changed: ChangedRows,
        ends: Sequence[LogSegment],
        since_ms: int,
        torn: list[Path],
    ) -> Bools:
        """Return which changed rows are of a listed number and its known contact."""
        both = np.flatnonzero((changed.listed != 0) & (changed.parties != 0))
        good = np.zeros(len(changed), np.bool_)
        if not len(both) or not ends:
            return good
        pairs = known_contacts.pairs_of(changed.listed[both], changed.parties[both])
        keys = KeyFilter(pairs)

        def find(segment: LogSegment) -> Int64s:
            return known_contacts.good_pairs(segment, keys, since_ms, torn)

        good[both] = np.isin(pairs, np.concatenate(list(threads.map(find, ends))))
        return good


def _blind(question: ImpactQuery, window: _LoggedWindow) -> int:
    """Count the entries that the log cannot preview."""
    first_ms = window.contents_first_ms
    if first_ms is None or first_ms > max(window.since_ms, window.first_ms or 0):
        return question.fingerprints
    return 0


def _events(changed: ChangedRows, which: Bools) -> int:
    return int(changed.weights[which].sum())


def _distinct(keys: Int64s) -> int:
    return int(np.count_nonzero(np.unique(keys)))


def _top(question: ImpactQuery, changed: ChangedRows, good: Bools) -> list[ImpactTop]:
    """Return the entries and channels with the most events."""
    if not len(changed):
        return []
    labels = _labels(changed)
    groups = np.stack([labels, changed.channels, changed.actions])
    _, first, inverse = np.unique(groups, axis=1, return_index=True, return_inverse=True)
    inverse = inverse.ravel()
    events = np.bincount(inverse, weights=changed.weights)
    found: list[ImpactTop] = []
    for group in np.argsort(-events, kind="stable")[:TOP].tolist():
        rows = np.flatnonzero(inverse == group)
        row = int(first[group])
        entry = int(changed.entries[row])
        found.append(
            ImpactTop(
                pattern=changed.patterns[row]
                if entry == NO_ENTRY
                else question.additions.identity_of(entry).pattern,
                action=Action(int(changed.actions[row])),
                channel=Channel(int(changed.channels[row])),
                events=int(events[group]),
                parties=_distinct(changed.parties[rows]),
                known_contacts=_distinct(changed.parties[rows[good[rows]]]),
            )
        )
    return found


def _labels(changed: ChangedRows) -> Int64s:
    """Return an id of the responsible entry: the row of an addition, below zero for a removal."""
    known: dict[str, int] = {}
    gone = [known.setdefault(pattern, len(known)) for pattern in changed.patterns]
    return np.where(changed.entries == NO_ENTRY, -1 - np.array(gone, np.int64), changed.entries)
