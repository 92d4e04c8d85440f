"""Traffic as tables: one array per field, row i is event i.

Work per event is counted in tenths of a microsecond, so the decision path makes
no Python object per row where numpy can treat the whole batch. What only few rows
have (an error, a name in place of a number) is a sparse mapping from row to value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import TypeAlias, overload

import numpy as np
import numpy.typing as npt

Bools: TypeAlias = npt.NDArray[np.bool_]
Uint8s: TypeAlias = npt.NDArray[np.uint8]
Uint16s: TypeAlias = npt.NDArray[np.uint16]
Uint32s: TypeAlias = npt.NDArray[np.uint32]
Uint64s: TypeAlias = npt.NDArray[np.uint64]
Int64s: TypeAlias = npt.NDArray[np.int64]
Float32s: TypeAlias = npt.NDArray[np.float32]

MAX_ROWS = 4096
"""Rows in one batch."""
MAX_TEXT_BYTES = 8192
"""A text message, UTF-8. The longest concatenated SMS has 255 parts of 134 bytes in UCS-2; real
ones end far below this."""
MAX_URL_BYTES = 8192
"""A URL as given, UTF-8."""


class LazyStrings(Sequence[str]):
    """A column of texts, each decoded when it is read, from *starts* to *ends* of UTF-8."""

    def __init__(self, buffer: bytes, starts: Int64s, ends: Int64s) -> None:
        self._buffer = buffer
        self._starts = starts
        self._ends = ends

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        """Decode one text; take a part of the column."""
        if isinstance(index, slice):
            return LazyStrings(self._buffer, self._starts[index], self._ends[index])
        return self._buffer[self._starts[index] : self._ends[index]].decode()

    def pick(self, rows: Int64s) -> list[str]:
        """Decode the texts of *rows*."""
        starts, ends = self._starts[rows].tolist(), self._ends[rows].tolist()
        return [
            self._buffer[start:end].decode() if start < end else ""
            for start, end in zip(starts, ends, strict=True)
        ]


def picked(texts: Sequence[str], rows: Int64s) -> list[str]:
    """Return the texts of *rows*; of `LazyStrings` for a part of what one by one costs."""
    if isinstance(texts, LazyStrings):
        return texts.pick(rows)
    return [texts[row] for row in rows.tolist()]


class Channel(IntEnum):
    """What kind of traffic is decided on; numbered as on the wire."""

    CALL = 1
    TEXT = 2
    LINK = 3


class Ingress(IntEnum):
    """How traffic entered the network; numbered as on the wire."""

    UNSPECIFIED = 0
    LOCAL = 1
    INTERCONNECT = 2
    INTERNATIONAL = 3


class Attestation(IntEnum):
    """Attestation of the calling number in a SHAKEN PASSporT (RFC 8588); values as on the wire."""

    UNSPECIFIED = 0
    FULL = 1
    PARTIAL = 2
    GATEWAY = 3
    FAILED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Call attempts, seen before the callee's phone rings."""

    callers: Int64s
    """Number keys, see `fanzha.phone`; 0 where the text could not be read."""
    callees: Int64s
    attempted_at_ms: Int64s
    ingress: Uint8s
    attestations: Uint8s
    trunks: Sequence[str]
    """Trunk group of each call as the switch names it; empty where unknown."""
    names: Mapping[int, str]
    """The callers that are names, such as ``anonymous``: their keys cannot be read back."""
    errors: Mapping[int, str]
    """Error message of each row that could not be read."""
    request_ids: Mapping[int, str] = field(default_factory=dict)
    """Ids by which retries are recognised, of the rows that bear one."""
    handsets: Uint32s | None = None
    """Checksum of what identifies the caller's handset; 0 where unknown, None where all are."""
    location_areas: Uint32s | None = None
    """The same of the location area in which the caller is."""
    handset_texts: Sequence[str] = field(default=(), repr=False)
    """What identifies the caller's handset, as the switch sent it; none where no row has any. It is
    never kept: the decision log keeps a keyed hash, if anything."""

    def __len__(self) -> int:
        return len(self.callers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Text messages, seen before they are delivered."""

    senders: Int64s
    """Number keys, see `fanzha.phone`; 0 where the text could not be read."""
    receivers: Int64s
    bodies: Sequence[str]
    """Message text as received; parts of a long message already joined."""
    submitted_at_ms: Int64s
    ingress: Uint8s
    trunks: Sequence[str]
    """Trunk group or route of each text as the SMS centre names it; empty where unknown."""
    names: Mapping[int, str]
    """The senders that are names, such as ``Bank``: their keys cannot be read back."""
    errors: Mapping[int, str]
    request_ids: Mapping[int, str] = field(default_factory=dict)
    """As for calls."""
    read_bytes: Mapping[int, int] = field(default_factory=dict)
    """Bytes that are left of bodies longer than `MAX_TEXT_BYTES`."""

    def __len__(self) -> int:
        return len(self.senders)


UNKNOWN_FACT = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What gateways tell of the registrable domains of links; `UNKNOWN_FACT` where they do not."""

    domain_age_days: Int64s
    """Since it was registered."""
    first_seen_days: Int64s
    """Since somebody in the gateway's network first asked for it."""
    popularity_rank: Int64s
    """1: the most used domain; 0, too, is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Look-ups of a URL or a host name, seen before the subscriber reaches it."""

    urls: Sequence[str]
    """Canonical, see `fanzha.url`; empty where the URL could not be read."""
    subscribers: Int64s
    """Number keys; 0 where unknown."""
    requested_at_ms: Int64s
    errors: Mapping[int, str]
    request_ids: Mapping[int, str] = field(default_factory=dict)
    """As for calls."""
    read_bytes: Mapping[int, int] = field(default_factory=dict)
    """Bytes that are left of URLs longer than `MAX_URL_BYTES`."""
    facts: HostFacts | None = None
    """None where no row has any."""

    def __len__(self) -> int:
        return len(self.urls)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerActivity:
    """What is known of each caller at its call, that call included.

    Counters fade: an event counts half after `classifiers.caller.activity.HALF_LIFE_MS`.
    All zero: nothing is known, or the caller is one that is not counted.
    """

    outgoing_calls: Float32s
    """Calls the number tried to make, connected or not."""
    incoming_calls: Float32s
    """Calls others tried to make to it."""
    counterparts: Float32s
    """Different numbers at the other end of these calls; an estimate."""
    active_days: Float32s
    """Days (UTC) with a call it made or got; they fade as the calls do."""
    active_hours: Float32s
    """Hours of the day with such a call, of the last 7 to 13 days."""
    ended_calls: Float32s
    """Of the calls it made, those whose end was reported."""
    answered_calls: Float32s
    """Of these, those that were answered."""
    connected_calls: Float32s
    """Answered calls whose end was reported, made or got."""
    connected_seconds: Float32s
    """How long these lasted, together."""
    texts_sent: Float32s
    texts_received: Float32s
    text_counterparts: Float32s
    """Different numbers and names at the other end of these texts; an estimate."""
    handsets: Float32s
    """Different handsets it called from, of the last 7 to 13 days, an estimate; 0: unknown."""
    location_areas: Float32s
    """Different location areas it called from, like handsets."""

    def __len__(self) -> int:
        return len(self.outgoing_calls)

    @classmethod
    def of_columns(cls, columns: Float32s) -> "CallerActivity":
        """Take an array, shape (fields, rows), apart; it is kept, not copied."""
        return cls(**dict(zip(_ACTIVITY_FIELDS, columns, strict=True)))

    def columns(self) -> Float32s:
        """Return all as one array, shape (fields, rows), without gaps."""
        return np.array([getattr(self, name) for name in _ACTIVITY_FIELDS], np.float32)


_ACTIVITY_FIELDS = tuple(field.name for field in fields(CallerActivity))


def marked(rows: int, which: Mapping[int, object]) -> Bools:
    """Turn a sparse mapping into a column: true for the rows it has."""
    column = np.zeros(rows, np.bool_)
    if which:
        column[list(which)] = True
    return column
