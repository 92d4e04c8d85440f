"""Provenance of entries, stored once for all that share it and decoded lazily.

Encoded as JSON, so equal provenance is equal bytes. A change of one row among a hundred thousand
with different reasons decodes none of the others.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import TypeAlias, overload

import numpy as np

from blocklists.entries import Source
from blocklists.text_column import TextColumn
from fanzha.tables import Int64s, Uint32s


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Who supplied, entered and approved an entry, and why."""

    source: Source
    reason: str
    legal_basis: str
    created_by: str
    created_at_s: int
    approved_by: str = ""
    campaign: str = ""
    region: str = ""
    """Code of the region in charge; empty: the whole province."""
    review_at_s: int = 0
    """When an entry must be reviewed, in seconds since the Unix epoch; 0: at its end."""


_FIELDS = frozenset(one.name for one in fields(Provenance))


class EncodedProvenance(Sequence[Provenance]):
    """Provenance in a column of texts, which may lie in a mapped file."""

    def __init__(self, texts: TextColumn) -> None:
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, place: int) -> Provenance: ...
    @overload
    def __getitem__(self, place: slice) -> list[Provenance]: ...
    def __getitem__(self, place: int | slice) -> Provenance | list[Provenance]:
        if isinstance(place, slice):
            return [read(self.texts.raw(at)) for at in range(*place.indices(len(self)))]
        if not 0 <= place < len(self):
            raise IndexError(place)
        return read(self.texts.raw(place))

    def __iter__(self) -> Iterator[Provenance]:
        return map(read, self.texts.all_raw())


_Places: TypeAlias = Int64s | Uint32s


def encode(provenance: Sequence[Provenance]) -> TextColumn:
    """Return the texts of a sequence, in its order."""
    if isinstance(provenance, EncodedProvenance):
        return provenance.texts
    return TextColumn.of_bytes(list(map(_text, provenance)))


def take(provenance: Sequence[Provenance], places: _Places) -> Sequence[Provenance]:
    """Return some of a sequence, in the order given."""
    if isinstance(provenance, EncodedProvenance):
        return EncodedProvenance(provenance.texts.take(places))
    return tuple(provenance[place] for place in places.tolist())


def merge(
    sequences: Sequence[Sequence[Provenance]],
) -> tuple[Sequence[Provenance], list[Uint32s]]:
    """Return the distinct items of all sequences, and the new places of each one's items."""
    known: dict[bytes, int] = {}
    moved = [
        np.array([known.setdefault(text, len(known)) for text in encode(one).all_raw()], np.uint32)
        for one in sequences
    ]
    return EncodedProvenance(TextColumn.of_bytes(list(known))), moved


@lru_cache(maxsize=4096)
def read(text: bytes) -> Provenance:
    """Read what `encode` wrote."""
    stored = json.loads(text)
    known = {name: stored[name] for name in stored.keys() & _FIELDS}  # newer releases have more
    return Provenance(**known | {"source": Source(stored["source"])})


def _text(provenance: Provenance) -> bytes:
    written = asdict(provenance)
    # Omitted where there is none, so that older records keep their bytes.
    for name in ("review_at_s", "region"):
        if not written[name]:
            del written[name]
    return json.dumps(written, ensure_ascii=False).encode()
