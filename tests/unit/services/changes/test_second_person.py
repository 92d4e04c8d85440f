"""When a second person has to approve: the table of docs/how-to/changes.md, case by case."""

from dataclasses import replace

import pytest

from services.auth.identity import DEVELOPER, SecondPersonRule
from services.changes.impact import ImpactEstimate
from services.changes.preview import ChangePreview
from services.changes.second_person import describe, evaluate
from tests.support.change_desk import CHEN, LI

SMALL = ImpactEstimate(known=True, hours=24, calls=3, parties=2)
PLAIN = ChangePreview(
    version=1, at_ms=0, counts={"ADDED": 1}, impact=SMALL, hosts=0, popularity_known=True
)


def needs_second_person(
    preview: ChangePreview, *, removals: int = 0, rule: SecondPersonRule = "by_identity"
) -> bool:
    return evaluate(preview, removals=removals, threshold=100, rule=rule, identity=LI).needed


def test_a_small_known_change_needs_none() -> None:
    found = evaluate(PLAIN, removals=0, threshold=100, rule="by_identity", identity=LI)

    assert not found.needed
    assert found.reasons == (
        "it would have decided 3 events otherwise and reached 2 parties, not over 100",
    )


@pytest.mark.parametrize(
    ("preview", "why"),
    [
        (replace(PLAIN, impact=replace(SMALL, texts=98)), "101 events"),
        (replace(PLAIN, impact=replace(SMALL, parties=101)), "101 parties"),
        (
            replace(PLAIN, impact=ImpactEstimate(known=False, unknown_because="there is no log")),
            "unknown: there is no log",
        ),
        (replace(PLAIN, ranges=2), "ranges: 2"),
        (replace(PLAIN, allows=1), "allow entries: 1"),
        (
            replace(PLAIN, popular=("bank.example (rank 7)",), popular_total=3),
            "popular hosts: bank.example (rank 7) and 2 more",
        ),
        (
            replace(PLAIN, risks=("icbc.com.cn (bank)",), risks_total=4),
            "it hits what many depend on: icbc.com.cn (bank) and 3 more",
        ),
    ],
)
def test_each_risky_change_needs_one_and_names_the_reason(preview: ChangePreview, why: str) -> None:
    found = evaluate(preview, removals=0, threshold=100, rule="by_identity", identity=LI)

    assert found.needed
    assert why in found.reasons[0]


def test_all_reasons_are_named() -> None:
    wide = replace(PLAIN, ranges=1, allows=1, impact=ImpactEstimate(known=False))

    found = evaluate(wide, removals=0, threshold=100, rule="by_identity", identity=LI)

    assert len(found.reasons) == 3


def test_a_change_without_effect_on_decisions_needs_none() -> None:
    idle = replace(
        PLAIN, counts={"REPLACED": 2}, without_effect=2, impact=ImpactEstimate(known=False)
    )

    assert not needs_second_person(idle)
    assert needs_second_person(idle, removals=1)


def test_reverting_an_approved_change_needs_one() -> None:
    found = evaluate(
        PLAIN, removals=0, threshold=100, rule="by_identity", identity=LI, undoes_approved=True
    )

    assert found.reasons == ("it reverts a change that a second person approved",)


def test_unknown_popularity_is_reported() -> None:
    found = evaluate(
        replace(PLAIN, hosts=1, popularity_known=False),
        removals=0, threshold=100, rule="by_identity", identity=LI,
    )  # fmt: skip

    assert not found.needed
    assert "popularity of its hosts unknown" in found.reasons[0]


@pytest.mark.parametrize(
    ("rule", "who", "asks"),
    [
        ("by_identity", LI, True),
        ("by_identity", DEVELOPER, False),
        ("always", LI, True),
        ("always", DEVELOPER, True),
        ("off", LI, False),
        ("off", DEVELOPER, False),
    ],
)
def test_rule_and_identity_decide_whether_a_second_person_is_needed(
    rule: SecondPersonRule, who: "object", asks: bool
) -> None:
    wide = replace(PLAIN, ranges=1)

    found = evaluate(wide, removals=0, threshold=100, rule=rule, identity=who)  # type: ignore[arg-type]

    assert (found.needed, found.rule) == (asks, rule)


def test_an_officer_needs_none_for_a_lift() -> None:
    wide = replace(PLAIN, allows=1)

    found = evaluate(wide, removals=0, threshold=100, rule="by_identity", identity=CHEN, lifts=True)

    assert not found.needed


def test_the_rule_is_described_in_words() -> None:
    assert "authentication is off" in describe("by_identity", development=True)
    assert "second_person is by_identity" in describe("by_identity", development=False)
    assert "second_person is always" in describe("always", development=True)
    assert "is off" in describe("off", development=False)
