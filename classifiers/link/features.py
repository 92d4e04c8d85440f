"""Features of links: n-grams of host and path, and the shape of both.

Scheme, ``www.`` and the mere presence of a path are no features: in the training data they
show how a source was collected, not whether a link is malicious. Host and
path go in apart and are hashed apart, so that ``bank`` in a host and ``bank`` in a path can
mean different things.
Work per link is bounded by the characters read of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from classifiers.card import Card
from classifiers.text import ngrams
from classifiers.text.ngrams import Int32s
from fanzha.tables import Float32s, Int64s, Uint32s

REVISION = "link-2"
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
_SEEDS = np.array([0, 7], np.int64)
"""Of the hashes of hosts and of paths."""
SHAPE_WIDTH = 2 * (_OTHER + 1 + 2)
"""Columns of shape: per part the share of each class of characters, length and entropy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFeatureSettings:
    """Feature settings, as on a model's card."""

    sizes: tuple[int, ...] = (3, 4, 5)
    """Of n-grams."""
    bits: int = 19
    """N-grams fall into 2**bits buckets; the model knows the common ones of them."""
    host_characters: int = 100
    """Characters read from the end of a host."""
    path_characters: int = 100
    """Read of the beginning of a path with its query."""

    @classmethod
    def from_card(cls, card: Card) -> "LinkFeatureSettings":
        """Read the settings a model was trained with."""
        if (revision := card.setting("revision", str)) != REVISION:
            raise ValueError(f"model {card.channel} {card.version} reads {revision} features")
        return cls(
            sizes=tuple(card.setting("sizes", list)),
            bits=card.setting("bits", int),
            host_characters=card.setting("host_characters", int),
            path_characters=card.setting("path_characters", int),
        )


class LinkFeatures(NamedTuple):
    """A batch of links; the parts of link i are 2 * i, the host, and 2 * i + 1, the path."""

    ids: Int32s
    """Bucket ids, a row for each chunk of characters; `ngrams.PADDING` where there is none."""
    parts: Int64s
    """The part each chunk belongs to, as a column; an empty part has no chunk."""
    weights: Float32s
    """By part, as a column: what to multiply the sum of its embeddings by."""
    shape: Float32s
    """A row per link."""


def of_links(urls: Sequence[str], settings: LinkFeatureSettings) -> LinkFeatures:
    """Describe canonical URLs."""
    layout = ngrams.lay_out(_parts(urls, settings))
    seeds = np.tile(_SEEDS, len(urls))
    return LinkFeatures(
        ids=ngrams.hashed(layout, seeds, sizes=settings.sizes, bits=settings.bits),
        parts=np.repeat(np.arange(len(seeds)), layout.chunks)[:, np.newaxis],
        weights=part_weights(ngrams.counts(layout, settings.sizes)),
        shape=_shape(layout).reshape(len(urls), SHAPE_WIDTH),
    )


def part_weights(counts: Int64s, share: float = 1.0) -> Float32s:
    """Return what to multiply sums of a share *share* of so many embeddings by, as a column."""
    counted = share * np.maximum(counts, 1)
    return counted.astype(np.float32)[:, np.newaxis] ** np.float32(-0.5)


def _parts(urls: Sequence[str], settings: LinkFeatureSettings) -> list[str]:
    parts: list[str] = []
    append = parts.append
    # One object per row: this is where text becomes numbers.
    for url in urls:
        host, _slash, path = url.partition("://")[2].partition("/")
        append(host.removeprefix("www.")[-settings.host_characters :])
        append(path[: settings.path_characters])
    return parts


def _shape(layout: ngrams.TextLayout) -> Float32s:
    """Return a row per part; all zero for an empty one."""
    rows = len(layout.lengths)
    row_of = np.repeat(np.arange(rows), layout.lengths)
    letters = np.minimum(layout.points, _ASCII - 1)
    length = np.maximum(layout.lengths - 2, 0).astype(np.float32)
    characters = np.bincount(row_of * _ASCII + letters, minlength=rows * _ASCII)
    shape = np.empty((rows, _OTHER + 3), np.float32)
    shape[:, :-2] = np.log1p(_by_class(row_of, letters, rows))
    shape[:, -2] = np.log1p(length)
    shape[:, -1] = _entropy(characters, rows)
    return shape


_CLASS_OF = np.full(_ASCII, _OTHER, np.int64)
for _number, _members in enumerate(_CLASSES):
    _CLASS_OF[[ord(_member) for _member in _members]] = _number
_WRAPPING = _OTHER + 1
_CLASS_OF[[ord(ngrams.START), ord(ngrams.END)]] = _WRAPPING


def _by_class(row_of: Int64s, letters: Uint32s, rows: int) -> Float32s:
    """Count the characters of each class, a row per part; not those that wrap it."""
    width = _WRAPPING + 1
    cells = row_of * width + _CLASS_OF.take(letters)
    counts = np.bincount(cells, minlength=rows * width).reshape(rows, width)
    return counts[:, :_WRAPPING].astype(np.float32)


def _entropy(characters: Int64s, rows: int) -> Float32s:
    # In nats, the two wrapping characters included.
    cells = np.flatnonzero(characters)
    count = characters[cells].astype(np.float32)
    row = cells // _ASCII
    total = np.maximum(np.bincount(row, count, rows), 1)
    weighted = np.bincount(row, count * np.log(count), rows)
    return (np.log(total) - weighted / total).astype(np.float32)
