"""The desk of a county: outcomes of cases, and the changes proposed from them."""

import time
from typing import Any

from examples.lists_tour_site import SHORT, heading, say
from examples.warning_demo import pipeline
from examples.warning_demo.campaigns import COURIER, LOAN_SENDER, LOSS_TO, person
from examples.warning_demo.pipeline import Seen
from examples.warning_demo.story import Story
from fanzha.client import Call
from services.warning.cases.model import Case

PROPOSER = "warning-pipeline"
_PATIENCE_SECONDS = 90.0
_SAFE = 2


def closed(story: Story, seen: Seen) -> None:
    """Close cases of 合肥 as He: some safe, and one that lost money."""
    heading("7. The desk of 合肥: two people are safe, one lost money, three were false alarms")
    story.site.fanzha("he", "cases", "list", "--limit", "4")
    loans = [
        case
        for case in seen.cases
        if case.campaign == f"number:{LOAN_SENDER.casefold()}" and pipeline.city_of(case) == "合肥"
    ]
    for case in loans[:_SAFE]:
        _close(story, case, "safe", quiet=case != loans[0])
    _close(story, loans[_SAFE], "lost_money", "--lost", "20000", "--lost-to", f"number:{LOSS_TO}",
           "--reason", "转账后报案，对方另用一个号码催款")  # fmt: skip
    say("the number that took the money was on no list; the service proposes an entry:")
    story.expect("entries proposed", 1, _shown(story, _proposed(story, f"+ block {LOSS_TO}")))


def taken_back(story: Story, seen: Seen) -> None:
    """Let Wang agree to the removal that the service proposes."""
    cases = [case for case in seen.cases if case.campaign == f"number:{COURIER}"]
    for case in cases:
        _close(story, case, "false_alarm", "--reason", "当事人确在等快递，号码属正规快递公司",
               quiet=case != cases[0])  # fmt: skip
    say("the parcel service was listed by mistake; the service proposes the removal:")
    change = _proposed(story, f"- block {COURIER}")
    story.expect("removals proposed", 1, _shown(story, change))
    if not change:
        return
    call = Call(caller=COURIER, callee=person("合肥", 91))
    with story.site.watching(lambda: story.site.client.decide_call(call)) as watch:
        watch.wait(lambda answer: answer.blocked)
        agree = "approve" if change["state"] == "pending" else "apply"
        story.site.fanzha("wang", "changes", agree, str(change["id"]))
        watch.wait(lambda answer: not answer.blocked)
    story.expect("the parcel service rings again", True, not watch.answer.blocked)
    story.site.fanzha("wang", "warnings", "entries", "--limit", "3")


def _close(story: Story, case: Case, outcome: str, *more: str, quiet: bool = False) -> None:
    """Take a case, and close it."""
    story.site.fanzha("he", "cases", "take", case.id, quiet=quiet or outcome != "safe")
    story.site.fanzha("he", "cases", "close", case.id, outcome, *more, quiet=quiet)


def _proposed(story: Story, row: str) -> dict[str, Any]:
    """Wait for a change with this row, proposed by the service itself."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        changes = story.site.json("wang", "changes", "list", quiet=True).get("changes", [])
        for change in changes:
            if change.get("author") != PROPOSER:
                continue
            found: dict[str, Any] = change
            shown = story.site.fanzha("wang", "changes", "show", str(change["id"]), quiet=True)
            if row in shown:
                return found
        time.sleep(0.5)
    return {}


def _shown(story: Story, change: dict[str, Any]) -> int:
    """Show a change, if there is one; return how many there are."""
    if change:
        story.site.fanzha("wang", "changes", "show", str(change["id"]), "--rows", "1", most=SHORT)
    return int(bool(change))
