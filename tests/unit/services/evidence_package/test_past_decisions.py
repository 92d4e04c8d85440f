from pathlib import Path

import pytest

from fanzha.phone import HomePlan
from services.decision_log.query import DecisionQuery
from services.evidence_package import subjects
from services.evidence_package.past_decisions import PastDecisions
from services.evidence_package.sections import Section
from tests.support.builders import an_entry, some_calls, some_links, some_texts
from tests.support.decision_logs import Logged, logged

FRAUD, ANN, BOB = "+8617000000123", "+8619900000001", "+8619900000002"


@pytest.fixture
def log(tmp_path: Path) -> Logged:
    log = logged(tmp_path)
    log.decide(some_calls(FRAUD, callees=(ANN,)), an_entry("+86170*"))
    log.decide(some_calls(BOB, callees=(ANN,)), an_entry(FRAUD))
    log.decide(some_links("http://a.shop.example/pay/1", subscriber=BOB))
    log.decide(some_texts("在吗", sender="Bank", receiver=ANN))
    return log


async def section(log: Logged, query: str) -> Section:
    subject = subjects.read(query, HomePlan())
    return await PastDecisions(DecisionQuery(log.folder, HomePlan())).section(subject)


async def test_decisions_about_a_number_are_included_with_other_parties_masked(log: Logged) -> None:
    (row,) = (await section(log, FRAUD)).rows

    assert (row["action"], row["from_party"], row["to_party"]) == ("BLOCK", FRAUD, "**********0001")
    assert row["pattern"] == "+86170*"


async def test_decisions_about_a_host_and_a_sender_are_found(log: Logged) -> None:
    (link,) = (await section(log, "shop.example")).rows
    (text,) = (await section(log, "Bank")).rows

    assert link["url"] == "http://a.shop.example/pay/1"
    assert link["to_party"] == "**********0002"
    assert text["channel"] == "TEXT"


async def test_a_missing_decision_log_is_reported() -> None:
    subject = subjects.read(FRAUD, HomePlan())

    found = await PastDecisions(None).section(subject)

    assert found.notes == ["no decision log is kept"]


async def test_a_log_that_is_empty_is_no_error(tmp_path: Path) -> None:
    subject = subjects.read(FRAUD, HomePlan())

    found = await PastDecisions(DecisionQuery(tmp_path, HomePlan())).section(subject)

    assert list(found.rows) == []
