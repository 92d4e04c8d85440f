"""Features of all links of a training, laid end to end."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.link import features as link_features
from classifiers.link.features import PADDING, Int32s, LinkFeatures, LinkFeatureSettings
from fanzha.tables import Float32s, Int64s

_CHUNK = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFeatureMatrix:
    """N-grams and shape of all links; the parts of link i are 2 * i and 2 * i + 1."""

    buckets: int
    """Ids are below."""
    ids: Int32s
    starts: Int64s
    """Where the n-grams of each part start, and where the last ones end."""
    shape: Float32s

    def of_parts(self, parts: Int64s) -> tuple[Int32s, Int64s]:
        """Return the ids of *parts*, one after another, and how many each has."""
        counts = self.starts[parts + 1] - self.starts[parts]
        ends = np.cumsum(counts)
        places = np.arange(int(counts.sum())) + np.repeat(
            self.starts[parts] - ends + counts, counts
        )
        return self.ids[places], counts

    def of_rows(self, rows: Int64s) -> tuple[Int32s, Int64s]:
        """Return the ids of the links *rows*, both parts, and how many each link has."""
        ids, counts = self.of_parts(np.stack([2 * rows, 2 * rows + 1], axis=1).ravel())
        return ids, counts.reshape(-1, 2).sum(axis=1)


def compute(urls: Sequence[str], settings: LinkFeatureSettings) -> LinkFeatureMatrix:
    """Compute the features of all links."""
    pieces = [
        _packed(link_features.of_links(urls[at : at + _CHUNK], settings))
        for at in range(0, len(urls), _CHUNK)
    ]
    ids, counts, shape = (np.concatenate(column) for column in zip(*pieces, strict=True))
    return LinkFeatureMatrix(
        buckets=2**settings.bits,
        ids=ids,
        starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
        shape=shape,
    )


def _packed(features: LinkFeatures) -> tuple[Int32s, Int64s, Float32s]:
    """Return the ids without padding, how many each part has, and the shape."""
    valid = features.ids != PADDING
    counts = np.bincount(
        features.parts[:, 0], valid.sum(axis=1), minlength=len(features.weights)
    ).astype(np.int64)
    return features.ids[valid], counts, features.shape
