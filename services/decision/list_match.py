"""Joins what the lists say about the several sides of one event.

The parties of an event compete: of the entries about the two, the more specific
one speaks; at equal specificity an allow entry outranks a block entry, and then
the first party's entry the second's. Links are things of their own: a blocked link
blocks its text, whoever sent it, and an allowed link vouches for nothing but
itself. A fingerprint names the words: a blocked one blocks its text, whoever sent it.
An allowed one lets a known template through, but it knows of no link that was put
into it, so it vouches only where every link in the text is allowed, too. So, of a text:

=============  ==============  =============  ==============================
the parties'   any link's      fingerprint's  what the lists say of the text
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

from blocklists.snapshot.snapshot import Matches
from fanzha.decisions import Action, MatchedOn
from fanzha.links import look_for_links
from fanzha.tables import Int64s, Texts, Uint8s

# Members of an enum cost a microsecond each time they are named; these do not.
_ALLOW, _BLOCK, _NONE = np.uint8(Action.ALLOW), np.uint8(Action.BLOCK), np.uint8(0)
_OF = {kind: np.uint8(kind) for kind in MatchedOn}


class ListMatch(NamedTuple):
    """What the lists say of each row."""

    rows: Int64s
    """Row of the deciding entry in the snapshot; -1 for none."""
    actions: Uint8s
    """Its action; 0 for none."""
    evidence: Uint8s
    """What it matched, an `MatchedOn`."""


def of_parties(first: Matches, second: Matches, *, names: tuple[MatchedOn, MatchedOn]) -> ListMatch:
    """Let the more decisive of two parties' entries speak, row by row."""
    if not np.count_nonzero(second.actions):
        # Nearly always: lists are of callers and senders.
        return ListMatch(first.rows, first.actions, _evidence(first, names[0]))
    second_wins = _weight(second) > _weight(first)
    rows = np.where(second_wins, second.rows, first.rows)
    evidence = np.where(second_wins, np.uint8(names[1]), np.uint8(names[0]))
    return ListMatch(
        rows=rows,
        actions=np.where(second_wins, second.actions, first.actions),
        evidence=np.where(rows < 0, np.uint8(0), evidence),
    )


def of_links(matches: Matches) -> ListMatch:
    """Let the entry of the link itself speak."""
    return ListMatch(matches.rows, matches.actions, _evidence(matches, MatchedOn.LINK))


class LinksInTexts(NamedTuple):
    """The links of a batch of texts."""

    urls: list[str]
    """Canonical."""
    owners: Int64s
    """For each of them, the row of its text."""
    cut: int
    """Texts that may hold more links than were looked for, see `fanzha.links`."""


def links_in(texts: Texts) -> LinksInTexts:
    """Find the links in texts."""
    urls: list[str] = []
    owners: list[int] = []
    cut = 0
    # Row by row: reading a text is string work, whatever the batch.
    for row, body in enumerate(texts.bodies):
        found, is_cut = look_for_links(body)
        cut += is_cut
        if found:
            urls += found
            owners += [row] * len(found)
    return LinksInTexts(urls, np.array(owners, np.int64), cut)


def with_links(parties: ListMatch, links: Matches, owners: Int64s) -> ListMatch:
    """Add the links found in texts; *owners* says whose text each link stands in."""
    blocked = np.flatnonzero(links.actions == _BLOCK)
    if not len(blocked):
        return parties
    # Backwards, so that the first blocked link of a text is the one that stays.
    blocked = blocked[::-1]
    blocked = blocked[parties.actions[owners[blocked]] != _BLOCK]
    texts = owners[blocked]
    rows, actions, evidence = parties.rows.copy(), parties.actions.copy(), parties.evidence.copy()
    rows[texts] = links.rows[blocked]
    actions[texts] = _BLOCK
    evidence[texts] = MatchedOn.LINK
    return ListMatch(rows, actions, evidence)


def with_words(listed: ListMatch, words: Matches, links: Matches, owners: Int64s) -> ListMatch:
    """Add what fingerprints say of the words, after parties and links."""
    if (words.rows < 0).all():
        return listed
    speaks = (words.actions == _BLOCK) & (listed.actions != _BLOCK)
    vouches = (words.actions == _ALLOW) & (listed.rows < 0)
    vouches[owners[links.actions != _ALLOW]] = False
    speaks |= vouches
    return ListMatch(
        rows=np.where(speaks, words.rows, listed.rows),
        actions=np.where(speaks, words.actions, listed.actions),
        evidence=np.where(speaks, np.uint8(MatchedOn.TEXT), listed.evidence),
    )


def _evidence(matches: Matches, matched: MatchedOn) -> Uint8s:
    evidence: Uint8s = np.where(matches.actions != _NONE, _OF[matched], _NONE)
    return evidence


def _weight(matches: Matches) -> Int64s:
    weights: Int64s = matches.ranks.astype(np.int64) * 2 + (matches.actions == _ALLOW)
    return weights
