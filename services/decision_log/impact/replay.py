"""Replays logged rows with the entries of a change added and others removed.

The log records the one entry that decided a row, not the other matches. So the removal of an entry
leaves the row to the model, as if no other entry matched it; and other grounds of a decision (a
forged number, spam, a second listed link) are not replayed. Protected and unreadable rows keep
their decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from blocklists.entries import Direction, EntryKind
from blocklists.entry_table import EXACT, Identities
from blocklists.indexes.urls import MOST_PATHS
from blocklists.snapshot.layers import NO_ENTRY, Matches
from blocklists.text_column import TextColumn
from fanzha.decisions import Action, MatchedOn, Reason
from fanzha.tables import Bools, Channel, Int64s, Uint8s, Uint32s, Uint64s
from fanzha.url import host_suffixes, path_prefixes, split
from services.decision_log.impact.question import ImpactQuery, marks

_ALLOW, _BLOCK = np.uint8(Action.ALLOW), np.uint8(Action.BLOCK)
_FIRST_PREFIX_RANK, _FIRST_HOST_RANK = 255, 127
_TO_SIDES = (MatchedOn.CALLEE, MatchedOn.RECEIVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayInput:
    """Logged rows of one channel that the entries of a change could match."""

    channel: Channel
    ids: Uint64s
    from_keys: Int64s
    to_keys: Int64s
    actions: Uint8s
    reasons: Uint8s
    reached: Bools
    """Whether the score reached the threshold."""
    evidence: Uint8s
    kinds: Uint8s
    """Kind of the entry that decided; 0 for none."""
    patterns: Sequence[str | None]
    weights: Uint32s
    urls: Sequence[Sequence[str]]
    """Canonical links of each row: of a link itself, of a text those in it."""
    words: Matches
    """Matches of each text among the added fingerprints."""

    def __len__(self) -> int:
        return len(self.actions)


class ReplayedRows(NamedTuple):
    """The replayed decision of each row."""

    actions: Uint8s
    entries: Int64s
    """Row of the addition that decides; -1 where a removal made the difference."""
    to_side: Bools
    """Whether the entry that made the difference is of the receiving side."""


class _EvidenceLevel(NamedTuple):
    """The match of each row at one level of evidence."""

    entries: Int64s
    actions: Uint8s
    weights: Int64s
    """Specificity, then ALLOW before BLOCK; 0 for nothing."""
    to_side: Bools


def decide(question: ImpactQuery, rows: ReplayInput) -> ReplayedRows:
    """Decide all rows again."""
    was_listed = rows.kinds > 0
    gone = was_listed & _gone(question, rows)
    stays = was_listed & ~gone
    if rows.channel is Channel.CALL:
        new = _parties(question, rows)
        listed = _stronger(new, _old_parties(rows, stays))
    elif rows.channel is Channel.LINK:
        listed = _stronger(_link(question, rows), _old_link(rows, stays))
    else:
        listed = _text(question, rows, stays)
    return _by_policy(rows, listed, gone)


def _by_policy(rows: ReplayInput, listed: _EvidenceLevel, gone: Bools) -> ReplayedRows:
    unlisted = np.where(gone, np.where(rows.reached, _BLOCK, _ALLOW), rows.actions)
    after = np.where(listed.actions > 0, listed.actions, unlisted)
    fixed = (rows.reasons == Reason.INVALID) | (rows.reasons == Reason.PROTECTED)
    by_addition = listed.entries != NO_ENTRY
    return ReplayedRows(
        actions=np.where(fixed, rows.actions, after).astype(np.uint8),
        entries=listed.entries,
        to_side=np.where(by_addition, listed.to_side, np.isin(rows.evidence, _TO_SIDES)),
    )


def _parties(question: ImpactQuery, rows: ReplayInput) -> _EvidenceLevel:
    senders = rows.channel is Channel.TEXT
    find = question.additions.find_parties
    first = find(rows.from_keys, Direction.FROM, question.now_s, senders=senders)
    second = find(rows.to_keys, Direction.TO, question.now_s)
    first_weights, second_weights = _weights(first), _weights(second)
    second_wins = second_weights > first_weights
    return _EvidenceLevel(
        entries=np.where(second_wins, second.rows, first.rows),
        actions=np.where(second_wins, second.actions, first.actions),
        weights=np.maximum(first_weights, second_weights),
        to_side=second_wins,
    )


def _old_parties(rows: ReplayInput, stays: Bools) -> _EvidenceLevel:
    of_parties = stays & (rows.kinds <= EntryKind.SENDER)
    ranks = np.where(rows.kinds == EntryKind.RANGE, 0, EXACT).astype(np.int64)
    # A range is the number of its digits.
    for row in np.flatnonzero(of_parties & (rows.kinds == EntryKind.RANGE)).tolist():
        ranks[row] = len((rows.patterns[row] or "").strip("+*"))
    return _old(rows, of_parties, ranks)


def _link(question: ImpactQuery, rows: ReplayInput) -> _EvidenceLevel:
    urls = [each[0] if each else "" for each in rows.urls]
    found = question.additions.find_urls(urls, question.now_s)
    return _EvidenceLevel(found.rows, found.actions, _weights(found), np.zeros(len(rows), np.bool_))


def _old_link(rows: ReplayInput, stays: Bools) -> _EvidenceLevel:
    ranks = np.zeros(len(rows), np.int64)
    for row in np.flatnonzero(stays).tolist():
        ranks[row] = max((_rank(rows, row, url) for url in rows.urls[row]), default=0)
    return _old(rows, stays, ranks)


def _text(question: ImpactQuery, rows: ReplayInput, stays: Bools) -> _EvidenceLevel:
    """Join parties, links and words, as `services.decision.list_match` does."""
    parties = _stronger(_parties(question, rows), _old_parties(rows, stays))
    links, all_vouched = _links_of_texts(question, rows, stays)
    words = rows.words
    old_words = stays & (rows.kinds == EntryKind.FINGERPRINT)
    word_actions = np.where(
        words.actions > 0, words.actions, np.where(old_words, _old_action(rows), 0)
    )
    vouches = (word_actions == _ALLOW) & ((words.actions == 0) | all_vouched)
    speaks = [
        parties.actions == _BLOCK,
        links.actions == _BLOCK,
        word_actions == _BLOCK,
        parties.actions == _ALLOW,
        vouches,
        links.entries != NO_ENTRY,  # an addition that lifts a block of a link, and no more
    ]
    actions = np.select(speaks, [_BLOCK, _BLOCK, _BLOCK, _ALLOW, _ALLOW, links.actions], 0)
    entries = np.select(
        speaks,
        [parties.entries, links.entries, words.rows, parties.entries, words.rows, links.entries],
        NO_ENTRY,
    )
    return _EvidenceLevel(
        entries=entries,
        actions=actions.astype(np.uint8),
        weights=parties.weights,
        to_side=parties.to_side & (speaks[0] | (speaks[3] & ~speaks[1] & ~speaks[2])),
    )


def _links_of_texts(
    question: ImpactQuery, rows: ReplayInput, stays: Bools
) -> tuple[_EvidenceLevel, Bools]:
    """Return the effect of links on their texts, and which links the additions allow."""
    old_block = stays & np.isin(rows.kinds, (EntryKind.HOST, EntryKind.URL_PREFIX))
    actions = np.where(old_block, _BLOCK, 0).astype(np.uint8)
    entries = np.full(len(rows), NO_ENTRY)
    vouched = np.ones(len(rows), np.bool_)
    flat = [url for urls in rows.urls for url in urls]
    found = question.additions.find_urls(flat, question.now_s)
    start = 0
    # Row by row: only texts with links that the entries could match.
    for row, urls in enumerate(rows.urls):
        at = slice(start, start + len(urls))
        start += len(urls)
        if not urls:
            continue
        vouched[row] = bool((found.actions[at] == _ALLOW).all())
        blocked = np.flatnonzero(found.actions[at] == _BLOCK)
        if len(blocked):
            actions[row], entries[row] = _BLOCK, found.rows[at][blocked[0]]
        elif old_block[row]:
            entry = _lifted_by(rows, row, found.take(at))
            if entry != NO_ENTRY:
                actions[row] = _BLOCK if rows.reached[row] else _ALLOW
                entries[row] = entry
    nothing = np.zeros(len(rows), np.int64)
    return _EvidenceLevel(entries, actions, nothing, nothing > 0), vouched


def _lifted_by(rows: ReplayInput, row: int, found: Matches) -> int:
    """Return the addition that lifts the block by a link, if it allows every blocked link."""
    entry = NO_ENTRY
    for place, url in enumerate(rows.urls[row]):
        rank = _rank(rows, row, url)
        if not rank:
            continue
        if found.actions[place] != _ALLOW or int(found.ranks[place]) < rank:
            return NO_ENTRY
        entry = int(found.rows[place])
    return entry


def _rank(rows: ReplayInput, row: int, url: str) -> int:
    """Return how specifically the deciding entry matched a link; 0 for no match."""
    pattern, (host, path) = rows.patterns[row] or "", split(url)
    suffixes = host_suffixes(host)
    if rows.kinds[row] == EntryKind.HOST:
        return _FIRST_HOST_RANK - suffixes.index(pattern) if pattern in suffixes else 0
    of_host, slash, rest = pattern.partition("/")
    paths = path_prefixes(path)
    if of_host not in suffixes:
        return 0
    base = _FIRST_PREFIX_RANK - suffixes.index(of_host) * MOST_PATHS
    return base - paths.index(slash + rest) if slash + rest in paths else 0


def _stronger(new: _EvidenceLevel, old: _EvidenceLevel) -> _EvidenceLevel:
    """Choose the more specific entry; between equals the added one."""
    wins = new.weights >= old.weights
    return _EvidenceLevel(
        entries=np.where(wins, new.entries, NO_ENTRY),
        actions=np.where(wins, new.actions, old.actions),
        weights=np.maximum(new.weights, old.weights),
        to_side=new.to_side & wins,
    )


def _old(rows: ReplayInput, which: Bools, ranks: Int64s) -> _EvidenceLevel:
    actions = np.where(which, _old_action(rows), 0).astype(np.uint8)
    weights = np.where(which, ranks * 2 + (actions == _ALLOW), 0)
    nowhere = np.full(len(rows), NO_ENTRY)
    return _EvidenceLevel(nowhere, actions, weights, np.zeros(len(rows), np.bool_))


def _old_action(rows: ReplayInput) -> Uint8s:
    allowed: Uint8s = np.where(rows.reasons == Reason.ALLOWLISTED, _ALLOW, _BLOCK)
    return allowed


def _weights(found: Matches) -> Int64s:
    weights: Int64s = found.ranks.astype(np.int64) * 2 + (found.actions == _ALLOW)
    return weights


def _gone(question: ImpactQuery, rows: ReplayInput) -> Bools:
    """Return which rows were decided by an entry to be removed or replaced."""
    gone = np.zeros(len(rows), np.bool_)
    if not len(question.gone):
        return gone
    exact = np.isin(rows.kinds, (EntryKind.NUMBER, EntryKind.SENDER))
    numbers = np.flatnonzero(exact)
    actions = _old_action(rows)
    if len(numbers):
        # The key of the entry is that of the party it matched.
        to_side = np.isin(rows.evidence[numbers], _TO_SIDES)
        known = marks(
            Identities(
                kinds=rows.kinds[numbers],
                keys=np.where(to_side, rows.to_keys[numbers], rows.from_keys[numbers]),
                digits=np.full(len(numbers), EXACT, np.uint8),
                actions=actions[numbers],
                patterns=TextColumn.empty(len(numbers)),
            )
        )
        gone[numbers] = question.gone.holds(known.view(np.int64))
    others = np.flatnonzero((rows.kinds > 0) & ~exact)
    if len(others):
        named = [
            (EntryKind(int(rows.kinds[row])), rows.patterns[row] or "", Action(int(actions[row])))
            for row in others.tolist()
        ]
        gone[others] = question.gone.holds(marks(Identities.of(named)).view(np.int64))
    return gone
