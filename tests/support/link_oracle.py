"""Reads URLs as `kernels/links.c` must, in plain Python that a reader can follow."""

import math
import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from classifiers.link.features import CHUNK, LinkFeatureSettings

SEEDS = 0, 7
"""Of the hashes of hosts and of paths."""
CLASSES = "aeiou", "bcdfghjklmnpqrstvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
MARKS = ".", "-", "_", "/", "?&=", "%"
_WORD = 2**32
_PIECES = (
    "/",
    "//",
    "://",
    "www.",
    "http://",
    "a.test",
    "?",
    "%",
    "\x00",
    "\x02",
    "é",
    "\U0001f600",
)


_WRITTEN = (
    *("http://", "HTTPS://", "ftp:", "http:", "//", "/", "\\", "/./", "/../", "..", ".", "a", "@"),
    *(
        "b.test",
        "www.",
        "Evil.EXAMPLE",
        "x-y_z",
        "user:pw@",
        ":80",
        ":99999",
        ":",
        "#",
        "?",
        "=",
        "&",
    ),
    *(
        "%",
        "%2e",
        "%2F",
        "%25",
        "%32",
        "%35",
        "41",
        "%%",
        "%3f",
        "%23",
        "%41%zz",
        "%3a",
        "http%3A%2F%2F",
    ),
    *(" ", "\t", "\n", "\x00", "\x7f", "é", "例子.中国", "\xa0", "\u3002", "~", "!", "a" * 70),
    *(
        "1.2.3.4",
        "127.1",
        "0x7f",
        "08",
        "256.1.1.1",
        "1",
        "255",
        "0",
        "[::1]",
        "javascript:",
        "xn--abc",
    ),
)


_LABELS = ("a", "www", "bb", "x-y", "abc123", "city", "1", "255", "10", "k" * 60)


class DescribedPart(NamedTuple):
    """Host or path of a URL."""

    ids: list[int]
    """Of chunks, from the first place on, the shortest n-gram of each place first."""
    weight: float
    shape: list[float]


def parts(url: str, settings: LinkFeatureSettings) -> list[str]:
    """Return what is read of host and path."""
    host, _slash, path = url.partition("://")[2].partition("/")
    host = host.removeprefix("www.")[-settings.host_characters :]
    return [host, path[: settings.path_characters]]


def grams(part: str, sizes: tuple[int, ...]) -> list[str]:
    """Return the n-gram of each size at each place; empty where it would reach beyond the end."""
    text = f"\x02{part}\x03" if part else ""
    return [
        text[at : at + size] if at + size <= len(text) else ""
        for at in range(len(text))
        for size in sizes
    ]


def bucket(gram: str, *, bits: int, seed: int) -> int:
    """Return the id of an n-gram."""
    state = seed + 1
    for character in gram:
        state = state * 0x01000193 % _WORD ^ ord(character)
    mixed = (state ^ state >> 15 ^ len(gram)) * 0x2C1B3C6D % _WORD
    mixed ^= mixed >> 15
    return max(mixed * 0x01000193 % _WORD >> 32 - bits, 1)


def described(part: str, seed: int, settings: LinkFeatureSettings) -> DescribedPart:
    """Describe host or path."""
    found = grams(part, settings.sizes)
    # One with a blank is none, though it counts.
    ids = [
        bucket(gram, bits=settings.bits, seed=seed) if gram and "\0" not in gram else 0
        for gram in found
    ]
    room = (len(part) + 2) // CHUNK + 1 if part else 0
    ids += [0] * (room * CHUNK * len(settings.sizes) - len(ids))
    return DescribedPart(ids, max(sum(map(bool, found)), 1) ** -0.5, _shape(part))


def _shape(part: str) -> list[float]:
    inside = [min(character, "\x7f") for character in part]
    counts = [sum(character in members for character in inside) for members in (*CLASSES, *MARKS)]
    wrapping = sum(character in "\x02\x03" for character in inside)
    counts.append(len(part) - wrapping - sum(counts))
    wrapped = ["\x02", *inside, "\x03"] if part else []
    shares = [count / len(wrapped) for count in Counter(wrapped).values()]
    entropy = -sum(share * math.log(share) for share in shares)
    return [*map(math.log1p, counts), math.log1p(len(part)), entropy]


def a_url(chance: random.Random) -> str:
    """Make a URL, or what is none."""
    letters = "abcdeghiostwxyz0179-._/?&=%Z~"
    size = chance.choice((0, 1, 2, 9, 30, 130))
    text = "".join(chance.choice(letters) for _ in range(size))
    for _ in range(chance.randrange(3)):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(_PIECES) + text[at:]
    return chance.choice(("http://", "https://www.", "http://a.test/", "")) + text


def a_written_url(chance: random.Random) -> str:
    """Make a URL as people and fraudsters write it, or what is none."""
    written = "".join(chance.choices(_WRITTEN, k=chance.choice((0, 1, 2, 3, 5, 8, 14))))
    return chance.choice(("", "http://", "https://a.test/", "http://b.example")) + written


def a_canonical_url(chance: random.Random, suffixes: Sequence[Sequence[str]]) -> str:
    """Make a canonical URL of a host below one of *suffixes*, above one, or of an address."""
    kind = chance.randrange(9)
    if kind < 2:
        return ("", "http://[::1]/")[kind]
    labels = chance.choices(_LABELS, k=chance.choice((0, 0, 1, 1, 2, 3, 5, 9)))
    last = chance.choice((*map(chance.choice, suffixes), "com", "zz", "example"))
    if kind == 2:
        labels, last = [str(chance.randrange(256)) for _ in range(3)], "7"
    host = ".".join([*labels, last])
    return f"{chance.choice(('http', 'https'))}://{host}{chance.choice(('/', '/a/b?c', '/?x'))}"


def as_array(part: DescribedPart) -> np.ndarray:
    """Return weight and shape."""
    return np.array([part.weight, *part.shape])
