"""The synthetic day of the decision log is one that the service could have written."""

from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.decision_log_days import a_day, changes
from services.decision_log import schema
from services.decision_log.impact.estimator import ImpactEstimator


def test_a_synthetic_day_has_every_logged_column_and_can_be_previewed(tmp_path: Path) -> None:
    day = a_day(tmp_path, 2400, 240)
    change = dict(changes())["one number"]

    impact = ImpactEstimator(tmp_path).of(*change, hours=24, now_ms=day.now_ms)

    segments = list((tmp_path / "call").rglob("*.parquet"))
    assert {tuple(pq.read_schema(path).names) for path in segments} == {
        tuple(schema.DECISIONS.names)
    }
    assert (len(segments), impact.known, impact.rows_examined) == (24, True, 2400)
