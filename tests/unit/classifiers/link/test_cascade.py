"""Links with an uncertain fast score, which a second stage scores again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers import bundles
from classifiers.card import CARD, CASCADE_HEAD
from classifiers.cascade import EscalationPace
from classifiers.escalation import EscalationBudget
from classifiers.link import url_columns
from classifiers.link.classifier import LinkClassifier
from classifiers.training.link import trees
from tests.support.cascades import EscalationTally
from tests.support.link_cascades import (
    DEEP,
    SHALLOW,
    STATISTICS,
    GrownTrees,
    a_cascade,
    a_link_bundle,
    fast_model,
)
from tests.support.link_cascades import about as the_card


def a_budget(tally: EscalationTally, share: float = 0.5) -> EscalationBudget:
    return EscalationBudget(share=share, clock=lambda: 0.0, counters=tally)


def test_the_second_stage_decides_uncertain_links() -> None:
    fast, both = LinkClassifier(fast_model()), LinkClassifier(fast_model(), a_cascade())

    assert (fast.score([DEEP, SHALLOW]) < fast.threshold).all()
    assert (both.score([DEEP, SHALLOW]) >= both.threshold).tolist() == [True, False]


def test_an_empty_url_stays_without_a_score_and_its_neighbours_keep_theirs() -> None:
    model = LinkClassifier(fast_model(), a_cascade())

    scores = model.score(["", DEEP, "", SHALLOW])

    assert np.isnan(scores).tolist() == [True, False, True, False]
    assert scores[[1, 3]].tolist() == pytest.approx(model.score([DEEP, SHALLOW]).tolist())


def test_beyond_the_pace_links_keep_their_fast_scores() -> None:
    tally = EscalationTally()
    pace = EscalationPace(most_of_a_batch=3, at_a_time=2)
    model = LinkClassifier(fast_model(), a_cascade(pace), a_budget(tally))
    urls = [f"http://bank.example/{number}/b/c" for number in range(300)]

    scores = model.score(urls)

    assert tally.outcomes == {"escalated": 3, "cached": 0, "skipped": 297}
    assert (scores >= model.threshold).sum() == 3
    remaining = scores < model.threshold
    fast = LinkClassifier(fast_model()).score(urls)
    assert scores[remaining].tolist() == pytest.approx(fast[remaining].tolist(), abs=1e-5)


def test_a_link_that_comes_again_is_answered_from_the_cache() -> None:
    tally = EscalationTally()
    model = LinkClassifier(fast_model(), a_cascade(), a_budget(tally))

    first, second = model.score([DEEP]), model.score([DEEP, DEEP])

    assert second.tolist() == [first.item()] * 2
    assert tally.outcomes == {"escalated": 1, "cached": 2, "skipped": 0}


def test_a_bundle_is_loaded_with_its_second_stage(tmp_path: Path) -> None:
    a_link_bundle(tmp_path, "9")

    model = bundles.load_link(tmp_path)

    assert model.score([DEEP]).item() >= model.threshold


def test_a_share_of_zero_loads_no_second_stage(tmp_path: Path) -> None:
    bundle = a_link_bundle(tmp_path, "9")
    (bundle / CASCADE_HEAD).unlink()

    model = bundles.load_link(tmp_path, budget=a_budget(EscalationTally(), share=0.0))

    assert model.score([DEEP]).item() < model.threshold


def test_a_damaged_second_stage_is_refused(tmp_path: Path) -> None:
    bundle = a_link_bundle(tmp_path, "9")
    head = bytearray((bundle / CASCADE_HEAD).read_bytes())
    head[len(head) // 2] ^= 1
    (bundle / CASCADE_HEAD).write_bytes(head)

    with pytest.raises(ValueError, match="sha256"):
        bundles.load_link(tmp_path)


def test_trees_for_other_columns_are_refused(tmp_path: Path) -> None:
    bundle = a_link_bundle(tmp_path, "9")
    text = (bundle / CARD).read_text(encoding="utf-8")
    (bundle / CARD).write_text(text.replace(url_columns.REVISION, "older-1"), encoding="utf-8")

    with pytest.raises(ValueError, match="no encoder url-columns older-"):
        bundles.load_link(tmp_path)


def test_trees_of_the_first_columns_load_and_read_no_more_than_those(tmp_path: Path) -> None:
    grown = GrownTrees([(1 + url_columns.NAMES.index("depth"), 1.5)], (-8.0, 8.0))
    grown.n_features_in_ = 1 + url_columns.WIDTHS[url_columns.FIRST_REVISION]
    about = replace(the_card(), encoder_version=url_columns.FIRST_REVISION)
    bundle = a_link_bundle(tmp_path, "9", trees.graph(grown, STATISTICS), about)

    model = bundles.load_link(tmp_path)

    assert bundle.name == model.version
    assert (model.score([DEEP, SHALLOW]) >= model.threshold).tolist() == [True, False]


def test_the_bundle_before_is_there_to_go_back_to() -> None:
    before = bundles.load_link(version=bundles.versions(None, "url")[-2])

    assert before.threshold > 0.99
