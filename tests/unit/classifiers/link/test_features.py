"""Features of links against ones counted by hand."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.link import features as link_features
from classifiers.link.features import LinkFeatureSettings
from classifiers.text import ngrams

SETTINGS = LinkFeatureSettings()
letters = st.text("abc0123-._", min_size=1, max_size=20)


def test_host_and_path_are_parts_of_their_own_and_hashed_apart() -> None:
    features = link_features.of_links(["https://www.test/test", "http://a.test/"], SETTINGS)

    host, path, other_host, other_path = (
        features.ids[features.parts[:, 0] == part] for part in range(4)
    )
    assert other_host.any()
    assert not other_path.size
    assert np.count_nonzero(host) == np.count_nonzero(path)
    assert not np.isin(host[host > 0], path).any()


@given(host=letters, path=letters)
def test_ngrams_are_those_of_the_module_that_hashes(host: str, path: str) -> None:
    layout = ngrams.lay_out([f"h{host}", path])

    features = link_features.of_links([f"http://h{host}/{path}"], SETTINGS)

    by_hand = ngrams.hashed(layout, np.array([0, 7]), sizes=SETTINGS.sizes, bits=SETTINGS.bits)
    assert features.ids.tolist() == by_hand.tolist()


def test_parts_are_weighted_by_the_root_of_their_ngrams() -> None:
    features = link_features.of_links(["http://a.test/", "http://a.test/login"], SETTINGS)
    found = np.count_nonzero(features.ids, axis=1)
    counts = np.bincount(features.parts[:, 0], found, minlength=4)

    assert counts[1] == 0
    assert features.weights[:, 0] == pytest.approx(np.maximum(counts, 1) ** -0.5)


def test_sums_of_a_share_of_ngrams_weigh_more() -> None:
    counts = np.array([8, 0])

    weights = link_features.part_weights(counts, share=0.5)

    assert weights[:, 0] == pytest.approx([0.5, 2**0.5])


def test_an_empty_path_has_no_features() -> None:
    features = link_features.of_links(["http://a.test/"], SETTINGS)

    assert not features.shape[0, link_features.SHAPE_WIDTH // 2 :].any()


def test_no_links_have_no_features() -> None:
    features = link_features.of_links([], SETTINGS)

    assert [len(column) for column in features] == [0, 0, 0, 0]


@given(host=letters, path=letters)
def test_shape_counts_classes_length_and_entropy(host: str, path: str) -> None:
    features = link_features.of_links([f"http://h{host}/{path}"], SETTINGS)
    host_shape, path_shape = features.shape.reshape(2, -1)

    for text, shape in ((f"h{host}", host_shape), (path, path_shape)):
        counts = Counter(ngrams.START + text + ngrams.END)
        entropy = -sum(n / (len(text) + 2) * math.log(n / (len(text) + 2)) for n in counts.values())
        assert shape[3] == pytest.approx(math.log1p(sum(map(str.isdigit, text))))
        assert shape[4] == pytest.approx(math.log1p(text.count(".")))
        assert shape[5] == pytest.approx(math.log1p(text.count("-")))
        assert shape[-2] == pytest.approx(math.log1p(len(text)))
        assert shape[-1] == pytest.approx(entropy, abs=1e-5)


def test_a_long_host_is_read_from_its_end() -> None:
    registered = "." + "b" * 60 + ".test"
    near, far = (f"http://{start}{'x' * 50}{'.y' * 40}{registered}/" for start in ("a", "zzz"))

    one, other = (link_features.of_links([url], SETTINGS) for url in (near, far))

    assert one.ids.tolist() == other.ids.tolist()
