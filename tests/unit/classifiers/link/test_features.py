"""Features of links against ones counted by hand."""

from typing import Any

import numpy as np
import pytest

from classifiers.link import features as link_features
from classifiers.link.features import LinkFeatureSettings
from tests.support import link_oracle

SETTINGS = LinkFeatureSettings()


def test_host_and_path_are_parts_of_their_own_and_hashed_apart() -> None:
    features = link_features.of_links(["https://www.test/test", "http://a.test/"], SETTINGS)

    host, path, other_host, other_path = (
        features.ids[features.parts[:, 0] == part] for part in range(4)
    )
    assert other_host.any()
    assert not other_path.size
    assert np.count_nonzero(host) == np.count_nonzero(path)
    assert not np.isin(host[host > 0], path).any()


def test_texts_hashed_apart_fill_buckets_evenly() -> None:
    settings = LinkFeatureSettings(sizes=(3, 4, 5), bits=8)
    urls = [f"http://shop-{number}.example/" for number in range(2000)]

    ids = link_features.of_links(urls, settings).ids
    distinct = {
        gram for url in urls for gram in link_oracle.grams(url[7:-1], settings.sizes) if gram
    }
    buckets = [link_oracle.bucket(gram, bits=8, seed=0) for gram in sorted(distinct)]

    assert set(ids[ids > 0].tolist()) == set(range(1, 256))
    # Bucket 1 has those of bucket 0 as well.
    assert np.bincount(buckets)[2:].max() < 2 * len(distinct) / 256


@pytest.mark.parametrize(
    "settings",
    [
        {"sizes": (3, 3)},
        {"sizes": ()},
        {"sizes": (1, 2, 3, 4, 5)},
        {"sizes": (9,)},
        {"host_characters": 255},
        {"path_characters": 0},
    ],
)
def test_settings_beyond_what_the_kernel_reads_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="characters"):
        link_features.of_links(["http://a.test/"], LinkFeatureSettings(**settings))


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


def test_a_long_host_is_read_from_its_end() -> None:
    registered = "." + "b" * 60 + ".test"
    near, far = (f"http://{start}{'x' * 50}{'.y' * 40}{registered}/" for start in ("a", "zzz"))

    one, other = (link_features.of_links([url], SETTINGS) for url in (near, far))

    assert one.ids.tolist() == other.ids.tolist()
