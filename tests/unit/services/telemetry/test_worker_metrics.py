import threading
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from fanzha.decisions import Action, Reason
from fanzha.fraud import FraudType
from fanzha.tables import Channel, Uint8s
from services.decision.model_kinds import ModelKind
from services.decision.shadow.models import ShadowDifference
from services.decision.shed_reasons import ShedReason
from services.telemetry import drift_families
from services.telemetry import metrics_layout as layout
from services.telemetry.metrics_exporter import MetricsPages, MetricsServer
from services.telemetry.worker_metrics import DecisionMetrics
from tests.support.audit_logs import no_file_beyond

NOW = 1_767_603_600.0
decisions = st.lists(st.tuples(st.sampled_from(Action), st.sampled_from(Reason)), max_size=40)


@pytest.fixture
def pages(tmp_path: Path) -> MetricsPages:
    return MetricsPages(tmp_path / "metrics", now_seconds=lambda: NOW)


def reading(pages: MetricsPages) -> Callable[..., float | None]:
    """Read the pages once; return what looks up a value by its name and labels."""
    registry = CollectorRegistry()
    registry.register(pages)
    values = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in registry.collect()
        for sample in family.samples
    }
    return lambda name, **labels: values.get((name, frozenset(labels.items())))


def test_disguised_texts_are_counted(pages: MetricsPages) -> None:
    worker = DecisionMetrics.on_page(pages.directory, "worker-0", 1)

    worker.texts_disguised(2)
    worker.texts_disguised(3)

    assert reading(pages)("fanzha_disguised_texts_total") == 5


def test_escalations_are_counted_by_channel_and_outcome(pages: MetricsPages) -> None:
    worker = DecisionMetrics.on_page(pages.directory, "worker-0", 1)

    worker.escalations(Channel.TEXT, 2, 3, 5, 0.25)
    worker.escalations(Channel.TEXT, 1, 0, 0, 0.5)
    worker.escalation_failed(Channel.TEXT)
    worker.escalations(Channel.LINK, 40, 1, 2, 0.125)
    worker.escalation_failed(Channel.LINK)

    value = reading(pages)
    found = [
        [
            value("fanzha_escalations_total", channel=channel, outcome=outcome)
            for outcome in layout.ESCALATION_OUTCOMES
        ]
        for channel in ("text", "link")
    ]
    assert found == [[3, 3, 5, 1], [40, 1, 2, 1]]
    seconds = [
        value("fanzha_escalation_seconds_total", channel=channel) for channel in ("text", "link")
    ]
    assert seconds == [0.75, 0.125]


def test_the_state_of_the_second_stage_is_a_gauge_and_absent_where_it_is_off(
    pages: MetricsPages,
) -> None:
    workers = [DecisionMetrics.on_page(pages.directory, f"worker-{n}", n) for n in range(3)]

    workers[0].cascade_available(Channel.LINK, True)
    workers[1].cascade_available(Channel.LINK, False)

    value = reading(pages)
    found = {
        channel: [
            value("fanzha_cascade_available", channel=channel, worker=f"worker-{n}")
            for n in range(3)
        ]
        for channel in ("text", "link")
    }
    assert found == {"text": [None, None, None], "link": [1, 0, None]}


def columns(rows: list[tuple[Action, Reason]]) -> tuple[Uint8s, Uint8s]:
    return (
        np.array([action for action, _ in rows], np.uint8),
        np.array([reason for _, reason in rows], np.uint8),
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(Channel), decisions), max_size=5))
def test_decisions_are_counted_one_by_one(
    tmp_path_factory: pytest.TempPathFactory,
    batches: list[tuple[Channel, list[tuple[Action, Reason]]]],
) -> None:
    pages = MetricsPages(tmp_path_factory.mktemp("metrics"))
    worker = DecisionMetrics.on_page(pages.directory, "worker-0", 1)

    for channel, rows in batches:
        worker.count(channel, *columns(rows))

    expected = Counter((channel, *row) for channel, rows in batches for row in rows)
    value = reading(pages)
    for channel in Channel:
        for action in Action:
            for reason in Reason:
                found = value(
                    "fanzha_decisions_total",
                    channel=drift_families.WORDS[channel],
                    action=action.name.lower(),
                    reason=reason.name.lower(),
                )
                assert found == expected[channel, action, reason]


def test_a_batch_counts_with_its_rows(pages: MetricsPages) -> None:
    worker = DecisionMetrics.on_page(pages.directory, "worker-0", 1)

    worker.count(Channel.TEXT, *columns([(Action.ALLOW, Reason.SCORED)] * 3))

    value = reading(pages)
    assert value("fanzha_batch_rows_bucket", channel="text", le="2.0") == 0
    assert value("fanzha_batch_rows_bucket", channel="text", le="4.0") == 1
    assert value("fanzha_batch_rows_sum", channel="text") == 3
    assert value("fanzha_batch_rows_count", channel="call") == 0


