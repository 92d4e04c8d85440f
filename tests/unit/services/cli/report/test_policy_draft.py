"""Drafts of a warning policy: valid, with one line for groups at risk, harmless by itself."""

from importlib.resources import files

from fanzha.v1 import warning_report_pb2 as pb
from services.cli.report import policy_draft
from services.warning.policy import tiers

SHIPPED = (files("services.warning") / "data" / "policy-1.toml").read_text(encoding="utf-8")
REPORT = pb.TargetingReport(
    since_ms=1_764_000_000_000,
    until_ms=1_766_000_000_000,
    groups=[
        pb.GroupRisk(name='age:60+ "old"', rate=pb.RateRatio(ratio=3, low=1.4, high=5)),
        pb.GroupRisk(name="job:clerk", rate=pb.RateRatio(ratio=1.5, low=0.9, high=2)),
        pb.GroupRisk(name="age:-18", suppressed=True),
    ],
)


def test_only_a_rate_that_is_higher_beyond_doubt_is_drafted() -> None:
    assert policy_draft.at_risk(REPORT) == ['age:60+ "old"']


def test_a_draft_is_a_policy_with_one_more_line_whatever_a_group_is_called() -> None:
    text = policy_draft.drafted(SHIPPED, REPORT, policy_draft.at_risk(REPORT))

    before, after = tiers.parse(SHIPPED, "a"), tiers.parse(text, "b")
    assert after.version.startswith(f"{before.version}.targets-")
    assert [one.id for one in after.lines] == [*(one.id for one in before.lines), "at-risk"]
    assert after.medium > policy_draft.POINTS


def test_a_second_draft_takes_the_place_of_the_first() -> None:
    once = policy_draft.drafted(SHIPPED, REPORT, ["a"])

    twice = policy_draft.drafted(once, REPORT, ["b"])

    assert twice.count('id = "at-risk"') == 1
    assert 'groups = ["b"]' in twice
    assert tiers.parse(twice, "b").version.count(".targets-") == 1
