"""What Prometheus is told of cases."""

from dataclasses import replace

from prometheus_client import CollectorRegistry

from services.warning.cases.metrics import CaseMetrics
from services.warning.cases.model import Case
from services.warning.cases.opening import PlainRouter, apply_warnings
from services.warning.cases.store import CaseCommit
from tests.support.warnings import NOW_MS, a_warning

MINUTE_MS = 60_000


def opened() -> Case:
    warned = replace(a_warning(), occurred_at_ms=NOW_MS - 10 * MINUTE_MS)
    return apply_warnings(None, [warned], PlainRouter(), NOW_MS).case


def test_a_case_is_counted_as_it_opens_and_as_its_person_is_warned_and_reached() -> None:
    registry = CollectorRegistry()
    figures, new = CaseMetrics(registry), opened()
    warned = replace(new, warned_at_ms=NOW_MS + 4 * MINUTE_MS)
    reached = replace(warned, reached_at_ms=NOW_MS + 5 * MINUTE_MS)

    for before, after in ((None, new), (new, warned), (warned, reached), (reached, reached)):
        figures.committed(CaseCommit(before=before, after=after, events=()))

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"fanzha_warning_{name}", labels)

    assert value("cases_total", tier="medium", fraud_type="fake_loan") == 1
    assert value("minutes_to_warned_count", tier="medium", since="intake") == 1
    assert value("minutes_to_warned_sum", tier="medium", since="intake") == 4
    assert value("minutes_to_warned_sum", tier="medium", since="event") == 14
    assert value("reached_total", tier="medium") == 1
