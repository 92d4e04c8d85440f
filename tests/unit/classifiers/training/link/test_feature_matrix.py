"""Features laid end to end, against those of single links."""

import numpy as np

from classifiers.link import features
from classifiers.link.features import LinkFeatureSettings
from classifiers.training.link import feature_matrix
from fanzha.tables import Int64s

URLS = ("http://bank.test/", "http://shop.test/pay", "http://mail.shop.test/a/b?c=1")
SETTINGS = LinkFeatureSettings(bits=10)
DESCRIBED = feature_matrix.compute(URLS, SETTINGS)


def ids_of(url: str) -> list[int]:
    ids = features.of_links([url], SETTINGS).ids
    found: list[int] = ids[ids > 0].tolist()
    return found


def rows(*numbers: int) -> Int64s:
    return np.array(numbers, np.int64)


def test_rows_have_the_ngrams_of_their_links_in_any_order() -> None:
    ids, counts = DESCRIBED.of_rows(rows(2, 0))

    assert ids.tolist() == ids_of(URLS[2]) + ids_of(URLS[0])
    assert counts.tolist() == [len(ids_of(URLS[2])), len(ids_of(URLS[0]))]


def test_an_empty_path_has_no_ngrams() -> None:
    _ids, counts = DESCRIBED.of_parts(rows(0, 1, 2))

    assert counts[0] > 0
    assert counts[1] == 0
    assert counts[2] > 0


def test_shape_is_that_of_the_links() -> None:
    assert np.array_equal(DESCRIBED.shape, features.of_links(URLS, SETTINGS).shape)


def test_no_rows_have_no_ngrams() -> None:
    ids, counts = DESCRIBED.of_rows(rows())

    assert (ids.size, counts.size) == (0, 0)
