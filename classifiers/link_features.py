"""What a link looks like to the model: n-grams of host and path, and the shape of both.

Neither the scheme nor ``www.`` nor whether there is a path at all is told as such: in the
training data these say how a source was collected, not whether a link is bad. Host and
path go in apart, so that ``bank`` in a host and ``bank`` in a path can mean different things.
Work per link is bounded by the characters read of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from classifiers import ngrams
from classifiers.card import Card
from fanzha.tables import Float32s, Int64s

REVISION = "link-1"
"""Of what `of_links` makes; a model made for another does not load."""

_CLASSES = (
    "aeiou",
    "bcdfghjklmnpqrstvwxyz",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "0123456789",
    ".",
    "-",
    "_",
    "/",
    "?&=",
    "%",
)
_OTHER = len(_CLASSES)
_ASCII = 128
SHAPE_WIDTH = 2 * (_OTHER + 1 + 2)
"""Columns of shape: per part the share of each class of characters, length and entropy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a model's card says of its features."""

    sizes: tuple[int, int] = (3, 5)
    """The shortest and the longest n-gram."""
    bits: int = 17
    """N-grams fall into 2**bits buckets."""
    host_characters: int = 100
    """Read of the end of a host; what comes before is not seen."""
    path_characters: int = 150
    """Read of the beginning of a path with its query."""

    @classmethod
    def from_card(cls, card: Card) -> "Settings":
        """Read the settings a model was trained with."""
        if (revision := card.setting("revision", str)) != REVISION:
            raise ValueError(f"model {card.channel} {card.version} reads {revision} features")
        first, last = card.setting("sizes", list)
        return cls(
            sizes=(first, last),
            bits=card.setting("bits", int),
            host_characters=card.setting("host_characters", int),
            path_characters=card.setting("path_characters", int),
        )


class LinkFeatures(NamedTuple):
    """A batch of links; the parts of link i are 2 * i, the host, and 2 * i + 1, the path."""

    ids: Int64s
    """Bucket ids of all n-grams."""
    parts: Int64s
    """The part each id belongs to, as a column."""
    weights: Float32s
    """By part, as a column: what to multiply the sum of its embeddings by."""
    shape: Float32s
    """A row per link."""


def of_links(urls: Sequence[str], settings: Settings) -> LinkFeatures:
    """Describe canonical URLs."""
    parts = _parts(urls, settings)
    layout = ngrams.lay_out(parts, max(settings.host_characters, settings.path_characters))
    bags = ngrams.hashed_layout(layout, sizes=settings.sizes, bits=settings.bits)
    counts = np.diff(bags.offsets)
    return LinkFeatures(
        ids=bags.ids.astype(np.int64),
        parts=np.repeat(np.arange(len(counts), dtype=np.int64), counts)[:, np.newaxis],
        weights=part_weights(counts),
        shape=_shape(layout).reshape(len(urls), SHAPE_WIDTH),
    )


def part_weights(counts: Int64s) -> Float32s:
    """Return what to multiply sums of so many embeddings by, as a column."""
    return np.maximum(counts, 1).astype(np.float32)[:, np.newaxis] ** np.float32(-0.5)


def _parts(urls: Sequence[str], settings: Settings) -> list[str]:
    parts: list[str] = []
    # One object per row: this is where text becomes numbers.
    for url in urls:
        host, _slash, path = url[url.find("://") + 3 :].partition("/")
        parts.append(host.removeprefix("www.")[-settings.host_characters :])
        parts.append(path[: settings.path_characters])
    return parts


def _shape(layout: ngrams.Layout) -> Float32s:
    """Return a row per part."""
    rows = len(layout.lengths)
    row_of = np.repeat(np.arange(rows), layout.lengths)
    letters = np.minimum(layout.points, _ASCII - 1)
    length = (layout.lengths - 2).astype(np.float32)
    characters = np.bincount(row_of * _ASCII + letters, minlength=rows * _ASCII)
    shape = np.empty((rows, _OTHER + 3), np.float32)
    shape[:, :-2] = np.log1p(_by_class(characters.reshape(rows, _ASCII)))
    shape[:, -2] = np.log1p(length)
    shape[:, -1] = _entropy(characters, rows)
    return shape


_CLASS_OF = np.full(_ASCII, _OTHER, np.int64)
for _number, _members in enumerate(_CLASSES):
    _CLASS_OF[[ord(_member) for _member in _members]] = _number
_CLASS_OF[ord(ngrams.START)] = _CLASS_OF[ord(ngrams.END)] = -1
_INDICATOR = (_CLASS_OF[:, np.newaxis] == np.arange(_OTHER + 1)).astype(np.float32)


def _by_class(characters: Int64s) -> Float32s:
    counts: Float32s = characters.astype(np.float32) @ _INDICATOR
    return counts


def _entropy(characters: Int64s, rows: int) -> Float32s:
    # In nats, the two wrapping characters included.
    cells = np.flatnonzero(characters)
    count = characters[cells].astype(np.float32)
    row = cells // _ASCII
    total = np.bincount(row, count, rows)
    weighted = np.bincount(row, count * np.log(count), rows)
    return (np.log(total) - weighted / total).astype(np.float32)
