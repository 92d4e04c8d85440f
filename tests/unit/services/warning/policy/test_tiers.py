from pathlib import Path
from typing import Any

import pytest

from fanzha.fraud import FraudType
from fanzha.tables import Channel
from services.warning.model import Risk, Tier
from services.warning.policy import facts as case_facts
from services.warning.policy import preview, tiers
from services.warning.policy.facts import CaseFacts
from services.warning.policy.tiers import TierPolicy

POLICY = """
version = "test-1"
[points]
medium = 10
high = 20
[[line]]
id = "long"
about = "spoke for a minute"
when = { talked_s_at_least = 60 }
points = 10
[[line]]
id = "loan"
about = "a fake loan"
when = { fraud_type = ["FAKE_LOAN"] }
points = 10
[[line]]
id = "opened"
about = "opened the link"
when = { opened_link = true }
at_least = "high"
[[line]]
id = "unsure"
about = "nobody confirmed it"
when = { confirmed = false }
at_most = "medium"
"""


def facts(**given: Any) -> CaseFacts:
    return CaseFacts(case_id="1", **given)


def judged(**given: Any) -> tuple[Tier, tuple[str, ...]]:
    verdict = tiers.parse(POLICY, "test").judge(facts(**given))
    assert verdict.version == "test-1"
    return verdict.tier, verdict.lines


def test_points_of_lines_that_hold_add_up() -> None:
    assert judged() == (Tier.LOW, ())
    assert judged(talked_s=60) == (Tier.MEDIUM, ("long",))
    assert judged(talked_s=60, fraud_type=FraudType.FAKE_LOAN) == (Tier.HIGH, ("long", "loan"))


def test_at_least_raises_and_is_named_alone() -> None:
    assert judged(talked_s=60, opened_link=True) == (Tier.HIGH, ("opened",))


def test_at_most_is_applied_last_and_named() -> None:
    assert judged(opened_link=True, confirmed=False) == (Tier.MEDIUM, ("opened", "unsure"))
    assert judged(talked_s=60, confirmed=False) == (Tier.MEDIUM, ("long",))


SHIPPED = TierPolicy.load()


@pytest.mark.parametrize(
    ("given", "tier"),
    [
        ({}, Tier.LOW),
        ({"talked_s": 700}, Tier.HIGH),
        ({"talked_s": 60}, Tier.MEDIUM),
        ({"talked_s": 45, "opened_link": True}, Tier.HIGH),
        ({"fraud_type": FraudType.IMPERSONATE_AUTHORITY, "talked_s": 30}, Tier.HIGH),
        ({"talked_s": 700, "opened_link": True, "confirmed": False}, Tier.MEDIUM),
        ({"channels": frozenset(Channel), "hits": 10}, Tier.MEDIUM),
        ({"risk": Risk.HIGH}, Tier.MEDIUM),
        ({"risk": Risk.HIGH, "groups": frozenset({"vulnerable"})}, Tier.HIGH),
    ],
)
def test_the_shipped_policy(given: dict[str, Any], tier: Tier) -> None:
    verdict = SHIPPED.judge(facts(**given))

    assert verdict.tier is tier
    assert verdict.lines or tier is Tier.LOW


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (("medium = 10", "medium = 30"), "0 < medium < high"),
        (('id = "loan"', 'id = "long"'), "'long': the id is there twice"),
        (("FAKE_LOAN", "FAKE_LAON"), r"'loan': when: fraud_type: none of .*FAKE_LOAN.*FAKE_LAON"),
        (("talked_s_at_least", "talked"), "'long': when: there is no 'talked'"),
        (("= 60", '= "60"'), "'long': when: talked_s_at_least: a whole number"),
        (('at_least = "high"', 'at_least = "urgent"'), "'opened': at_least: low, medium or high"),
        (("points = 10", "points = 10\nat_most = 'low'"), "one of points, at_least, at_most"),
        (('version = "test-1"', "version = 1"), "version: letters"),
        (("opened_link = true", "opened_link = 1"), "true or false"),
        (('about = "a fake loan"\n', ""), "'loan': about: say what it means"),
        (("[points]", "[points"), "no TOML"),
    ],
)
def test_an_error_in_a_policy_names_place_and_reason(change: tuple[str, str], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        tiers.parse(POLICY.replace(*change), "policy.toml")


@pytest.mark.parametrize(
    ("when", "holds", "not_"),
    [
        ('regions = ["安徽"]', {"region": "340503"}, {"region": "330100"}),
        ('regions = ["340500"]', {"region": "340503"}, {"region": "340100"}),
        ("score_at_least = 0.5", {"score": 0.5}, {"score": None}),
        ('channels = ["call"]', {"channels": frozenset({Channel.CALL})}, {}),
        ("means_at_least = 2", {"means": 2}, {"means": 1}),
        ('groups = ["a", "b"]', {"groups": frozenset({"b"})}, {"groups": frozenset({"c"})}),
        ('risk_at_least = "high"', {"risk": Risk.HIGH}, {"risk": Risk.MEDIUM}),
    ],
)
def test_each_condition(when: str, holds: dict[str, Any], not_: dict[str, Any]) -> None:
    text = POLICY.replace("talked_s_at_least = 60", when)
    line = tiers.parse(text, "test").lines[0]

    assert line.holds(facts(**holds))
    assert not line.holds(facts(**not_))


def test_a_preview_counts_what_changes_and_shows_some() -> None:
    before = tiers.parse(POLICY, "before")
    after = tiers.parse(
        POLICY.replace("high = 20", "high = 11").replace("points = 10", "points = 11", 1), "x"
    )
    cases = [CaseFacts(case_id=str(number), talked_s=60 * (number % 2)) for number in range(20)]

    found = preview.preview(before, after, cases, examples=2)

    assert (found.cases, found.changed) == (20, 10)
    assert found.matrix == {(Tier.LOW, Tier.LOW): 10, (Tier.MEDIUM, Tier.HIGH): 10}
    assert [example.case_id for example in found.examples] == ["1", "3"]
    assert found.lines == {"long": 10, "loan": 0, "opened": 0, "unsure": 0}


def test_groups_of_people_and_regions_are_loaded(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text(
        "kind,value,group\nnumber,17000000001,vulnerable\nnumber,+8617000000001,industry\n"
        "region,马鞍山市,key_region\n",
        encoding="utf-8",
    )

    context = case_facts.load(path)

    assert context.of("+8617000000001", ("340000", "340500", "")) == {
        "vulnerable", "industry", "key_region",
    }  # fmt: skip
    assert context.of("+8617000000002", ("340000", "340100", "")) == frozenset()


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("number,x,vulnerable", ":2: value: no number"),
        ("people,1,vulnerable", "kind: number or region"),
        ("region,340500,", "group: 1 to"),
    ],
)
def test_a_wrong_row_of_groups_is_named(tmp_path: Path, row: str, wrong: str) -> None:
    path = tmp_path / "groups.csv"
    path.write_text(f"kind,value,group\n{row}\n", encoding="utf-8")

    with pytest.raises(ValueError, match=wrong):
        case_facts.load(path)
