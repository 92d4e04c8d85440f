"""Features of links: n-grams of host and path, and the shape of both.

Scheme, ``www.`` and the mere presence of a path are no features: in the training data they
show how a source was collected, not whether a link is malicious. Host and
path go in apart and are hashed apart, so that ``bank`` in a host and ``bank`` in a path can
mean different things. Each is wrapped in two characters, so that beginnings differ from middles.
Collisions of hashes are part of the deal; the models are trained with them.

`kernels/links.c` reads the URLs; work per link is bounded by the characters read of it.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from classifiers.card import Card
from fanzha import kernels
from fanzha.tables import Float32s, Int64s

Int32s: TypeAlias = npt.NDArray[np.int32]

REVISION = "link-2"
"""Of what `of_links` makes; a model made for another does not load."""
CHUNK = 8
"""Characters whose ids are a row, so that a graph can add them up whatever the length of a part."""
PADDING = 0
"""The id that no n-gram has."""

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
_WRAPPING = "\x02\x03"
SHAPE_WIDTH = 2 * (_OTHER + 1 + 2)
"""Columns of shape: per part the share of each class of characters, length and entropy."""
_MOST_SIZES, _LONGEST = 4, 8
_MOST_CHARACTERS = 254
"""Limits of the kernel."""

_link_features = kernels.declare(
    "link_features",
    *(kernels.POINTER, kernels.TEXT, kernels.POINTER, kernels.INTEGER),
    *(kernels.POINTER,) * 4,
)


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
    """Bucket ids, a row for each chunk of characters; `PADDING` where there is none."""
    parts: Int64s
    """The part each chunk belongs to, as a column; an empty part has no chunk."""
    weights: Float32s
    """By part, as a column: what to multiply the sum of its embeddings by."""
    shape: Float32s
    """A row per link."""


class ReadingTable(ctypes.Structure):
    """`Reading` in the kernel: the settings, and tables by a number of characters or n-grams."""

    _fields_ = (
        ("sizes", kernels.INTEGER * _MOST_SIZES),
        ("size_count", kernels.INTEGER),
        ("bits", kernels.INTEGER),
        ("characters", kernels.INTEGER * 2),
        ("classes", kernels.POINTER),
        ("logs", kernels.POINTER),
        ("weighted", kernels.POINTER),
        ("totals", kernels.POINTER),
        ("weights", kernels.POINTER),
    )

    @classmethod
    def of(cls, settings: LinkFeatureSettings) -> "ReadingTable":
        """Return the table of *settings*; ValueError for what the kernel does not read."""
        sizes, characters = settings.sizes, (settings.host_characters, settings.path_characters)
        if not 0 < len(sizes) <= _MOST_SIZES or not _are_ascending((0, *sizes, _LONGEST + 1)):
            raise ValueError(f"n-grams of {sizes} characters")
        if not all(0 < count <= _MOST_CHARACTERS for count in characters):
            raise ValueError(f"parts of {characters} characters")
        counts = _counted()
        return cls(
            (kernels.INTEGER * _MOST_SIZES)(*sizes),
            len(sizes),
            settings.bits,
            (kernels.INTEGER * 2)(*characters),
            *map(kernels.address, counts),
        )


def of_links(urls: Sequence[str], settings: LinkFeatureSettings) -> LinkFeatures:
    """Describe canonical URLs."""
    codes, lengths = laid_out(urls)
    read = settings.host_characters + settings.path_characters
    rooms = np.minimum(lengths, read) // CHUNK + 4
    ids = np.zeros((int(rooms.sum()), CHUNK * len(settings.sizes)), np.int32)
    chunks, weights = np.zeros(2 * len(urls), np.int64), np.zeros((2 * len(urls), 1), np.float32)
    shape = np.zeros((len(urls), SHAPE_WIDTH), np.float32)
    if urls:
        table = ReadingTable.of(settings)
        _link_features(
            *(ctypes.byref(table), codes, kernels.address(lengths), len(urls)),
            *(kernels.address(ids), kernels.address(chunks)),
            *(kernels.address(weights), kernels.address(shape)),
        )
    return LinkFeatures(
        ids=ids[: int(chunks.sum())],
        parts=np.repeat(np.arange(len(chunks)), chunks)[:, np.newaxis],
        weights=weights,
        shape=shape,
    )


def laid_out(urls: Sequence[str]) -> tuple[bytes, Int64s]:
    """Return the code points of all URLs, end to end in UTF-32, and how many each has."""
    codes = "".join(urls).encode("utf-32-le", "surrogatepass")
    return codes, np.fromiter(map(len, urls), np.int64, len(urls))


def part_weights(counts: Int64s, share: float = 1.0) -> Float32s:
    """Return what to multiply sums of a share *share* of so many embeddings by, as a column."""
    counted = share * np.maximum(counts, 1)
    return counted.astype(np.float32)[:, np.newaxis] ** np.float32(-0.5)


def _are_ascending(numbers: Sequence[int]) -> bool:
    return all(first < second for first, second in pairwise(numbers))


@cache
def _counted() -> tuple[npt.NDArray[Any], ...]:
    """Return the class of each character, then what the kernel looks up by a number."""
    classes = np.full(_ASCII, _OTHER, np.uint8)
    for number, members in enumerate((*_CLASSES, "", _WRAPPING)):
        classes[[ord(member) for member in members]] = number
    counts = np.arange(_MOST_CHARACTERS + 3)
    single = np.maximum(counts, 1).astype(np.float32)
    return (
        classes,
        np.log1p(counts.astype(np.float32)),
        single * np.log(single),
        np.log(np.maximum(counts, 1).astype(np.float64)),
        part_weights(np.arange(_MOST_SIZES * len(counts))),
    )
