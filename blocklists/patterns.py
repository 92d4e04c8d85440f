"""Reads the patterns of entries, a column at a time, into the keys of `EntryTable`.

The kind of a pattern may be given, or is detected. Numbers go through the home
numbering plan, names and URLs through `fanzha.url`, texts to be listed through
`fanzha.fingerprint`; each pattern has one spelling after that. About 0.5 µs for a
number or a plain name, 10 µs for the rest, 100 µs for a text.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from blocklists import canonical_hosts
from blocklists.canonical_hosts import CanonicalHosts
from blocklists.entries import EntryKind
from blocklists.entry_table import EXACT, keys_of_bytes, text_keys
from blocklists.text_column import TextColumn
from fanzha import party_address, url
from fanzha.fingerprint import fingerprint, is_fingerprint
from fanzha.hosts import is_address, listed_suffix
from fanzha.phone import UNREADABLE, HomePlan, number_text, party_text, range_text
from fanzha.tables import MAX_URL_BYTES, Int64s, Uint8s
from fanzha.translation.message import Message

UNKNOWN_KIND = 0
LONGEST_NAME_OF_SENDER = 11
"""Most characters of an alphanumeric sender in GSM; longer words need an explicit kind."""

_DIGITS = re.compile(r"[+(]?[0-9][0-9 ().-]*\*?")
_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]+)?")
_IN_ADDRESSES = re.compile("[@;<＠；＜]")
_WORD = re.compile(rf"(?=.*[^\W\d_])[\w &+-]{{1,{LONGEST_NAME_OF_SENDER}}}")
_PLAIN_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z][a-z0-9_-]{0,62}")
_NETWORK = re.compile(
    r"[0-9]{1,3}(?:\.[0-9]{1,3}){0,3}/[0-9]{1,3}(?:\.[0-9]{1,3}){0,3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*/[0-9]{1,3}"
)
_ANY_FINGERPRINT = re.compile(r"fp[0-9]+:[0-9a-fA-F]*")
_LONGEST_HOST = 253
_NO_WILDCARDS = Message("not a URL; a wildcard in a path has no equal here")
_OTHER_EDITION = Message("pattern: no fingerprint: not one of this edition")
_TOO_SHORT = Message("pattern: no fingerprint: too short a text for one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """Patterns that were read; those in ``errors`` have key 0."""

    kinds: Uint8s
    keys: Int64s
    digits: Uint8s
    texts: TextColumn
    """Of senders, hosts, URL prefixes and fingerprints, canonical."""
    errors: dict[int, str]

    def text(self, row: int) -> str:
        """Write the pattern of *row*."""
        if self.kinds[row] == EntryKind.NUMBER:
            return number_text(int(self.keys[row]))
        if self.kinds[row] == EntryKind.RANGE:
            return range_text(int(self.keys[row]), int(self.digits[row]))
        return self.texts.get(row)


def read(texts: Sequence[str], kinds: Uint8s, home: HomePlan) -> Patterns:
    """Read *texts*; kind 0 is detected, a URL without a path becomes a HOST."""
    reading = _PatternParser(texts, kinds, home)
    for kind, fill in (
        (EntryKind.NUMBER, reading.numbers),
        (EntryKind.RANGE, reading.ranges),
        (EntryKind.SENDER, reading.senders),
        (EntryKind.URL_PREFIX, reading.urls),
        (EntryKind.HOST, reading.hosts),
        (EntryKind.FINGERPRINT, reading.fingerprints),
    ):
        rows: list[int] = np.flatnonzero(reading.kinds == kind).tolist()
        if rows:
            fill(rows)
    return reading.result()


def kind_of(text: str) -> int:
    """Return the kind of a pattern; `UNKNOWN_KIND` where it is ambiguous."""
    if found := _kind_of_party(text):
        return found
    if is_fingerprint(text):
        return EntryKind.FINGERPRINT
    if "/" in text:
        return EntryKind.URL_PREFIX
    if "." in text or "。" in text or text.count(":") > 1 or _IPV4.fullmatch(text):
        return EntryKind.HOST
    if not text.isascii():
        narrow = unicodedata.normalize("NFKC", text)
        if narrow != text:
            return kind_of(narrow)
    return EntryKind.SENDER if _WORD.fullmatch(text) else UNKNOWN_KIND


def _kind_of_party(text: str) -> int:
    """Return the kind of what is written as a number or its address; `UNKNOWN_KIND` for others."""
    if not text.isascii() and "." not in party_address.narrow(text):
        # Marks and dashes around digits; dots would be those of an address.
        plain = party_address.bare(text)
        text = plain if _DIGITS.fullmatch(plain) else text
    if _DIGITS.fullmatch(text) and not _IPV4.fullmatch(text):
        return EntryKind.RANGE if text.endswith("*") else EntryKind.NUMBER
    if party_address.is_uri(text):
        return EntryKind.SENDER if party_address.name(text) else EntryKind.NUMBER
    if _IN_ADDRESSES.search(text) and "/" not in text:
        found = (one.digits for one in party_address.numbers(text))
        return EntryKind.NUMBER if any(map(_DIGITS.fullmatch, found)) else UNKNOWN_KIND
    return UNKNOWN_KIND


def _doubt(text: str, kind: int) -> str:
    """Return why a pattern of a detected *kind* may be meant as another; empty where it is clear.

    With the kind said, it is read as that.
    """
    if kind == EntryKind.URL_PREFIX and _NETWORK.fullmatch(text):
        return Message("a network; list its addresses, or say that it is a URL (kind url)")
    if kind == EntryKind.SENDER and text.islower() and listed_suffix(text) == text:
        return Message("a top-level domain, or a sender's name; say which (kind host or sender)")
    return ""


def canonical_name(text: str) -> str:
    """Return the canonical host of a list entry, without wildcard or port; empty if it is none."""
    if _PLAIN_NAME.fullmatch(text) and len(text) <= _LONGEST_HOST:
        return text
    name = text.removeprefix("*").removeprefix(".")
    host = url.split(url.canonical(name))[0] if name.count(":") == 1 else url.canonical_host(name)
    return host if _is_name(host) else ""


def canonical_prefix(text: str) -> str:
    """Return the canonical URL prefix without its scheme; empty if it is none."""
    if len(text) > MAX_URL_BYTES or "*" in text:
        return ""
    host, path = url.split(url.canonical(text))
    return host + path if _is_name(host) else ""


def _is_name(host: str) -> bool:
    return bool(_PLAIN_NAME.fullmatch(host)) or (host != "" and is_address(host))


class _PatternParser:
    """The columns, while they fill; each method fills the rows of one kind."""

    def __init__(self, texts: Sequence[str], kinds: Uint8s, home: HomePlan) -> None:
        self._texts = texts
        self._home = home
        self.kinds = kinds.copy()
        self._keys = np.zeros(len(texts), np.int64)
        self._digits = np.full(len(texts), EXACT, np.uint8)
        self._written: dict[int, str] = {}
        self._errors: dict[int, str] = {}
        self._names = self._plain_names()
        self.kinds[self._names.plain] = EntryKind.HOST
        for row in np.flatnonzero(self.kinds == UNKNOWN_KIND).tolist():
            text = texts[row].strip()
            self.kinds[row] = kind_of(text)
            if self.kinds[row] == UNKNOWN_KIND:
                self._refuse(row, Message("neither a number, a range, a sender, a host nor a URL"))
            elif doubt := _doubt(text, int(self.kinds[row])):
                self.kinds[row] = UNKNOWN_KIND
                self._refuse(row, doubt)

    def _plain_names(self) -> CanonicalHosts:
        """Find the rows that are host names in their one spelling, all at once."""
        unknown = self.kinds == UNKNOWN_KIND
        may_be_host = unknown | (self.kinds == EntryKind.HOST)
        if not may_be_host.any():
            return CanonicalHosts.none(len(may_be_host))
        found = canonical_hosts.find(self._texts)
        # A word without a dot is a host only with an explicit kind.
        hosts = found.plain & may_be_host & (found.dotted | ~unknown)
        return replace(found, plain=hosts)

    def numbers(self, rows: Sequence[int]) -> None:
        keys = self._home.number_keys([self._texts[row] for row in rows])
        for place in np.flatnonzero(keys == UNREADABLE).tolist():
            self._refuse(rows[place], Message("not a number"))
        self._keys[rows] = keys

    def senders(self, rows: Sequence[int]) -> None:
        for row in rows:
            # A name matches as written, as it does in messages.
            name = self._texts[row].strip()
            key = self._home.sender_key(name)
            self._keys[row] = key
            if key == UNREADABLE:
                self._refuse(row, Message("not a sender"))
            else:
                self._written[row] = party_text(key, name)

    def ranges(self, rows: Sequence[int]) -> None:
        for row in rows:
            found = self._home.range_key(self._texts[row])
            if found is None:
                self._refuse(row, Message("not a range such as +86170*"))
            else:
                self._keys[row], self._digits[row] = found

    def urls(self, rows: Sequence[int]) -> None:
        for row in rows:
            prefix = canonical_prefix(self._texts[row].strip())
            host, _, path = prefix.partition("/")
            if not prefix:
                wildcard = "*" in self._texts[row]
                self._refuse(row, _NO_WILDCARDS if wildcard else Message("not a URL"))
            elif path:
                self._written[row] = prefix
            else:
                self.kinds[row], self._written[row] = EntryKind.HOST, host
        self._hash(EntryKind.URL_PREFIX)

    def hosts(self, rows: Sequence[int]) -> None:
        plain, raw = self._names.plain, self._names.raw
        at = np.flatnonzero(plain)
        self._keys[at] = keys_of_bytes(
            raw if len(at) == len(raw) else [raw[row] for row in at.tolist()]
        )
        for row in np.array(rows)[~plain[rows]].tolist():
            # A URL without a path is a HOST entry already.
            if name := self._written.get(row) or canonical_name(self._texts[row].strip()):
                self._written[row] = name
            else:
                self._refuse(row, Message("not a host name or IP address"))
        self._hash(EntryKind.HOST)

    def fingerprints(self, rows: Sequence[int]) -> None:
        for row in rows:
            text = self._texts[row].strip()
            is_edition = _ANY_FINGERPRINT.fullmatch(text) is not None
            written = "" if is_edition else fingerprint(text)
            if is_fingerprint(text) or written:
                self._written[row] = written or text
            else:
                # Not quoted: it may be the text of a message.
                self._errors[row] = _OTHER_EDITION if is_edition else _TOO_SHORT
        self._hash(EntryKind.FINGERPRINT)

    def result(self) -> Patterns:
        return Patterns(
            kinds=self.kinds,
            keys=self._keys,
            digits=self._digits,
            texts=self._canonical_texts(),
            errors=self._errors,
        )

    def _canonical_texts(self) -> TextColumn:
        rows, plain = len(self._texts), self._names.plain
        if rows and plain.all():
            return TextColumn.of_bytes(self._names.raw)
        if not self._written and not plain.any():
            return TextColumn.empty(rows)
        texts = [self._written.get(row, "").encode() for row in range(rows)]
        for row in np.flatnonzero(plain).tolist():
            texts[row] = self._names.raw[row]
        return TextColumn.of_bytes(texts)

    def _hash(self, kind: EntryKind) -> None:
        rows = [row for row in np.flatnonzero(self.kinds == kind).tolist() if row in self._written]
        self._keys[rows] = text_keys([self._written[row] for row in rows])

    def _refuse(self, row: int, why: str) -> None:
        self._errors[row] = Message(
            "pattern: {why}: {text!r}", why=why, text=self._texts[row][:100]
        )
