"""The second stage of links, fitted in folds."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("sklearn", reason="the extra train is not installed")

from classifiers.link import url_columns
from classifiers.link.features import LinkFeatureSettings
from classifiers.training.link import feature_matrix, fits
from classifiers.training.link.cascade_fit import CascadeTraining, FittedCascade
from classifiers.training.link.data import LabelledLinks, Splits
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
def fitted() -> FittedCascade:
    return a_training().fit("some", TRAIN, APART)


def test_all_rows_are_described_as_new_ones() -> None:
    fast, columns = fitted().described

    assert np.isfinite(fast).all()
    assert columns.shape == (COUNT, len(url_columns.NAMES))
    assert np.isfinite(columns).all()


def test_a_training_row_gets_the_rates_of_other_folds() -> None:
    # A rate leans on how many domains it counts: two thirds of those that other rows are told of.
    rate = fitted().described.columns[:, url_columns.NAMES.index("suffix_domains")]

    assert rate[TRAIN].max() < rate[APART].min()


def test_both_stages_tell_rows_apart_that_are_new_to_them() -> None:
    training, found = a_training(), fitted()
    malicious = training.setup.links.malicious

    crossed = found.crossed_scores()
    for values in (crossed.odds, crossed.fast):
        assert values[malicious[TRAIN]].min() > values[~malicious[TRAIN]].max()
    scores = training.scores(found, APART)
    assert scores.odds[malicious[APART]].min() > scores.odds[~malicious[APART]].max()


def test_rows_are_scored_in_service_as_they_are_described() -> None:
    training = a_training()

    scores, served = (
        training.scores(fitted(), APART),
        training.scores_as_served(fitted(), APART),
    )

    assert served.odds.tolist() == pytest.approx(scores.odds.tolist())
    assert served.fast.tolist() == pytest.approx(scores.fast.tolist())


def test_the_same_rows_make_the_same_cascade() -> None:
    again = a_training().fit("again", TRAIN, APART)

    crossed, before = again.crossed_scores(), fitted().crossed_scores()
    assert crossed.odds.tobytes() == before.odds.tobytes()
    assert crossed.fast.tobytes() == before.fast.tobytes()
    assert again.statistics == fitted().statistics


def test_without_folds_of_trees_there_are_no_scores_to_choose_on() -> None:
    found = a_training().fit("left out", TRAIN, APART, crosses=False)

    with pytest.raises(ValueError, match="not fitted in folds"):
        found.crossed_scores()


def test_the_shipped_cascade_learns_from_all_that_may_be_trained_on() -> None:
    splits = a_training().setup.splits

    assert fits.all_rows(splits).tolist() == [*range(COUNT)]
    assert fits.rows_apart(splits).tolist() == APART.tolist()


def test_each_source_is_left_out_in_one_round() -> None:
    setup = a_training().setup
    names = np.array([f"{'bad' if row % 2 else 'good'}{row % 7}" for row in range(COUNT)])
    names[:10] = "both"
    links = replace(setup.links, sources=names)

    rounds = fits.left_out_rounds(links, setup.splits, sources=["good0"])

    dealt = [name for one in rounds for name in one]
    assert len(rounds) == fits.LEFT_OUT_ROUNDS
    assert sorted(dealt) == sorted({*names[TRAIN].tolist()} - {"good0"})
    assert all(any(name.startswith(("bad", "both")) for name in one) for one in rounds)


def test_no_rows_have_no_scores() -> None:
    assert len(a_training().scores(fitted(), NOTHING).odds) == 0
