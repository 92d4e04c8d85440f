"""Subjects of evidence, and the entries that concern them.

A number concerns its own entries, those of the sender of that name, and the ranges over it; a
host its own, those of its parents and of the URL prefixes that a visit to it would meet; a URL
likewise. Ids of entries are made from their patterns, so all that can concern a subject are known
without looking at the lists, gone ones too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from blocklists import patterns
from blocklists.entries import EntryKind, entry_id
from blocklists.entry_table import Identities, text_keys
from fanzha import url
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.phone import HomePlan, masked
from fanzha.tables import Bools, Int64s

_MOST_RANGE_DIGITS = 14
_PARTIES = (EntryKind.NUMBER, EntryKind.SENDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSubject:
    """One number, sender, host, URL or fingerprint."""

    kind: EntryKind
    pattern: str
    """Canonical."""
    key: int
    names: tuple[tuple[EntryKind, str], ...]
    """Kinds and patterns of all entries that concern it, its own first."""

    @property
    def entry_id(self) -> str:
        """Return the id of the entry that would block it."""
        return entry_id(self.kind, self.pattern, Action.BLOCK)

    @property
    def entry_ids(self) -> list[str]:
        """Return the ids of all entries that concern it."""
        return [entry_id(kind, text, action) for kind, text in self.names for action in Action]

    @property
    def masked(self) -> str:
        """Return it as logs may show it."""
        return masked(self.pattern) if self.kind in _PARTIES else self.pattern

    def rows(self, identities: Identities) -> Int64s:
        """Return the rows of *identities* that concern it."""
        kinds, found = identities.kinds, np.zeros(len(identities), np.bool_)
        if self.kind in _PARTIES:
            found |= np.isin(kinds, _PARTIES) & (identities.keys == self.key)
            found |= self._covered(identities)
        else:
            texts = [text for _, text in self.names]
            found |= np.isin(identities.keys, text_keys(texts)) & (kinds > EntryKind.SENDER)
        named = set(self.names)
        # A key of a text is a hash: the text itself tells.
        return np.array(
            [
                row
                for row in np.flatnonzero(found).tolist()
                if kinds[row] <= EntryKind.SENDER
                or (EntryKind(int(kinds[row])), identities.pattern(row)) in named
            ],
            np.int64,
        )

    def _covered(self, identities: Identities) -> Bools:
        covered = np.zeros(len(identities), np.bool_)
        for row in np.flatnonzero(identities.kinds == EntryKind.RANGE).tolist():
            # Ranges are few.
            covered[row] = self.pattern.startswith(identities.pattern(row).removesuffix("*"))
        return covered


def read(query: str, home: HomePlan) -> PackageSubject:
    """Read a number, sender, host, URL or fingerprint; `InvalidInput` for what is none."""
    text = query.strip()
    found = patterns.read([text], np.array([patterns.kind_of(text)], np.uint8), home)
    if found.errors:
        raise InvalidInput("query: {why}", why=found.errors[0])
    kind, pattern = EntryKind(int(found.kinds[0])), found.text(0)
    if kind == EntryKind.RANGE:
        raise InvalidInput("query: evidence is about one number, not a range")
    return PackageSubject(
        kind=kind, pattern=pattern, key=int(found.keys[0]), names=tuple(_names(kind, pattern))
    )


def _names(kind: EntryKind, pattern: str) -> Sequence[tuple[EntryKind, str]]:
    if kind in _PARTIES:
        return [(kind, pattern), *_other_party(kind, pattern), *_ranges(pattern)]
    if kind == EntryKind.FINGERPRINT:
        return [(kind, pattern)]
    link = url.canonical(pattern)
    hosts = [(EntryKind.HOST, host) for host in url.host_suffixes(url.split(link)[0])]
    prefixes = [(EntryKind.URL_PREFIX, text) for text in url.expressions(link)]
    named = [(kind, pattern), *hosts, *prefixes]
    return list(dict.fromkeys(named))


def _other_party(kind: EntryKind, pattern: str) -> list[tuple[EntryKind, str]]:
    # The number of a sender may be listed as either.
    if pattern.lstrip("+").isdecimal():
        return [(EntryKind.SENDER if kind == EntryKind.NUMBER else EntryKind.NUMBER, pattern)]
    return []


def _ranges(pattern: str) -> list[tuple[EntryKind, str]]:
    sign, digits = ("+", pattern[1:]) if pattern.startswith("+") else ("", pattern)
    if not digits.isdecimal():
        return []
    longest = min(len(digits), _MOST_RANGE_DIGITS)
    return [(EntryKind.RANGE, f"{sign}{digits[:length]}*") for length in range(longest, 0, -1)]