def test_a_request_counts_with_the_time_it_took(pages: MetricsPages) -> None:
    worker = DecisionMetrics.on_page(pages.directory, "worker-0", 1)

    worker.answered(Channel.LINK, 0.002)
    worker.answered(Channel.LINK, 0.0021)

    value = reading(pages)
    assert value("fanzha_request_seconds_bucket", channel="link", le="0.002") == 1
    assert value("fanzha_request_seconds_bucket", channel="link", le="0.003") == 2
    assert value("fanzha_request_seconds_sum", channel="link") == pytest.approx(0.0041)
    assert value("fanzha_request_seconds_count", channel="call") == 0


def test_a_stage_takes_the_time_since_the_one_before(pages: MetricsPages) -> None:
    seconds = iter([0.0, 10.0, 10.5, 10.7])
    worker = DecisionMetrics.on_page(pages.directory, "worker-0", 1, clock=lambda: next(seconds))

    worker.started(Channel.CALL)
    worker.stage_done(Channel.CALL, "convert")
    worker.stage_done(Channel.CALL, "lists")

    value = reading(pages)
    assert value("fanzha_stage_seconds_sum", channel="call", stage="convert") == 0.5
    assert value("fanzha_stage_seconds_bucket", channel="call", stage="lists", le="0.25") == 1
    assert value("fanzha_stage_seconds_bucket", channel="call", stage="lists", le="0.1") == 0
    assert value("fanzha_stage_seconds_count", channel="call", stage="model") == 0


def test_workers_are_added_up_and_their_gauges_are_not(pages: MetricsPages) -> None:
    for number in range(2):
        worker = DecisionMetrics.on_page(pages.directory, f"worker-{number}", 100 + number)
        worker.hits_written(10)
        worker.hits_buffered(number + 5)
        worker.list_in_force(7 + number, 1000, NOW - 30)

    value = reading(pages)
    assert value("fanzha_hits_written_total") == 20
    assert value("fanzha_hit_buffer_rows", worker="worker-1") == 6
    assert value("fanzha_list_version", worker="worker-0") == 7
    assert value("fanzha_list_age_seconds", worker="worker-0") == 30


def test_the_counts_of_a_dead_worker_stay_and_its_gauges_go(pages: MetricsPages) -> None:
    worker = DecisionMetrics.on_page(pages.directory, "worker-0", 100)
    worker.hits_dropped(10)
    worker.model_failed(Channel.LINK)
    worker.hits_buffered(5)

    pages.retire(100)
    pages.retire(100)
    successor = DecisionMetrics.on_page(pages.directory, "worker-0", 101)
    successor.hits_dropped(1)

    value = reading(pages)
    assert value("fanzha_hits_dropped_total") == 11
    assert value("fanzha_model_failures_total", channel="link") == 1
    assert value("fanzha_hit_buffer_rows", worker="worker-0") == 0


def test_pages_of_an_earlier_run_are_not_counted(pages: MetricsPages) -> None:
    DecisionMetrics.on_page(pages.directory, "worker-0", 100).hits_written(10)

    later = MetricsPages(pages.directory)

    assert reading(later)("fanzha_hits_written_total") == 0


def test_failed_requests_are_counted_by_status(pages: MetricsPages) -> None:
    worker = DecisionMetrics.on_page(pages.directory, "worker-0", 100)

    worker.rpc_failed("not_found")

    assert reading(pages)("fanzha_rpc_errors_total", code="not_found") == 1


def test_requests_that_were_not_decided_are_counted_by_reason(pages: MetricsPages) -> None:
    worker = DecisionMetrics.on_page(pages.directory, "worker-0", 100)

    counts = {ShedReason.WAIT: 1, ShedReason.LATE_BETWEEN_STAGES: 1, ShedReason.GONE: 2}
    for why, times in counts.items():
        for _ in range(times):
            worker.shed(why)

    value = reading(pages)
    found = {why: value("fanzha_requests_shed_total", reason=why) for why in ShedReason}
    assert found == dict.fromkeys(ShedReason, 0) | counts


def test_prometheus_can_read_all_of_it(pages: MetricsPages) -> None:
    worker = DecisionMetrics.on_page(pages.directory, "worker-0", 100)
    worker.count(Channel.CALL, *columns([(Action.BLOCK, Reason.BLOCKLISTED)]))

    threads = set(threading.enumerate())
    with (
        MetricsServer(pages, "127.0.0.1", 0) as server,
        urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=60) as answer,
    ):
        page = answer.read().decode()

    assert 'fanzha_decisions_total{action="block",channel="call",reason="blocklisted"} 1.0' in page
    # The thread of the request may end a moment later than the server.
    for thread in set(threading.enumerate()) - threads:
        thread.join(60)
        assert not thread.is_alive(), thread.name


def test_a_metrics_port_that_is_taken_is_an_error_that_names_it(pages: MetricsPages) -> None:
    with (
        MetricsServer(pages, "127.0.0.1", 0) as first,
        pytest.raises(RuntimeError, match=str(first.port)),
    ):
        MetricsServer(pages, "127.0.0.1", first.port)


def test_figures_of_different_series_never_share_a_place() -> None:
    places = [
        layout.START[family.name] + place
        for family in layout.FAMILIES
        for place in range(family.span)
    ]

    assert sorted(places) == list(range(layout.SIZE))


