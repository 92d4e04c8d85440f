"""A short run of `tests.support.sip_fuzz`; by hand, it sends a hundred thousand messages."""

from pathlib import Path

from tests.support.sip_fuzz import faults_of, fuzz, fuzzed_adapter


async def test_damaged_messages_are_answered_or_dropped_and_break_nothing(tmp_path: Path) -> None:
    with fuzzed_adapter(tmp_path) as (running, provider):
        answers, _ = await fuzz(running, provider, 2000, seed=7)

        assert {"udp 200", "udp 302", "udp 400", "udp 481", "tcp 400"} <= set(answers)
        assert faults_of(running.port("metrics")) == []
        assert running.process.poll() is None
    assert (tmp_path / "sip.log").read_text() == ""
