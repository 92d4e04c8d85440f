"""Commands that ask for a dry run say so when the server is too old to know what that is."""

from pathlib import Path

from tests.support.decision_server import decision_server
from tests.support.processes import run


def test_a_replay_stops_when_the_server_has_recorded_it(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text("caller,callee\n" + "+8617000000001,+8619900000001\n" * 40)

    with decision_server() as server:
        done = run("replay", "call", str(file), "--batch", "1", "--in-flight", "1",
                   FANZHA_TARGET=server.target)  # fmt: skip

    assert done.returncode == 3
    assert "the server is too old to know dry runs, and recorded what it was asked" in done.stderr
    assert server.sizes == [1]