def test_changes_by_a_shadow_are_counted_by_fraud_type_too(pages: MetricsPages) -> None:
    worker = DecisionMetrics.on_page(pages.directory, "worker-0", 1)
    block, allow, same = (
        ShadowDifference.WOULD_BLOCK,
        ShadowDifference.WOULD_ALLOW,
        ShadowDifference.SAME,
    )
    found = np.array([block, allow, same, block], np.uint8)
    loan, romance, unknown = FraudType.FAKE_LOAN, FraudType.ROMANCE, FraudType.UNSPECIFIED
    types = np.array([loan, loan, loan, loan], np.uint8)
    others = np.array([romance, romance, romance, unknown], np.uint8)

    worker.shadowed(Channel.TEXT, found, types, others)
    worker.shadowed(Channel.LINK, found[1:3], None, None)

    value = reading(pages)
    rows = {
        (channel, change.name): value(
            "fanzha_shadow_decisions_total", channel=channel, change=change.name.lower()
        )
        for channel in ("text", "link")
        for change in ShadowDifference
    }
    assert rows == {
        ("text", "WOULD_BLOCK"): 2,
        ("text", "WOULD_ALLOW"): 1,
        ("text", "SAME"): 1,
        ("link", "WOULD_BLOCK"): 0,
        ("link", "WOULD_ALLOW"): 1,
        ("link", "SAME"): 1,
    }
    by_type = "fanzha_shadow_text_changes_total"
    assert value(by_type, change="would_block", fraud_type="romance") == 1
    assert value(by_type, change="would_block", fraud_type="unspecified") == 1
    assert value(by_type, change="would_allow", fraud_type="fake_loan") == 1
    assert value(by_type, change="would_block", fraud_type="fake_loan") == 0


def test_shadow_failures_swaps_and_refusals_are_counted_by_channel(pages: MetricsPages) -> None:
    worker = DecisionMetrics.on_page(pages.directory, "worker-0", 1)

    worker.shadow_failed(ModelKind.LINK)
    worker.model_swapped(ModelKind.TEXT)
    worker.model_refused(ModelKind.VELOCITY)

    value = reading(pages)
    assert value("fanzha_shadow_failures_total", channel="link") == 1
    assert value("fanzha_shadow_failures_total", channel="text") == 0
    assert value("fanzha_model_swaps_total", channel="text") == 1
    assert value("fanzha_model_refusals_total", channel="velocity") == 1


def test_drift_is_a_gauge_of_each_worker_and_absent_while_unknown(pages: MetricsPages) -> None:
    first = DecisionMetrics.on_page(pages.directory, "worker-0", 1)
    DecisionMetrics.on_page(pages.directory, "worker-1", 2)

    first.drifted(Channel.TEXT, 0.125)
    first.drifted(Channel.CALL, 0.0)

    value = reading(pages)
    assert value("fanzha_score_drift", worker="worker-0", channel="text") == 0.125
    assert value("fanzha_score_drift", worker="worker-0", channel="call") == 0.0
    assert value("fanzha_score_drift", worker="worker-0", channel="link") is None
    assert value("fanzha_score_drift", worker="worker-1", channel="text") is None


def test_marks_by_a_shadow_are_counted(pages: MetricsPages) -> None:
    worker = DecisionMetrics.on_page(pages.directory, "worker-0", 1)

    worker.marks_shadowed(np.array([0, 1, 1, 2], np.uint8))

    value = reading(pages)
    found = [
        value("fanzha_shadow_marks_total", change=change)
        for change in ("same", "would_mark", "would_clear")
    ]
    assert found == [1, 2, 1]


def test_failures_of_background_tasks_are_counted_by_task_and_outlive_the_worker(
    pages: MetricsPages,
) -> None:
    first = DecisionMetrics.on_page(pages.directory, "worker-0", 1)
    second = DecisionMetrics.on_page(pages.directory, "worker-1", 2)

    first.task_failures({"model follower": 2, "a new task": 1})
    pages.retire(1)
    second.task_failures({"model follower": 3})
    second.task_failures({"model follower": 4})

    value = reading(pages)
    name = "fanzha_periodic_task_failures_total"
    assert (value(name, task="model follower"), value(name, task="other")) == (6, 1)


def test_requests_are_counted_by_the_longest_wait_of_their_batch(pages: MetricsPages) -> None:
    worker = DecisionMetrics.on_page(pages.directory, "worker-0", 1)

    worker.waited(3, 0.004)
    worker.waited(1, 0.2)

    value = reading(pages)
    assert value("fanzha_queue_seconds_bucket", le="0.0025") == 0
    assert value("fanzha_queue_seconds_bucket", le="0.005") == 3
    assert value("fanzha_queue_seconds_count") == 4
    assert value("fanzha_queue_seconds_sum") == pytest.approx(0.212)


def test_a_page_for_which_there_is_no_room_is_an_error_and_leaves_nothing(
    pages: MetricsPages,
) -> None:
    with no_file_beyond(1000), pytest.raises(OSError, match="File too large"):
        DecisionMetrics.on_page(pages.directory, "worker-0", 1)

    assert list(pages.directory.iterdir()) == []
