"""The steps of a policy: who is warned how, and how long each way may take."""

from typing import Any

import pytest

from services.warning.cases.opening import ContactStep
from services.warning.model import Tier
from services.warning.policy import plans, tiers


def a_step(**fields: Any) -> dict[str, Any]:
    return {"tier": "high", "channel": "sms", "within_minutes": 10} | fields


def test_steps_of_one_tier_keep_their_order() -> None:
    read = plans.read([a_step(), a_step(tier="low"), a_step(channel="voice", within_minutes=0.5)])

    assert read[Tier.HIGH] == [
        ContactStep(channel="sms", within_ms=600_000),
        ContactStep(channel="voice", within_ms=30_000),
    ]


def test_a_tier_without_steps_has_those_of_the_package() -> None:
    shipped = tiers.TierPolicy.load().plans

    read = plans.read([a_step()])

    assert read[Tier.MEDIUM] == shipped[Tier.MEDIUM]
    assert read[Tier.HIGH] != shipped[Tier.HIGH]


def test_the_shipped_policy_sets_all_steps() -> None:
    formatted = {
        tier: plans.formatted(steps) for tier, steps in tiers.TierPolicy.load().plans.items()
    }

    assert formatted == {
        Tier.LOW: "sms 1440 min",
        Tier.MEDIUM: "sms 120 min, voice 240 min, in_person 1440 min",
        Tier.HIGH: "sms 10 min, voice 30 min, in_person 120 min",
    }


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        pytest.param({"tier": "high"}, r"write \[\[step\]\]", id="one table"),
        pytest.param([{"tier": "high"}], "number 1: tier, channel, within_minutes", id="short"),
        pytest.param([a_step(to="x")], "and nothing else", id="unknown field"),
        pytest.param([a_step(), a_step(tier="urgent")], "number 2: tier: low", id="tier"),
        pytest.param([a_step(channel="mail")], "channel: one of sms, voice", id="channel"),
        pytest.param([a_step(within_minutes=0)], "a second to 30 days: 0", id="at once"),
        pytest.param([a_step(within_minutes=True)], "within_minutes: a number", id="no number"),
        pytest.param([a_step(within_minutes="10")], "within_minutes: a number", id="a text"),
        pytest.param([a_step()] * 11, "10 for a tier", id="too many"),
    ],
)
def test_a_wrong_step_is_refused_by_its_place(steps: Any, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        plans.read(steps)
