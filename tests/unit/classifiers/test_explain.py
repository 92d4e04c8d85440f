"""What weighs in scores of the shipped models, checked by scoring without it."""

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers import bundles, explain
from classifiers.caller.classifier import TABLE_COLUMNS, activity_from_table
from fanzha.url import canonical
from tests.support.effort import examples

FRAUD = "Your bank account has been suspended. Verify your identity now: http://bank.example/login"


@cache
def models() -> bundles.Classifiers:
    """Return the shipped models; not loaded by processes that run other files."""
    return bundles.load_all()


def test_without_the_heaviest_word_of_a_fraud_its_score_falls_most() -> None:
    parts = explain.text(models().text, FRAUD, 0)

    weights = [abs(part.weight) for part in parts]
    assert weights == sorted(weights, reverse=True)
    heaviest = next(part for part in parts if part.weight > 0)
    without = FRAUD.replace(heaviest.part, " ")
    before, after = models().text.log_odds([FRAUD, without], np.zeros(2, np.int64))
    assert after < before


def test_contributions_are_given_though_the_score_is_almost_one() -> None:
    body = (
        "尊敬的建行用户：您的账户积分即将清零，可兑换现金880元，"
        "请立即登录 http://ccb-jf.example 领取【建设银行】"
    )

    parts = explain.text(models().text, body, 0)

    assert models().text.score_bodies([body]).p_fraud[0] > 0.99
    assert parts
    assert sum(part.weight > 0 for part in parts) > len(parts) / 2


@settings(max_examples=examples(60))
@given(st.text(max_size=80))
def test_parts_of_a_text_stand_in_it_and_do_not_overlap(body: str) -> None:
    parts = explain.text(models().text, body, 0)

    assert len(parts) <= explain.PARTS
    assert all(part.part in body and np.isfinite(part.weight) for part in parts)
    assert sum(len(part.part) for part in parts) <= len(body)


def test_pieces_of_a_link_weigh_and_stand_in_it() -> None:
    url = canonical("http://secure-login.account-update.test/signin.php?id=8f3a91c2")

    parts = explain.link(models().link, url)

    assert parts
    assert all(part.part in url for part in parts)


def test_an_address_is_not_cut_and_an_unreadable_link_has_no_parts() -> None:
    parts = explain.link(models().link, canonical("http://203.0.113.7/bins/update.sh"))

    assert {part.part for part in parts} <= {"bins", "update", "sh"}
    assert explain.link(models().link, "") == []


@settings(max_examples=examples(60))
@given(st.text(max_size=60))
def test_any_link_is_explained_without_an_error(text: str) -> None:
    parts = explain.link(models().link, canonical(text))

    assert all(np.isfinite(part.weight) for part in parts)


def test_calling_many_people_once_weighs_for_fraud() -> None:
    cells = (300.0, 295.0, 290.0, 10.0, 25.0, 4.0, 4.0, 9.0, 3.0, 6.0, 1.0)
    columns = {
        name: np.array([cell], np.float32) for name, cell in zip(TABLE_COLUMNS, cells, strict=True)
    }

    parts = explain.caller(models().caller, activity_from_table(columns))

    weights = {part.part: part.weight for part in parts}
    assert weights["log_calls_per_counterpart"] > 0


def test_a_caller_nothing_is_known_of_has_no_contributions() -> None:
    columns = {"opposite_count": np.array([3], np.float32)}

    assert explain.caller(models().caller, activity_from_table(columns)) == []
