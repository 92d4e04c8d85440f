"""What a worker reports of escalations."""

import logging

import pytest

from fanzha.tables import Channel
from services.decision import cascade
from services.decision.cascade import CascadeReports
from services.decision.model_kinds import ModelKind
from services.decision.observer import Observer
from services.settings.settings import Settings
from tests.support.log_records import logged_by


def test_the_share_of_time_is_that_of_the_settings() -> None:
    budgets = cascade.budgets(Settings(cascade_share=0.2, link_cascade_share=0.4), Observer())

    assert {kind: budget.share for kind, budget in budgets.items()} == {
        ModelKind.TEXT: 0.2,
        ModelKind.LINK: 0.4,
    }


def test_counts_are_passed_to_the_metrics() -> None:
    counted: list[tuple[Channel, int, int, int, float]] = []
    observer = Observer(escalations=lambda *counts: counted.append(counts))

    CascadeReports(Channel.LINK, observer).escalations(
        escalated=1, cached=2, skipped=3, seconds=0.5
    )

    assert counted == [(Channel.LINK, 1, 2, 3, 0.5)]


def test_a_fault_is_logged_once_without_its_text_and_always_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures: list[Channel] = []
    reports = CascadeReports(Channel.TEXT, Observer(escalation_failed=failures.append))

    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            reports.escalation_failed(ValueError("a secret text"))

    assert failures == [Channel.TEXT] * 3
    assert len(logged_by(caplog, "services.decision")) == 1
    assert "ValueError" in caplog.text
    assert "a secret text" not in caplog.text
