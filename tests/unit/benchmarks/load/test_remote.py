"""Load for a system elsewhere: bounded, recorded nowhere unless asked for, never from CI."""

import os
import subprocess
import sys

import pytest

from benchmarks import scenarios
from benchmarks.load import remote, traffic
from fanzha.v1 import interception_pb2 as pb
from tests.support.checkout import CHECKOUT


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize(
    ("rows", "request_type"), [(1, pb.DecideTextRequest), (3, pb.DecideTextsRequest)]
)
def test_requests_are_dry_runs_unless_live(rows: int, request_type: type, live: bool) -> None:
    (body,) = traffic.several("text", rows, 0, scenarios.SEED, 1)

    request = request_type()
    request.ParseFromString(remote.message_of(body, live=live))

    assert request.dry_run is not live
    assert (request.text if rows == 1 else request.texts[0]).body == body.rows[0].body


@pytest.mark.parametrize(
    ("options", "environment", "said"),
    [
        (["--yes"], {"CI": "true"}, "CI is set"),
        ([], {}, "say --yes"),
        (["--yes", "--seconds", "61"], {}, "0.1 to 60"),
        (["--yes", "--requests", "100001"], {}, "from 1 to 100,000"),
        (["--yes", "--at-once", "65"], {}, "from 1 to 64"),
    ],
)
def test_what_is_out_of_bounds_or_not_agreed_sends_nothing(
    options: list[str], environment: dict[str, str], said: str
) -> None:
    clean = {name: value for name, value in os.environ.items() if name != "CI"}

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load.remote", "--target", "192.0.2.1:7361", *options],
        env=clean | environment, cwd=CHECKOUT, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False, timeout=120,
    )  # fmt: skip

    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert not done.stdout


def test_a_cell_tells_what_was_answered_and_what_was_not() -> None:
    cell = remote.Cell("call", 16, seconds=2.0, latencies=[0.010] * 3)
    cell.statuses.update({"OK": 3, "UNAVAILABLE": 2})

    words = cell.words()

    assert (words["requests"], words["rows_per_second"]) == (5, 24.0)
    assert words["p50_ms"] == pytest.approx(10, rel=0.01)
    assert words["statuses"] == {"OK": 3, "UNAVAILABLE": 2}
