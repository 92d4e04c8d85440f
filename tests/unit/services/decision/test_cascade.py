"""What a worker reports of escalations."""

import logging

import pytest

from services.decision import cascade
from services.decision.cascade import CascadeReports
from services.decision.observer import Observer
from services.settings.settings import Settings


def test_the_share_of_time_is_that_of_the_settings() -> None:
    assert cascade.budget(Settings(cascade_share=0.2), Observer()).share == 0.2


def test_counts_are_passed_to_the_metrics() -> None:
    counted: list[tuple[int, int, int, float]] = []
    observer = Observer(escalations=lambda *counts: counted.append(counts))

    CascadeReports(observer).escalations(escalated=1, cached=2, skipped=3, seconds=0.5)

    assert counted == [(1, 2, 3, 0.5)]


def test_a_fault_is_logged_once_without_its_text_and_always_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures: list[None] = []
    reports = CascadeReports(Observer(escalation_failed=lambda: failures.append(None)))

    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            reports.escalation_failed(ValueError("a secret text"))

    assert len(failures) == 3
    assert len(caplog.records) == 1
    assert "ValueError" in caplog.text
    assert "a secret text" not in caplog.text
