"""What appeals and evidence read in the decision log."""

from pathlib import Path

import pytest

from blocklists.entries import EntryKind
from fanzha.phone import HomePlan
from services.appeals.decision_log_lookup import RECENT_DAYS, LoggedDecisions
from services.appeals.model import AppealSubject
from services.decision_log.query import DecisionQuery
from services.evidence_package import subjects
from services.evidence_package.past_decisions import PastDecisions
from tests.support.builders import an_entry, some_calls, some_links, some_texts
from tests.support.decision_logs import NOW_MS, Clock, Logged, logged

FRAUD, OTHER, ANN = "+8617000000123", "+8619900000007", "+8619900000001"
DAY_MS = 86_400_000


@pytest.fixture
def log(tmp_path: Path) -> Logged:
    log = logged(tmp_path)
    log.decide(some_calls(FRAUD, OTHER, callee=ANN), an_entry(FRAUD))
    log.decide(some_links("https://shop.example/pay/1", subscriber=ANN))
    log.decide(some_texts("看 http://shop.example/a"), an_entry("shop.example"))
    return log


def of_appeals(log: Logged, at_ms: int = NOW_MS) -> LoggedDecisions:
    return LoggedDecisions(DecisionQuery(log.folder, HomePlan()), Clock(at_ms))


async def test_appeals_find_a_decision_by_the_names_of_hits(log: Logged) -> None:
    found = await of_appeals(log).find(100)

    assert found is not None
    assert {name: found[name] for name in ("action", "reason", "from_party", "pattern")} == {
        "action": "BLOCK",
        "reason": "BLOCKLISTED",
        "from_party": FRAUD,
        "pattern": FRAUD,
    }
    assert await of_appeals(log).find(7) is None


@pytest.mark.parametrize(
    ("kind", "pattern", "total"),
    [
        (EntryKind.NUMBER, FRAUD, 1),
        (EntryKind.NUMBER, ANN, 3),
        (EntryKind.RANGE, "+86170*", 2),
        (EntryKind.HOST, "shop.example", 2),
        (EntryKind.URL_PREFIX, "shop.example/pay/", 2),
        (EntryKind.FINGERPRINT, "fp1:none", 0),
    ],
)
async def test_appeals_see_recent_decisions(
    log: Logged, kind: EntryKind, pattern: str, total: int
) -> None:
    recent = await of_appeals(log).recent(AppealSubject(kind=kind, pattern=pattern), 20)

    assert (recent.known, recent.total, len(recent.decisions)) == (True, total, total)


async def test_recent_ends_after_the_configured_days(log: Logged) -> None:
    later = of_appeals(log, NOW_MS + (RECENT_DAYS + 1) * DAY_MS)

    recent = await later.recent(AppealSubject(kind=EntryKind.NUMBER, pattern=FRAUD), 20)

    assert (recent.known, recent.total) == (True, 0)


async def test_evidence_masks_other_parties(log: Logged) -> None:
    source = PastDecisions(DecisionQuery(log.folder, HomePlan()))

    section = await source.section(subjects.read(FRAUD, HomePlan()))

    (row,) = section.rows
    assert (row["from_party"], row["to_party"]) == (FRAUD, "**********0001")
    assert (row["decided"], row["evidence"]) == ("2026-01-05T09:00:00.000Z", "CALLER")
    assert "1 are logged" in section.notes[1]
