"""What of traffic is watched for drift: a few plain columns per channel, with names.

They need neither model nor label, so they show a shift of traffic before scores do. Of callers they
are the columns that their model reads. A model's card says how each was spread in training
(`classifiers.card`); `services.decision.drift.features` compares. Only sampled rows come here.
"""

from collections.abc import Sequence

import numpy as np

from classifiers.caller import classifier
from classifiers.feature_histogram import NAMES
from fanzha.links import find_links
from fanzha.tables import CallerActivity, Channel, Float32s, Int64s, Uint32s
from fanzha.url import split

_FIRST_WIDE = 0x2E80
"""Characters from here on are as wide as two letters, save for few."""


def of_texts(bodies: Sequence[str]) -> dict[str, Float32s]:
    """Describe texts as they came."""
    codes, owners, lengths = _characters(bodies)
    known = np.maximum(lengths, 1)
    wide = np.bincount(owners, codes >= _FIRST_WIDE, len(bodies))
    return {
        "characters": lengths.astype(np.float32),
        "wide_share": (wide / known).astype(np.float32),
        "digit_share": (_digits(codes, owners, len(bodies)) / known).astype(np.float32),
        "links": np.array([len(find_links(body)) for body in bodies], np.float32),
    }


def of_links(urls: Sequence[str]) -> dict[str, Float32s]:
    """Describe canonical URLs; empty ones are NaN throughout."""
    parts = [split(url) if url else ("", "") for url in urls]
    hosts, paths = [host for host, _ in parts], [path for _, path in parts]
    codes, owners, lengths = _characters([host + path for host, path in parts])
    digits = _digits(codes, owners, len(urls)) / np.maximum(lengths, 1)
    columns = {
        "host_characters": [len(host) for host in hosts],
        "host_labels": [host.count(".") + 1 for host in hosts],
        "path_characters": [len(path) for path in paths],
        "digit_share": digits,
    }
    unread = lengths == 0
    return {
        name: np.where(unread, np.float32(np.nan), np.array(column, np.float32))
        for name, column in columns.items()
    }


def of_callers(activity: CallerActivity) -> dict[str, Float32s]:
    """Describe callers by the columns their model reads; NaN where unknown."""
    columns = classifier.features(activity)
    return {name: columns[name] for name in NAMES[Channel.CALL]}


def _characters(texts: Sequence[str]) -> tuple[Uint32s, Int64s, Int64s]:
    """Return all characters as numbers, whose text each is of, and how long the texts are."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    return codes, np.repeat(np.arange(len(texts)), lengths), lengths


def _digits(codes: Uint32s, owners: Int64s, rows: int) -> Int64s:
    is_digit = (codes >= ord("0")) & (codes <= ord("9"))
    return np.bincount(owners[is_digit], minlength=rows)
