"""Which n-grams are known."""

import numpy as np

from classifiers.link import features
from classifiers.link.features import PADDING, LinkFeatureSettings
from classifiers.training.link import feature_matrix
from classifiers.training.link import vocabulary as link_vocabulary
from classifiers.training.link.vocabulary import LEAST_DOMAINS

SETTINGS = LinkFeatureSettings(sizes=(4,), bits=20)
# The word "bank" on enough domains, the word "shop" on one too few, "pays" on one alone.
URLS = (
    *(f"http://{number}.bank/" for number in range(LEAST_DOMAINS)),
    *(f"http://{number}.shop/" for number in range(LEAST_DOMAINS - 1)),
    *(f"http://only.test/pays/{number}" for number in range(50)),
)
DOMAINS = np.array([*range(2 * LEAST_DOMAINS - 1), *[99] * 50], np.int64)
DESCRIBED = feature_matrix.compute(URLS, SETTINGS)


def test_ngrams_of_many_domains_are_known_and_numbered() -> None:
    rows = np.arange(len(URLS))

    vocabulary = link_vocabulary.choose(DESCRIBED, DOMAINS, rows)

    known = np.flatnonzero(vocabulary)
    zero, one = (features.of_links([url], SETTINGS).ids for url in URLS[:2])
    shared = np.intersect1d(zero, one)
    assert set(shared[shared > 0].tolist()) == set(known.tolist())
    assert vocabulary[known].tolist() == list(range(1, len(known) + 1))


def test_rows_of_one_domain_count_once() -> None:
    rows = np.arange(len(URLS))

    vocabulary = link_vocabulary.choose(DESCRIBED, DOMAINS, rows)

    paths = features.of_links(["http://only.test/pays/1"], SETTINGS).ids
    assert not vocabulary[paths[paths > 0]].any()


def test_rows_that_are_not_trained_on_do_not_count() -> None:
    rows = np.arange(1, len(URLS))

    vocabulary = link_vocabulary.choose(DESCRIBED, DOMAINS, rows)

    assert not vocabulary.any()


def test_padding_is_never_known() -> None:
    vocabulary = link_vocabulary.choose(DESCRIBED, np.arange(len(URLS)), np.arange(len(URLS)))

    assert vocabulary.any()
    assert vocabulary[PADDING] == 0
