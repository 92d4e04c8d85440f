from pathlib import Path

import pytest

from services.decision.shed_reasons import ShedReason
from services.processes import worker_parts
from services.settings.settings import Settings
from tests.support.audit_logs import no_file_beyond


def test_a_worker_without_room_for_its_metrics_counts_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "metrics").mkdir()

    with no_file_beyond(1000):
        made = worker_parts.metrics(Settings(data_dir=tmp_path))
    made.shed(ShedReason.WAIT)

    assert "the metrics of this worker are on no page" in caplog.text
