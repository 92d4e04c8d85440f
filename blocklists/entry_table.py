"""List entries as columns: ten million fit where objects would not.

===========  ====================================  =======  ==========================
kind         key                                   digits   text in ``patterns``
===========  ====================================  =======  ==========================
NUMBER       number key, see `fanzha.phone`        `EXACT`  none: written from the key
RANGE        its leading digits as a key           1 to 14  none: written from the key
SENDER       number or sender key                  `EXACT`  the sender's name
HOST         hash of the text                      `EXACT`  the host
URL_PREFIX   hash of the text                      `EXACT`  the URL without its scheme
FINGERPRINT  hash of the text                      `EXACT`  the written fingerprint
===========  ====================================  =======  ==========================

A hash only selects candidates, which are compared with the text. So hosts and URL prefixes are
exact: a collision neither matches nor hides an entry. A sender is
its key, as `fanzha.phone` explains. What a fingerprint matches is in `fanzha.fingerprint`.

The provenance of an entry is stored once for all entries that share it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

from blocklists.entries import NO_END_S, TEXT_KINDS, Direction, Entry, EntryKind, EntryMode
from blocklists.indexes.unique_values import compact
from blocklists.provenance import Provenance, merge, take
from blocklists.text_column import TextColumn
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.fingerprint import is_fingerprint
from fanzha.fraud import FraudType
from fanzha.phone import UNREADABLE, number_text, range_text, sender_hash
from fanzha.tables import Int64s, Uint8s, Uint32s

EXACT = 255
"""``digits`` of entries other than ranges: all digits count."""

MOST_RANGE_DIGITS = 14
_Column = TypeVar("_Column", bound=npt.NDArray[np.generic])


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """Identities of entries as columns: at most one BLOCK and one ALLOW entry per pattern."""

    kinds: Uint8s
    keys: Int64s
    digits: Uint8s
    actions: Uint8s
    patterns: TextColumn

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def of(cls, named: Iterable[tuple[EntryKind, str, Action]]) -> Self:
        """Read canonical patterns; InvalidInput for one that is not."""
        rows = list(named)
        keys = [pattern_key(kind, pattern) for kind, pattern, _ in rows]
        texts = [pattern if kind >= EntryKind.SENDER else "" for kind, pattern, _ in rows]
        return cls(
            kinds=np.array([kind for kind, _, _ in rows], np.uint8),
            keys=np.array([key for key, _ in keys], np.int64),
            digits=np.array([digits for _, digits in keys], np.uint8),
            actions=np.array([action for _, _, action in rows], np.uint8),
            patterns=TextColumn.of(texts),
        )

    def take(self, rows: npt.NDArray[np.integer]) -> Self:
        """Return some rows, in the order given."""
        return type(self)(
            kinds=self.kinds[rows],
            keys=self.keys[rows],
            digits=self.digits[rows],
            actions=self.actions[rows],
            patterns=self.patterns.take(rows),
        )

    def pattern(self, row: int) -> str:
        """Write the pattern of *row*."""
        written = key_text(
            EntryKind(int(self.kinds[row])), int(self.keys[row]), int(self.digits[row])
        )
        return written or self.patterns.get(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryTable(Identities):
    """Entries, one per row, in any order."""

    directions: Uint8s
    """BOTH for what is neither a number nor a range."""
    fraud_types: Uint8s
    expires_s: Uint32s
    """Seconds since the Unix epoch; an entry acts before this second. `NO_END_S`: it never ends."""
    provenances: Uint32s
    """Place in ``provenance``."""
    provenance: Sequence[Provenance]
    """Who supplied, entered and approved entries, and when they must be reviewed."""
    modes: Uint8s = field(default_factory=lambda: np.zeros(0, np.uint8))
    """Whether each enforces or is a shadow, a `EntryMode`; not given: all enforce."""

    def __post_init__(self) -> None:
        if len(self.modes) == len(self.keys):
            return
        if len(self.modes):
            raise ValueError(f"{len(self.modes)} modes for {len(self.keys)} entries")
        object.__setattr__(self, "modes", np.full(len(self.keys), EntryMode.ENFORCE, np.uint8))

    @classmethod
    def from_entries(cls, entries: Iterable[Entry]) -> Self:
        """Read entries in canonical form; InvalidInput for a pattern that is not."""
        rows = list(entries)
        identities = Identities.of((row.kind, row.pattern, row.action) for row in rows)
        known: dict[Provenance, int] = {}
        numbered = [known.setdefault(_provenance(row), len(known)) for row in rows]
        directed = [
            row.direction if row.kind <= EntryKind.RANGE else Direction.BOTH for row in rows
        ]
        return cls(
            kinds=identities.kinds,
            keys=identities.keys,
            digits=identities.digits,
            actions=identities.actions,
            patterns=identities.patterns,
            directions=np.array(directed, np.uint8),
            fraud_types=np.array([row.fraud_type for row in rows], np.uint8),
            expires_s=seconds([int(row.expires_at.timestamp()) for row in rows]),
            provenances=np.array(numbered, np.uint32),
            provenance=tuple(known),
            modes=np.array([row.mode for row in rows], np.uint8),
        )

    def entry(self, row: int) -> Entry:
        """Return one entry as an object."""
        return make_entry(
            kind=EntryKind(int(self.kinds[row])),
            pattern=self.pattern(row),
            action=int(self.actions[row]),
            direction=int(self.directions[row]),
            fraud_type=int(self.fraud_types[row]),
            expires_s=int(self.expires_s[row]),
            provenance=self.provenance[int(self.provenances[row])],
            mode=int(self.modes[row]),
        )

    def take(self, rows: npt.NDArray[np.integer]) -> Self:
        """Return some rows, in the order given, with the provenance they need."""
        places, provenances = compact(self.provenances[rows], len(self.provenance))
        return type(self)(
            kinds=self.kinds[rows],
            keys=self.keys[rows],
            digits=self.digits[rows],
            actions=self.actions[rows],
            patterns=self.patterns.take(rows),
            directions=self.directions[rows],
            fraud_types=self.fraud_types[rows],
            expires_s=self.expires_s[rows],
            provenances=provenances,
            provenance=take(self.provenance, places),
            modes=self.modes[rows],
        )


def concatenate_identities(tables: Sequence[Identities]) -> Identities:
    """Lay identities end to end."""
    no_bytes = np.zeros(0, np.uint8)
    return Identities(
        kinds=np.concatenate([no_bytes, *(table.kinds for table in tables)]),
        keys=np.concatenate([np.zeros(0, np.int64), *(table.keys for table in tables)]),
        digits=np.concatenate([no_bytes, *(table.digits for table in tables)]),
        actions=np.concatenate([no_bytes, *(table.actions for table in tables)]),
        patterns=TextColumn.concatenate([table.patterns for table in tables]),
    )


def concatenate(tables: Sequence[EntryTable]) -> EntryTable:
    """Lay tables end to end, equal provenance stored once."""
    provenance, moved = merge([table.provenance for table in tables])
    numbered = [place[table.provenances] for place, table in zip(moved, tables, strict=True)]

    def column(of: Callable[[EntryTable], _Column], empty: _Column) -> _Column:
        return np.concatenate([empty, *map(of, tables)])  # type: ignore[return-value]

    no_bytes = np.zeros(0, np.uint8)
    return EntryTable(
        kinds=column(lambda table: table.kinds, no_bytes),
        keys=column(lambda table: table.keys, np.zeros(0, np.int64)),
        digits=column(lambda table: table.digits, no_bytes),
        actions=column(lambda table: table.actions, no_bytes),
        patterns=TextColumn.concatenate([table.patterns for table in tables]),
        directions=column(lambda table: table.directions, no_bytes),
        fraud_types=column(lambda table: table.fraud_types, no_bytes),
        expires_s=column(lambda table: table.expires_s, np.zeros(0, np.uint32)),
        provenances=np.concatenate([np.zeros(0, np.uint32), *numbered]),
        provenance=provenance,
        modes=column(lambda table: table.modes, no_bytes),
    )


def pattern_key(kind: EntryKind, pattern: str) -> tuple[int, int]:
    """Return key and digits of a canonical pattern."""
    if kind == EntryKind.FINGERPRINT:
        if is_fingerprint(pattern):
            return text_key(pattern), EXACT
        # Not quoted: it may be the text of a message.
        raise InvalidInput("pattern: not a fingerprint")
    if kind in TEXT_KINDS and pattern:
        return text_key(pattern), EXACT
    if kind == EntryKind.RANGE:
        key, digits = _written_key(pattern.removesuffix("*")), len(pattern.strip("+*"))
        if key and range_text(key, digits) == pattern and digits <= MOST_RANGE_DIGITS:
            return key, digits
    elif kind == EntryKind.SENDER and pattern:
        return _written_key(pattern) or sender_hash(pattern), EXACT
    elif kind == EntryKind.NUMBER and (key := _written_key(pattern)):
        return key, EXACT
    raise InvalidInput(
        "pattern: not a {name}: {pattern!r}", name=EntryKind(kind).name.lower(), pattern=pattern
    )


def key_text(kind: EntryKind, key: int, digits: int) -> str:
    """Write the pattern of a number or range; empty for kinds that have a text."""
    if kind == EntryKind.NUMBER:
        return number_text(key)
    return range_text(key, digits) if kind == EntryKind.RANGE else ""


def make_entry(
    *,
    kind: EntryKind,
    pattern: str,
    action: int,
    direction: int,
    fraud_type: int,
    expires_s: int,
    provenance: Provenance,
    mode: int,
) -> Entry:
    """Build an entry from the values of its columns."""
    review_s = provenance.review_at_s
    return Entry(
        kind=kind,
        pattern=pattern,
        action=Action(action),
        direction=Direction(direction),
        fraud_type=FraudType(fraud_type),
        source=provenance.source,
        reason=provenance.reason,
        legal_basis=provenance.legal_basis,
        created_by=provenance.created_by,
        approved_by=provenance.approved_by,
        created_at=datetime.fromtimestamp(provenance.created_at_s, UTC),
        expires_at=datetime.fromtimestamp(expires_s, UTC),
        campaign=provenance.campaign,
        region=provenance.region,
        mode=EntryMode(mode),
        review_at=datetime.fromtimestamp(review_s, UTC) if review_s else None,
    )


def text_key(text: str) -> int:
    """Return the key of a host, URL prefix or fingerprint: a hash, signed."""
    digest = xxh3_64_intdigest(text.encode())
    return digest - 2**64 if digest >= 2**63 else digest


def text_keys(texts: Sequence[str]) -> Int64s:
    """Return the keys of hosts or URL prefixes."""
    return keys_of_bytes(list(map(str.encode, texts)))


def keys_of_bytes(texts: Sequence[bytes]) -> Int64s:
    """Return the keys of hosts or URL prefixes in UTF-8."""
    return np.fromiter(map(xxh3_64_intdigest, texts), np.uint64, len(texts)).view(np.int64)


def seconds(times: Sequence[int]) -> Uint32s:
    """Return times as uint32 seconds, clipped to 1970 and 2106."""
    return np.array(times, np.int64).clip(0, NO_END_S).astype(np.uint32)


def _written_key(text: str) -> int:
    # Canonical patterns need no numbering plan: the plus sign decides.
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()) or digits.startswith("0"):
        return UNREADABLE
    return int(digits) if digits != text else -int(digits[:19])


def _provenance(entry: Entry) -> Provenance:
    return Provenance(
        source=entry.source,
        reason=entry.reason,
        legal_basis=entry.legal_basis,
        created_by=entry.created_by,
        created_at_s=int(entry.created_at.timestamp()),
        approved_by=entry.approved_by,
        campaign=entry.campaign,
        region=entry.region,
        review_at_s=int(entry.review_at.timestamp()) if entry.review_at else 0,
    )
