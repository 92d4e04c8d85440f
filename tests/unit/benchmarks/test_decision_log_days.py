"""The synthetic day of the decision log is one that the service could have written."""

from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.decision_log_days import a_day, changes
from services.decision_log import schema
from services.decision_log.impact.estimator import ImpactEstimator


def test_a_synthetic_day_has_every_logged_column(tmp_path: Path) -> None:
    a_day(tmp_path, 2400, 240)

    segments = list((tmp_path / "call").rglob("*.parquet"))
    assert len(segments) == 24
    for path in segments:
        assert pq.read_schema(path).names == schema.DECISIONS.names


def test_changes_are_previewed_on_a_synthetic_day(tmp_path: Path) -> None:
    day = a_day(tmp_path, 2400, 240)

    for _, change in changes():
        impact = ImpactEstimator(tmp_path).of(*change, hours=24, now_ms=day.now_ms)
        assert (impact.known, impact.rows_examined) == (True, 2400)
