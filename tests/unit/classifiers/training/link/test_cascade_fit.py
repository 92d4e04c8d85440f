"""The second stage of links, fitted in folds."""

from functools import cache, partial

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("sklearn", reason="the extra train is not installed")

from classifiers.link import url_columns
from classifiers.link.features import LinkFeatureSettings
from classifiers.training.link import feature_matrix, fits
from classifiers.training.link import network as link_network
from classifiers.training.link.cascade_fit import CascadeTraining, DescribedRows
from classifiers.training.link.data import LabelledLinks, Splits
from classifiers.training.link.fast_model import FastModel
from classifiers.training.link.rounds import LinkTrainingSetup
from classifiers.training.link.trees import TreeSettings
from classifiers.training.link.url_rates import UrlWords

COUNT = 900
NOTHING = np.zeros(0, np.int64)
TRAIN, APART = np.arange(600), np.arange(600, COUNT)


@cache
def a_training() -> CascadeTraining:
    good = [f"http://library{number}.example/docs/" for number in range(COUNT)]
    bad = [f"http://xq{number}.test/verify/" for number in range(COUNT)]
    malicious = np.arange(COUNT) % 2 == 1
    urls = [(bad if is_bad else good)[row] for row, is_bad in enumerate(malicious.tolist())]
    empty = np.full(COUNT, "")
    links = LabelledLinks(
        urls=urls,
        domains=np.arange(COUNT),
        percents=np.zeros(COUNT, np.int64),
        malicious=malicious,
        kinds=empty,
        sources=np.full(COUNT, "source"),
        months=empty,
        host_only=np.zeros(COUNT, np.bool_),
    )
    splits = Splits(
        train=TRAIN,
        validation=APART,
        test=NOTHING,
        later=NOTHING,
        unseen=NOTHING,
        gambling=NOTHING,
        known_domain=0,
        popular_malicious=0,
    )
    described = feature_matrix.compute(urls, LinkFeatureSettings())
    setup = LinkTrainingSetup(links=links, described=described, splits=splits, seed=3)
    words = UrlWords.of(urls)
    return CascadeTraining(setup=setup, words=words, settings=TreeSettings(rounds=5, leaves=4))


@cache
def described() -> DescribedRows:
    setup = a_training().setup
    network = setup.fit("all", TRAIN)
    fast = FastModel(
        graph=b"",
        calibration=network.calibration,
        scores=partial(link_network.scores, network, setup.described),
        about={},
        left_out=[],
        learning=[],
    )
    return a_training().describe(fast, TRAIN, APART)


def test_all_rows_are_described_as_new_ones() -> None:
    fast, columns = described()

    assert np.isfinite(fast).all()
    assert columns.shape == (COUNT, len(url_columns.NAMES))
    assert np.isfinite(columns).all()


def test_a_training_row_gets_the_rates_of_other_folds() -> None:
    # A rate leans on how many domains it counts: two thirds of those that other rows are told of.
    rate = described().columns[:, url_columns.NAMES.index("suffix_domains")]

    assert rate[TRAIN].max() < rate[APART].min()


def test_the_trees_tell_rows_apart_that_are_new_to_them() -> None:
    training = a_training()
    malicious = training.setup.links.malicious

    fitted = training.fit(described(), "some", TRAIN)

    assert (
        fitted.crossed.odds[malicious[TRAIN]].min() > fitted.crossed.odds[~malicious[TRAIN]].max()
    )
    found = training.scores(fitted, described(), APART)
    assert found.odds[malicious[APART]].min() > found.odds[~malicious[APART]].max()
    served = training.scores_as_served(fitted, described(), APART)
    assert served.odds.tolist() == pytest.approx(found.odds.tolist())


def test_the_shipped_stage_learns_from_all_that_may_be_trained_on() -> None:
    splits = a_training().setup.splits

    assert fits.all_rows(splits).tolist() == [*range(COUNT)]
    assert fits.rows_apart(splits).tolist() == APART.tolist()


def test_no_rows_have_no_scores() -> None:
    training = a_training()
    fitted = training.fit(described(), "some", TRAIN)

    assert len(training.scores(fitted, described(), NOTHING).odds) == 0
