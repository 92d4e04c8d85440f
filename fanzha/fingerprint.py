"""Fingerprints of texts: near-duplicates share most of theirs, and no text can be read back.

A sketch is `VALUES` numbers. Every three characters in a row of the normalised text
(`fanzha.text`) are hashed once; the upper bits of the hash choose a place in the sketch, and the
smallest hash of each place is kept (one-permutation MinHash). Two texts have about that share of
places equal that they share of all their trigrams, so with `NEAR` of 16 equal they are
near-duplicates, whatever names, numbers and links were put in. An empty place takes what its
right neighbour has. A text that fills fewer than `FEWEST` places could be anybody's: "see you at
eight" has no fingerprint.

Written, a fingerprint is ``fp1:`` and 64 hexadecimal digits. The 1 stands for all of the above,
the normaliser included: a change that alters fingerprints makes it a 2. It is no secret what a
guessed text would look like; what cannot be guessed cannot be read back.

A batch is read at once, at 1.3 µs a text of 70 characters; normalising it comes before that.
`BatchSketches` makes those of a batch that somebody needs.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from fanzha.tables import Bools, Int64s, Uint32s
from fanzha.text import MAX_CHARACTERS, normalise, normalise_all

Values: TypeAlias = npt.NDArray[np.uint16]
"""One row of `VALUES` numbers for each text."""

VALUES = 16
NEAR = 10
"""Equal values that make near-duplicates of two texts; see ADR 10."""
FEWEST = 10
"""Places that a text must fill to have a fingerprint; some fifteen different trigrams do."""
LONGEST = 1024
"""What a normalised text has beyond this does not count."""
BANDS = 8
"""LSH bands: pairs of values of which near-duplicates nearly always share one."""

_BATCH = 512
"""Texts sketched at once; more no longer fit the caches."""
_PREFIX = "fp1:"
_WRITTEN = re.compile(_PREFIX + r"[0-9a-f]{64}")
_END = "\x00"
_PLACE_SHIFT = np.uint32(28)
_EMPTY = np.uint32(2**32 - 1)
_MULTIPLIER = np.uint32(0x0100_0193)
_TWICE_AROUND = np.arange(2 * VALUES)


class Sketches(NamedTuple):
    """The sketches of a batch of texts."""

    values: Values
    known: Bools
    """The texts that have a fingerprint; the values of the others mean nothing."""


def sketches(normal: Sequence[str]) -> Sketches:
    """Sketch texts that are normalised already."""
    table = np.full(len(normal) * VALUES, _EMPTY, np.uint32)
    hashes, rows = _trigrams([text[:LONGEST] for text in normal])
    np.minimum.at(table, rows * VALUES + (hashes >> _PLACE_SHIFT), hashes)
    smallest = table.reshape(-1, VALUES)
    known: Bools = np.count_nonzero(smallest != _EMPTY, axis=1) >= FEWEST
    # The upper half is small by choice; the lower is as random as a hash.
    return Sketches(_filled(smallest, known).astype(np.uint16), known)


class PendingSketch(NamedTuple):
    """A text of which the sketch may be needed later."""

    body: str
    """Empty where the sketch is made."""
    values: Values | None
    """None where the sketch is not made, or the text is too short for a fingerprint."""
    is_normal: bool = False
    """Whether *body* is normalised already, rather than as it came."""


class BatchSketches:
    """The sketches of a batch of texts, each made once, when it is first needed. One thread only.

    Lists, their shadows, the graph of related entities and hits share it.
    """

    def __init__(self, bodies: Sequence[str]) -> None:
        """Expect texts as they came."""
        self._bodies = bodies
        self._normal: Sequence[str] | None = None

    # Most batches need no sketch, and then none of these columns.

    @cached_property
    def _values(self) -> Values:
        return np.zeros((len(self), VALUES), np.uint16)

    @cached_property
    def _known(self) -> Bools:
        return np.zeros(len(self), np.bool_)

    @cached_property
    def _missing(self) -> Bools:
        return np.ones(len(self), np.bool_)

    @classmethod
    def of_written(cls, written: Sequence[str]) -> Self:
        """Return the sketches of texts of which only the fingerprints are known."""
        batch = cls([""] * len(written))
        batch._values = read(written)
        batch._known[:] = True
        batch._missing[:] = False
        return batch

    @classmethod
    def of_pending(cls, texts: Sequence[PendingSketch]) -> Self:
        """Return the sketches of texts from several batches; those made are not made again."""
        batch = cls([text.body for text in texts])
        batch.normalised(_all_normal(texts))
        for row, text in enumerate(texts):
            if text.values is not None:
                batch._values[row], batch._known[row] = text.values, True
        # An empty text has no sketch, or one that is made.
        batch._missing[:] = [bool(text.body) for text in texts]
        return batch

    def __len__(self) -> int:
        return len(self._bodies)

    def normalised(self, normal: Sequence[str]) -> None:
        """Take all texts normalised, where somebody had to normalise them anyway."""
        self._normal = normal

    def all(self) -> Sketches:
        """Return the sketches of all texts."""
        self._make(self._missing.nonzero()[0])
        return Sketches(self._values, self._known)

    def of(self, rows: Int64s) -> Sketches:
        """Return the sketches of these texts."""
        self._make(rows[self._missing[rows]])
        return Sketches(self._values[rows], self._known[rows])

    def written(self) -> list[str]:
        """Return the fingerprints of all texts, written; empty for those too short to have one."""
        values, known = self.all()
        # The digits of all texts at once, to be cut.
        digits, width = _digits(values), VALUES * 4
        return [
            _PREFIX + digits[place * width : (place + 1) * width] if is_known else ""
            for place, is_known in enumerate(known.tolist())
        ]

    def pending(self, rows: Sequence[int]) -> list[PendingSketch]:
        """Return these texts, to be sketched later unless they are now."""
        missing = self._missing[rows].tolist()
        return [
            self._unmade(row) if is_missing else self._made(row)
            for row, is_missing in zip(rows, missing, strict=True)
        ]

    def _unmade(self, row: int) -> PendingSketch:
        if self._normal is not None:
            return PendingSketch(self._normal[row][:LONGEST], None, is_normal=True)
        return PendingSketch(self._bodies[row][:MAX_CHARACTERS], None)

    def _made(self, row: int) -> PendingSketch:
        return PendingSketch("", self._values[row].copy() if self._known[row] else None)

    def _make(self, rows: Int64s) -> None:
        for start in range(0, len(rows), _BATCH):
            some = rows[start : start + _BATCH]
            texts = self._bodies if self._normal is None else self._normal
            chosen = [texts[row] for row in some.tolist()]
            normal = normalise_all(chosen) if self._normal is None else chosen
            self._values[some], self._known[some] = sketches(normal)
        self._missing[rows] = False


def _all_normal(texts: Sequence[PendingSketch]) -> list[str]:
    """Return the bodies, those normalised that are not."""
    normal = [text.body for text in texts]
    raw = [row for row, text in enumerate(texts) if text.body and not text.is_normal]
    for row, body in zip(raw, normalise_all([normal[row] for row in raw]), strict=True):
        normal[row] = body
    return normal


def fingerprint(text: str) -> str:
    """Write the fingerprint of a text; empty where it is too short to have one."""
    values, known = sketches([normalise(text)])
    return write(values[0]) if known[0] else ""


def write(values: Values) -> str:
    """Write one sketch as a fingerprint."""
    return _PREFIX + _digits(values)


def _digits(values: Values) -> str:
    return values.astype(">u2").tobytes().hex()


def is_fingerprint(text: str) -> bool:
    """Return whether *text* is a written fingerprint."""
    return _WRITTEN.fullmatch(text) is not None


def read(written: Sequence[str]) -> Values:
    """Read written fingerprints back."""
    digits = "".join([text.removeprefix(_PREFIX) for text in written])
    return np.frombuffer(bytes.fromhex(digits), ">u2").astype(np.uint16).reshape(-1, VALUES)


def equal_values(first: Values, second: Values) -> Int64s:
    """Count, row by row, the equal values of two sketches; `NEAR` or more are near-duplicates."""
    equal: Int64s = np.count_nonzero(first == second, axis=1)
    return equal


def band_keys(values: Values) -> Int64s:
    """Return `BANDS` keys for each sketch: a pair of values, and which pair it is."""
    pairs = values.reshape(-1, BANDS, 2).astype(np.int64)
    keys: Int64s = np.arange(BANDS) << 32 | pairs[:, :, 0] << 16 | pairs[:, :, 1]
    return keys


def _trigrams(texts: Sequence[str]) -> tuple[Uint32s, Int64s]:
    """Return the hashes of the trigrams of all texts, and for each the row of its text."""
    joined = "".join([text + _END for text in texts])
    points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
    inside = points != ord(_END)
    whole = inside[:-2] & inside[1:-1] & inside[2:]
    hashes = (points[:-2] * _MULTIPLIER + points[1:-1]) * _MULTIPLIER + points[2:]
    rows = np.repeat(np.arange(len(texts)), lengths)[: len(hashes)]
    return _mixed(hashes[whole]), rows[whole]


def _mixed(hashes: Uint32s) -> Uint32s:
    """Make every bit depend on every other, as the end of MurmurHash3 does."""
    hashes ^= hashes >> np.uint32(16)
    hashes *= np.uint32(0x85EB_CA6B)
    hashes ^= hashes >> np.uint32(13)
    hashes *= np.uint32(0xC2B2_AE35)
    hashes ^= hashes >> np.uint32(16)
    return hashes


def _filled(smallest: Uint32s, known: Bools) -> Uint32s:
    """Give empty places what their right neighbour has, around the end."""
    empty = smallest == _EMPTY
    if not (empty & known[:, None]).any():
        return smallest
    # Twice around, from the end: the first place that is not empty, at or right of each.
    places = np.where(np.concatenate((empty, empty), axis=1), 2 * VALUES, _TWICE_AROUND)
    first = np.minimum.accumulate(places[:, ::-1], axis=1)[:, : VALUES - 1 : -1]
    return np.take_along_axis(smallest, first % VALUES, axis=1)
