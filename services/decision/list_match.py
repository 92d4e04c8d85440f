"""Combines the entries that match the several sides of one event into one per row.

Of the entries about the two parties the more specific one decides; at equal specificity an allow
entry outranks a block entry, and then the first party's entry the second's. A blocked link blocks
its text, whoever sent it; an allowed link allows nothing but itself. A blocked fingerprint blocks
its text, whoever sent it. A blocked number inside a text blocks it, unless the parties' entry or a
link's decides. An allowed fingerprint lets a known template through, but a fraudster can
put a link into a template, so it counts only where every link in the text is allowed, too. Of a
text:

=============  ==============  =============  ==============================
the parties'   any link's      fingerprint's  result
=============  ==============  =============  ==============================
block          whatever        whatever       block, for the party
allow or none  block           whatever       block, for the link
allow or none  allow or none   block          block, for the words
allow          allow or none   allow or none  allow, for the party
none           all are allow   allow          allow, for the words
none           one is none     allow          nothing
none           allow or none   none           nothing
=============  ==============  =============  ==============================
"""

from typing import NamedTuple

import numpy as np

from blocklists.entry_table import EXACT
from blocklists.snapshot.snapshot import Matches
from fanzha.callback_numbers import callback_keys
from fanzha.decisions import Action, MatchedOn
from fanzha.links import links_of
from fanzha.phone import HomePlan
from fanzha.tables import Int64s, Texts, Uint8s
from fanzha.text_hints import TextHints

# Members of an enum cost a microsecond each time they are named; these do not.
_ALLOW, _BLOCK, _NONE = np.uint8(Action.ALLOW), np.uint8(Action.BLOCK), np.uint8(0)
_OF = {kind: np.uint8(kind) for kind in MatchedOn}


class ListMatch(NamedTuple):
    """The deciding entry of each row."""

    rows: Int64s
    """Row of the deciding entry in the snapshot; -1 for none."""
    actions: Uint8s
    """Its action; 0 for none."""
    matched_on: Uint8s
    """What about the row it matched, a `MatchedOn`; 0 for none."""


def of_parties(first: Matches, second: Matches, *, sides: tuple[MatchedOn, MatchedOn]) -> ListMatch:
    """Choose the more decisive of two parties' entries, row by row."""
    if not np.count_nonzero(second.actions):
        # The usual case: most entries are about callers and senders.
        return ListMatch(first.rows, first.actions, _matched_on(first, sides[0]))
    second_wins = _weight(second) > _weight(first)
    rows = np.where(second_wins, second.rows, first.rows)
    matched_on = np.where(second_wins, np.uint8(sides[1]), np.uint8(sides[0]))
    return ListMatch(
        rows=rows,
        actions=np.where(second_wins, second.actions, first.actions),
        matched_on=np.where(rows < 0, np.uint8(0), matched_on),
    )


def of_links(matches: Matches) -> ListMatch:
    """Take the entry of the link itself."""
    return ListMatch(matches.rows, matches.actions, _matched_on(matches, MatchedOn.LINK))


class LinksInTexts(NamedTuple):
    """The links of a batch of texts."""

    urls: list[str]
    """Canonical."""
    owners: Int64s
    """For each of them, the row of its text."""


def links_in(texts: Texts, hints: TextHints) -> LinksInTexts:
    """Find the links in texts, of whose bodies there are *hints*."""
    urls: list[str] = []
    owners: list[int] = []
    for row, found in sorted(links_of(texts.bodies, hints).items()):
        urls += found
        owners += [row] * len(found)
    return LinksInTexts(urls, np.array(owners, np.int64))


def with_links(parties: ListMatch, links: Matches, owners: Int64s) -> ListMatch:
    """Add the links found in texts; *owners* holds the row of the text of each link."""
    blocked = np.flatnonzero(links.actions == _BLOCK)
    if not len(blocked):
        return parties
    # Backwards, so that the first blocked link of a text is the one that stays.
    blocked = blocked[::-1]
    blocked = blocked[parties.actions[owners[blocked]] != _BLOCK]
    texts = owners[blocked]
    rows, actions = parties.rows.copy(), parties.actions.copy()
    matched_on = parties.matched_on.copy()
    rows[texts] = links.rows[blocked]
    actions[texts] = _BLOCK
    matched_on[texts] = MatchedOn.LINK
    return ListMatch(rows, actions, matched_on)


class NumbersInTexts(NamedTuple):
    """The telephone numbers in a batch of texts."""

    keys: Int64s
    owners: Int64s
    """For each of them, the row of its text."""


def numbers_in(texts: Texts, hints: TextHints, home: HomePlan) -> NumbersInTexts:
    """Find the numbers that receivers are to call back; there are *hints* of the bodies."""
    keys: list[int] = []
    owners: list[int] = []
    bodies = texts.bodies
    for row in hints.numbers:
        if found := callback_keys(bodies[row], home):
            keys += found
            owners += [row] * len(found)
    return NumbersInTexts(np.array(keys, np.int64), np.array(owners, np.int64))


def with_callbacks(listed: ListMatch, numbers: Matches, owners: Int64s) -> ListMatch:
    """Add the numbers inside texts, after parties and links; *owners* as in `with_links`.

    Only entries for exact numbers count, and an allowed sender may name any number.
    """
    if not len(owners):
        return listed
    blocked = np.flatnonzero((numbers.actions == _BLOCK) & (numbers.ranks == EXACT))[::-1]
    blocked = blocked[listed.actions[owners[blocked]] == _NONE]
    if not len(blocked):
        return listed
    texts = owners[blocked]
    rows, actions = listed.rows.copy(), listed.actions.copy()
    matched_on = listed.matched_on.copy()
    rows[texts] = numbers.rows[blocked]
    actions[texts] = _BLOCK
    matched_on[texts] = MatchedOn.CALLBACK
    return ListMatch(rows, actions, matched_on)


def with_words(listed: ListMatch, words: Matches, links: Matches, owners: Int64s) -> ListMatch:
    """Add the fingerprints of the texts, after parties and links."""
    if not np.count_nonzero(words.actions):
        return listed
    decides = (words.actions == _BLOCK) & (listed.actions != _BLOCK)
    allows = (words.actions == _ALLOW) & (listed.rows < 0)
    allows[owners[links.actions != _ALLOW]] = False
    decides |= allows
    return ListMatch(
        rows=np.where(decides, words.rows, listed.rows),
        actions=np.where(decides, words.actions, listed.actions),
        matched_on=np.where(decides, np.uint8(MatchedOn.TEXT), listed.matched_on),
    )


def _matched_on(matches: Matches, side: MatchedOn) -> Uint8s:
    found: Uint8s = np.where(matches.actions != _NONE, _OF[side], _NONE)
    return found


def _weight(matches: Matches) -> Int64s:
    weights: Int64s = matches.ranks.astype(np.int64) * 2 + (matches.actions == _ALLOW)
    return weights
