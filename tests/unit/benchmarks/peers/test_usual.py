"""What ZEN is asked is what our rules say."""

from typing import Any

from benchmarks.peers import usual
from benchmarks.peers.usual_servers import rules_ours, rules_zen
from fanzha.decisions import Action
from services.decision.rules import rule


def first_that_holds(row: dict[str, Any]) -> str:
    """Read the decision table as ZEN does: conditions of a rule all hold, the first rule wins."""

    def holds(field: str, condition: str) -> bool:
        if condition == ">= threshold":
            return bool(row[field] >= row["threshold"])
        wanted: Any = {"true": True, "false": False}.get(condition, condition.strip("'"))
        return bool(row[field] == wanted)

    return next(
        action
        for conditions, action in rules_zen.RULES
        if all(holds(field, condition) for field, condition in conditions.items())
    )


def test_the_decision_table_decides_each_row_as_our_rules_do() -> None:
    rows = usual.evidence()

    actions = rule(**rules_ours.columns(rows)).actions

    ours = ["block" if action == Action.BLOCK else "allow" for action in actions.tolist()]
    assert ours == [first_that_holds(row) for row in rows]
    assert 0.03 < ours.count("block") / len(ours) < 0.2


def test_evidence_holds_what_every_rule_is_about() -> None:
    rows = usual.evidence()

    assert {row["listed"] for row in rows} == {"", "allow", "block"}
    for field in ("invalid", "protected"):
        assert 0 < sum(row[field] for row in rows) < len(rows) / 20
    assert not all(row["scored"] for row in rows)
