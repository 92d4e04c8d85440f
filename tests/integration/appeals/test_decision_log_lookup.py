"""Appeals about decisions that only the decision log still holds."""

from pathlib import Path

from blocklists.entries import EntryKind
from fanzha.phone import HomePlan
from services.appeals import subjects, submission
from services.appeals.decision_log_lookup import LoggedDecisions
from services.appeals.model import Appeal, AppealSubject, FoundIn
from services.decision_log.log import LogOptions
from services.decision_log.query import DecisionQuery
from tests.support.appeals import LISTED, OTHER, office
from tests.support.builders import NINE_O_CLOCK_MS, an_entry, some_calls, some_links
from tests.support.decision_logs import Logged

MINUTE_MS = 60_000


def logged(folder: Path) -> LoggedDecisions:
    return LoggedDecisions(DecisionQuery(folder, HomePlan()), lambda: NINE_O_CLOCK_MS + 1)


def some_decisions(folder: Path) -> None:
    log = Logged(folder, LogOptions(folder=folder, allowed_one_in=1))
    log.decide(some_calls(LISTED, LISTED, callee=OTHER), an_entry(LISTED))
    log.decide(some_links("http://a.shop.example/x"), an_entry("shop.example"))


async def test_a_logged_decision_opens_an_appeal(redis_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "decisions"
    some_decisions(folder)
    recent = await logged(folder).recent(AppealSubject(kind=EntryKind.NUMBER, pattern=LISTED), 10)
    decision_id = int(recent.decisions[0]["decision_id"])

    async with office(redis_url, tmp_path, log=logged(folder)) as running:
        await running.list_(LISTED)
        appeal, _ = await running.built.appeals.opening.open(
            submission.AppealRequest(
                decision_id=decision_id, appellant="Zhang", contact="z", grounds="g", opened_by="d"
            )
        )
        _, evidence, _ = await running.built.appeals.get(appeal.appeal_id)

    assert (appeal.found_in, appeal.subject.pattern) == (FoundIn.LOG, LISTED)
    assert appeal.decision["reason"] == "BLOCKLISTED"
    assert evidence is not None
    assert (evidence.recent.known, evidence.recent.total) == (True, 2)
    assert {one["to_party"] for one in evidence.recent.decisions} == {OTHER}


async def test_a_logged_link_names_the_entry_that_blocked_it(tmp_path: Path) -> None:
    some_decisions(tmp_path)

    recent = await logged(tmp_path).recent(
        AppealSubject(kind=EntryKind.HOST, pattern="shop.example"), 10
    )
    subject = subjects.of_decision(recent.decisions[0], HomePlan())

    assert subject is not None
    assert subject.pattern == "shop.example"


async def test_without_a_decision_log_every_decision_is_unknown(tmp_path: Path) -> None:
    log = logged(tmp_path / "nowhere")

    assert await log.find(1) is None
    assert not (await log.recent(AppealSubject(kind=EntryKind.NUMBER, pattern=LISTED), 10)).known


async def test_a_decision_missing_from_the_log_is_not_found(tmp_path: Path) -> None:
    some_decisions(tmp_path)

    assert await logged(tmp_path).find(12345) is None


async def test_an_appeal_about_a_time_finds_the_block_in_the_log(
    redis_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "decisions"
    some_decisions(folder)

    async def opened(pattern: str, at_ms: int) -> Appeal:
        request = submission.AppealRequest(
            pattern=pattern, occurred_at_ms=at_ms, appellant="Zhang", contact=f"{at_ms}",
            grounds="g", opened_by="d",
        )  # fmt: skip
        return (await running.built.appeals.opening.open(request))[0]

    async with office(redis_url, tmp_path, log=logged(folder)) as running:
        found = [
            await opened(LISTED, NINE_O_CLOCK_MS - 27 * MINUTE_MS),
            await opened("shop.example", NINE_O_CLOCK_MS),
            # Too far away; and a number that was called by the one that was blocked.
            await opened(LISTED, NINE_O_CLOCK_MS - 40 * MINUTE_MS),
            await opened(OTHER, NINE_O_CLOCK_MS),
        ]

    assert [one.found_in for one in found] == [
        *(FoundIn.LOG, FoundIn.LOG, FoundIn.NOWHERE, FoundIn.NOWHERE),
    ]
    assert [one.decision.get("reason") for one in found[:2]] == ["BLOCKLISTED", "BLOCKLISTED"]
    assert all(bool(one.decision_id) == (one.found_in is FoundIn.LOG) for one in found)
