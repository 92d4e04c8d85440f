"""Which n-grams the link model knows: those of many registered domains.

An n-gram of a few domains says nothing about the next domain, but lets a network learn its
training rows by heart; it costs time in service, too.
"""

import numpy as np

from classifiers.link.features import PADDING, Int32s
from classifiers.training.link.feature_matrix import LinkFeatureMatrix
from fanzha.tables import Int64s

LEAST_DOMAINS = 8


def choose(described: LinkFeatureMatrix, domains: Int64s, rows: Int64s) -> Int32s:
    """Give buckets that *rows* of `LEAST_DOMAINS` domains hold a number from 1 on, all others 0.

    *domains* has a number for the registered domain of each link.
    """
    spread = _domains_by_bucket(described, domains, rows)
    known = spread >= LEAST_DOMAINS
    known[PADDING] = False
    return np.where(known, np.cumsum(known), PADDING).astype(np.int32)


def _domains_by_bucket(described: LinkFeatureMatrix, domains: Int64s, rows: Int64s) -> Int64s:
    ids, counts = described.of_rows(rows)
    number = int(domains.max()) + 1
    pairs = ids.astype(np.int64) * number + np.repeat(domains[rows], counts)
    # Sorted in place: several times as fast as `np.unique`.
    pairs.sort()
    distinct = pairs[np.diff(pairs, prepend=-1) > 0]
    return np.bincount(distinct // number, minlength=described.buckets)
