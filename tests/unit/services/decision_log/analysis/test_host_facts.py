"""A decision that facts on a link's domain moved says so, and what it would be without them."""

from typing import Any

import pytest

from services.decision_log import explanation
from services.decision_log.analysis import alternatives

TOLD = {"domain_age_days": 3.0, "odds_ratio": 8.0, "model_score": 0.7}
LOWERED = {"popularity_rank": 400.0, "odds_ratio": 0.02, "model_score": 0.95}
ROW: dict[str, Any] = {
    "channel": "LINK",
    "action": "BLOCK",
    "reason": "SCORED",
    "model_version": "7",
    "score": 0.949,
    "threshold": 0.9,
    "rules_held": "scored",
    "settings": "host_facts_action=block",
}
LET_THROUGH = {"action": "ALLOW", "score": 0.275, "host_facts": LOWERED, "rules_held": ""}


def sentences(**changes: Any) -> list[str]:
    return [one.english for one in alternatives.of(ROW | changes)]


def test_a_block_names_what_was_told_and_the_score_of_the_url_alone() -> None:
    said = explanation.why(ROW | {"host_facts": TOLD})

    assert "days since registration 3, which multiplied the odds by 8" in said.english
    assert "by the URL alone it scored 0.700" in said.english
    assert "域名注册天数 3，几率乘以 8；仅凭网址评分 0.700" in said.chinese


@pytest.mark.parametrize("facts", [None, {}])
def test_without_facts_nothing_is_said_of_any(facts: Any) -> None:
    assert "gateway" not in explanation.why(ROW | {"host_facts": facts}).english
    assert not any("gateway" in one for one in sentences(host_facts=facts))


def test_a_block_by_facts_would_be_let_through_without_them() -> None:
    assert (
        "without what is known of the domain (the score is 0.700 then), or with "
        "host_facts_action off, it would be let through: no rule holds (SCORED)."
    ) in sentences(host_facts=TOLD)


def test_a_block_that_needed_no_facts_does_not_name_them_as_a_way_out() -> None:
    assert not any("gateway" in one for one in sentences(host_facts=TOLD | {"model_score": 0.92}))


def test_what_facts_let_through_would_be_blocked_without_them() -> None:
    assert (
        "without what is known of the domain, it would be blocked: the score is 0.950 "
        "then (SCORED)."
    ) in sentences(**LET_THROUGH)


def test_a_review_says_which_facts_brought_it_there() -> None:
    row = ROW | {"action": "ALLOW", "reason": "REVIEW", "score": 0.899, "host_facts": TOLD}

    assert "days since registration 3" in explanation.why(row).english
