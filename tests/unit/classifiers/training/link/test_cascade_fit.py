"""The second stage of links, fitted in folds."""

import dataclasses
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("sklearn", reason="the extra train is not installed")

from classifiers.link import url_columns
from classifiers.link.features import LinkFeatureSettings
from classifiers.training.checkpoints import Checkpoints
from classifiers.training.examples import TrainingExample
from classifiers.training.link import feature_matrix, fits
from classifiers.training.link.cascade_fit import CascadeTraining, FittedCascade
from classifiers.training.link.data import LabelledLinks, Splits
from classifiers.training.link.rounds import LinkTrainingSetup
from classifiers.training.link.trees import TreeSettings
from classifiers.training.link.url_rates import UrlWords
from fanzha.tables import Int64s

COUNT = 900
NOTHING = np.zeros(0, np.int64)
TRAIN, APART = np.arange(600), np.arange(600, COUNT)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Fit on one thread: several wait for each other, for long on a busy machine."""
    torch, threadpoolctl = pytest.importorskip("torch"), pytest.importorskip("threadpoolctl")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpoolctl.threadpool_limits(1):
        yield
    torch.set_num_threads(before)


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


def test_what_ships_learns_from_all_that_may_be_trained_on() -> None:
    splits = replace(a_training().setup.splits, unseen=np.arange(3))

    assert fits.all_rows(splits).tolist() == [*range(COUNT)]
    assert fits.rows_apart(splits).tolist() == [0, 1, 2]


def with_unseen_rows() -> CascadeTraining:
    """Keep rows 600 and on from training; 600 to 609 are of domains that training knows."""
    training = a_training()
    links, nothing = training.setup.links, NOTHING
    known = links.domains.copy()
    known[600:610] = np.arange(10)
    splits = replace(training.setup.splits, validation=nothing, unseen=APART)
    setup = replace(training.setup, links=replace(links, domains=known), splits=splits)
    return replace(training, setup=setup)


def test_each_row_is_scored_by_models_that_it_is_new_to() -> None:
    training = with_unseen_rows()

    found = fits.run(training, rounds=())

    crossed = found.stages.scores(found.shipped.crossed_scores())
    assert found.scores[TRAIN].tolist() == crossed.tolist()
    new = np.arange(610, COUNT)
    served = found.stages.scores(training.scores_as_served(found.shipped, new))
    assert found.scores[new].tolist() == served.tolist()
    assert np.isnan(found.scores[600:610]).all()
    assert np.isnan(found.fast[600:610]).all()
    assert not [*found.newest, *found.left_out, *found.learning]


def test_rows_that_are_tested_on_and_examples_choose_no_threshold() -> None:
    setup = a_training().setup
    splits = replace(
        setup.splits,
        train=np.arange(300),
        validation=np.arange(300, 600),
        test=np.arange(600, 800),
        later=np.arange(800, COUNT),
    )
    example = TrainingExample(
        source="site",
        is_fraud=True,
        content="http://xq7.test/",
        fields={},
        group="campaign",
        closed_at_ms=0,
    )
    links = replace(setup.links, examples={7: example})

    chosen = fits.choosing_rows(links, splits)

    assert chosen.tolist() == [row for row in range(600) if row != 7]


def test_a_run_that_is_started_again_fits_nothing_anew(tmp_path: Path) -> None:
    training = with_sources()
    first = fits.run(training, checkpoints=Checkpoints(tmp_path, {}))

    again = fits.run(NoFits(**fields_of(training)), checkpoints=Checkpoints(tmp_path, {}))

    assert len(first.learning) == len(fits.LEARNING_SHARES)
    assert first.left_out
    assert first.newest
    assert (again.left_out, again.learning, again.newest) == (
        first.left_out, first.learning, first.newest,
    )  # fmt: skip
    assert again.scores.tobytes() == first.scores.tobytes()


class NoFits(CascadeTraining):
    """A training whose fits are all kept."""

    def fit(
        self, title: str, rows: Int64s, others: Int64s, *, crosses: bool = True
    ) -> FittedCascade:
        raise AssertionError(title)


def fields_of(training: CascadeTraining) -> dict[str, Any]:
    return {one.name: getattr(training, one.name) for one in dataclasses.fields(training)}


def with_sources() -> CascadeTraining:
    """Deal the rows to four sources and all parts of the split."""
    training = a_training()
    setup, at = training.setup, np.arange(COUNT)
    sources = np.array([f"{'bad' if row % 2 else 'good'}{row % 4 // 2}" for row in range(COUNT)])
    splits = replace(
        setup.splits,
        train=at[:500],
        validation=at[500:650],
        test=at[650:800],
        later=at[800:][at[800:] % 2 == 1],
    )
    links = replace(setup.links, sources=sources)
    return replace(training, setup=replace(setup, links=links, splits=splits))


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
