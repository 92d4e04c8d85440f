"""Features of links against ones counted by hand."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import link_features, ngrams
from classifiers.link_features import Settings

SETTINGS = Settings()
letters = st.text("abc0123-._", min_size=1, max_size=20)


def test_host_and_path_are_parts_of_their_own() -> None:
    features = link_features.of_links(["https://www.a.test/b/c?d=1"], SETTINGS)
    by_hand = ngrams.hashed(["a.test", "b/c?d=1"], sizes=SETTINGS.sizes, bits=SETTINGS.bits)

    assert features.ids.tolist() == by_hand.ids.tolist()
    assert np.bincount(features.parts[:, 0]).tolist() == np.diff(by_hand.offsets).tolist()


def test_parts_are_weighted_by_the_root_of_their_ngrams() -> None:
    features = link_features.of_links(["http://a.test/", "http://a.test/login"], SETTINGS)
    counts = np.bincount(features.parts[:, 0], minlength=4)

    assert counts[1] == 0
    assert features.weights[:, 0] == pytest.approx(np.maximum(counts, 1) ** -0.5)


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
