"""Counts and durations are those of the appeals, whatever their order."""

from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import EntryKind
from services.appeals import report
from services.appeals.model import Appeal, AppealState, AppealSubject, Lift

HOUR_MS = 3_600_000


def an_appeal(
    state: AppealState,
    *,
    took_hours: float = 1,
    lift: Lift | None = None,
    blocked_by: str = "bureau",
    regions: tuple[str, ...] = (),
) -> Appeal:
    return Appeal(
        appeal_id=1,
        state=state,
        received_at_ms=0,
        deadline_ms=72 * HOUR_MS,
        closed_at_ms=int(took_hours * HOUR_MS) if state not in {"received", "in_review"} else 0,
        appellant="",
        contact="",
        grounds="",
        subject=AppealSubject(kind=EntryKind.NUMBER, pattern="110"),
        opened_by="desk",
        blocked_by=blocked_by,
        lift=lift,
        regions=regions,
    )


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
def test_p95_is_the_least_that_nineteen_of_twenty_stay_within(seconds: list[float]) -> None:
    found = report.durations(seconds)

    within = sum(one <= found.p95 for one in seconds)
    below = sum(one < found.p95 for one in seconds)
    assert within * 20 >= len(seconds) * 19 > below * 20
    assert (found.median, found.longest) == (median(seconds), max(seconds))


def test_an_empty_report_has_durations_of_zero() -> None:
    assert report.durations([]).count == 0


def test_appeals_are_counted_by_state_and_by_what_blocked() -> None:
    done = Lift(version=2, workers=2, seconds=0.5, done=True)
    unmeasured = Lift(version=2, done=True)
    appeals = [
        an_appeal(AppealState.UPHELD, lift=done),
        an_appeal(AppealState.UPHELD, lift=unmeasured, blocked_by="model"),
        an_appeal(AppealState.UPHELD, took_hours=80),
        an_appeal(AppealState.REJECTED, took_hours=3),
        an_appeal(AppealState.RECEIVED),
        an_appeal(AppealState.WITHDRAWN),
    ]

    found = report.of(appeals, 36 * HOUR_MS)

    assert found.by_state == {"upheld": 3, "rejected": 1, "received": 1, "withdrawn": 1}
    assert found.upheld_by_blocked_by == {"bureau": 2, "model": 1}
    assert (found.due_soon, found.overdue, found.decided_late) == (1, 0, 1)
    assert (found.decision_seconds.count, found.decision_seconds.median) == (4, 2 * 3600)
    assert (found.lift_seconds.count, found.lift_seconds.longest) == (1, 0.5)
    assert (found.lifts_pending, found.lifts_unmeasured) == (1, 1)


def test_an_appeal_counts_for_its_county_its_city_and_its_province() -> None:
    upheld, rejected = AppealState.UPHELD, AppealState.REJECTED
    found = report.of(
        [
            an_appeal(upheld, regions=("330106",)),
            an_appeal(rejected, regions=("3301",)),
            an_appeal(rejected, regions=("330106", "330203")),
            an_appeal(rejected, regions=("", "3301")),
            an_appeal(AppealState.RECEIVED),
        ],
        0,
    )

    assert {
        code: (one.received, one.upheld, one.rejected) for code, one in found.by_region.items()
    } == {"330106": (1, 1, 0), "3301": (2, 1, 1), "33": (3, 1, 2), "": (2, 0, 1)}
