"""Evidence of origin: the whole table of verdicts, and rules that cannot be compiled."""

from typing import Any

import pytest

from services.decision.origin.verdict_table import OriginFacts, VerdictTable, verdict_table
from tests.support.checkout import CHECKOUT

GOLDEN = CHECKOUT / "tests/cases/origin.txt"
ALL: dict[str, Any] = {"verdict": "judged", "because": "it is so"}


def written(facts: OriginFacts, verdict: str) -> str:
    return " ".join([*(one.name.lower() for one in facts), verdict])


def test_every_combination_has_the_verdict_that_was_agreed() -> None:
    found = [
        written(facts, verdict.name.lower()) for facts, verdict in verdict_table().combinations()
    ]

    assert found == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_every_combination_has_a_reason() -> None:
    table = verdict_table()

    assert all(table.reason(facts) for facts, _ in table.combinations())


@pytest.mark.parametrize(
    ("rules", "wrong"),
    [
        ([], "180 combinations fit no rule"),
        ([{**ALL, "ingress": ["local"]}], "135 combinations fit no rule"),
        ([ALL, {**ALL, "ingress": ["local"]}], "rule 2: never used"),
        ([{**ALL, "verdict": "perhaps"}], "rule 1: 'perhaps' is none of protected, judged"),
        ([{**ALL, "because": ""}], "rule 1: because"),
        ([{**ALL, "trunk": []}], "rule 1: trunk: a list of words"),
        ([{**ALL, "trunk": ["listed", "known"]}], "rule 1: trunk: 'known' is none of none, listed"),
        ([{**ALL, "code": ["ordinary"]}], "rule 1: code: 'ordinary' is none of service"),
        ([{**ALL, "codes": ["service"]}], "rule 1: not known: codes"),
    ],
)
def test_rules_that_are_wrong_useless_or_incomplete_are_refused(
    rules: list[dict[str, Any]], wrong: str
) -> None:
    with pytest.raises(ValueError, match=wrong):
        VerdictTable(rules)
