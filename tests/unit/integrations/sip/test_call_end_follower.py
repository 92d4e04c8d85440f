import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from fanzha.client import CallEnd
from fanzha.errors import Unavailable
from integrations.sip.call_ends.follower import MOST_ENDS, CallEndFollower
from integrations.sip.call_ends.record import CallEndReader


class Service:
    """Takes reports, or is away."""

    def __init__(self) -> None:
        self.away = False
        self.callers: list[str] = []
        self.counts: Counter[str] = Counter()

    async def report(self, ends: Sequence[CallEnd]) -> int | None:
        if self.away:
            return None
        self.callers += [end.caller for end in ends]
        return len(ends)

    def count(self, result: str, rows: int) -> None:
        self.counts[result] += rows


@pytest.fixture
def service() -> Service:
    return Service()


def follower(folder: Path, service: Service, *, is_csv: bool = False) -> CallEndFollower:
    return CallEndFollower(
        pattern=folder / "*.log*",
        state=folder / "state.json",
        reader=CallEndReader(is_csv=is_csv, names={}),
        report=service.report,
        count=service.count,
    )


def line(caller: int) -> str:
    return json.dumps({"caller": str(caller), "callee": "1"}) + "\n"


def append(file: Path, text: str) -> None:
    with file.open("a") as opened:
        opened.write(text)


async def test_what_is_appended_is_reported_once_over_restarts(
    tmp_path: Path, service: Service
) -> None:
    file = tmp_path / "a.log"
    await follower(tmp_path, service).step()
    append(file, line(1) + line(2) + '{"caller":"3",')
    await follower(tmp_path, service).step()
    append(file, '"callee":"1"}\n')
    again = follower(tmp_path, service)
    await again.step()
    await again.step()

    assert service.callers == ["1", "2", "3"]


async def test_what_was_there_before_the_first_start_is_passed_over(
    tmp_path: Path, service: Service
) -> None:
    append(tmp_path / "a.log", line(1))
    first = follower(tmp_path, service)
    append(tmp_path / "a.log", line(2))
    append(tmp_path / "b.log", line(3))
    await first.step()

    assert service.callers == ["2", "3"]


async def test_while_no_service_answers_nothing_is_lost(tmp_path: Path, service: Service) -> None:
    follows = follower(tmp_path, service)
    append(tmp_path / "a.log", line(1))
    service.away = True
    with pytest.raises(Unavailable):
        await follows.step()
    service.away = False
    await follows.step()

    assert service.callers == ["1"]


async def test_rotation_loses_and_repeats_nothing(tmp_path: Path, service: Service) -> None:
    file = tmp_path / "a.log"
    follows = follower(tmp_path, service)
    append(file, line(1))
    await follows.step()
    append(file, line(2))
    file.rename(tmp_path / "a.log.1")
    append(file, line(3))
    await follows.step()

    assert sorted(service.callers) == ["1", "2", "3"]


async def test_a_file_that_was_truncated_is_read_anew(tmp_path: Path, service: Service) -> None:
    file = tmp_path / "a.log"
    follows = follower(tmp_path, service)
    append(file, line(1) + line(2))
    await follows.step()
    file.write_text(line(3))
    await follows.step()

    assert service.callers == ["1", "2", "3"]


async def test_lines_that_are_no_records_are_counted_and_stop_nothing(
    tmp_path: Path, service: Service
) -> None:
    follows = follower(tmp_path, service)
    (tmp_path / "a.log").write_bytes(b"\xff\xfe\n\n" + line(1).encode() + b"[]\n")
    await follows.step()

    assert service.callers == ["1"]
    assert service.counts == {"accepted": 1, "refused": 0, "malformed": 2}


async def test_a_line_without_end_is_passed_over(tmp_path: Path, service: Service) -> None:
    follows = follower(tmp_path, service)
    (tmp_path / "a.log").write_bytes(b"x" * (3 << 20) + b"\n" + line(1).encode())
    await follows.step()

    assert service.callers == ["1"]


async def test_many_lines_travel_in_several_reports(tmp_path: Path, service: Service) -> None:
    follows = follower(tmp_path, service)
    append(tmp_path / "a.log", "".join(line(number) for number in range(2 * MOST_ENDS + 1)))
    await follows.step()

    assert service.callers == [str(number) for number in range(2 * MOST_ENDS + 1)]


async def test_the_first_line_of_a_csv_names_its_columns(tmp_path: Path, service: Service) -> None:
    file = tmp_path / "a.log"
    append(file, "callee,seconds,caller\n2,3,1\n")
    first = follower(tmp_path, service, is_csv=True)
    append(file, "2,3,4\n")
    await first.step()
    append(file, "2,3,5\n")
    await follower(tmp_path, service, is_csv=True).step()
    append(tmp_path / "b.log", "caller,callee\n6,2\n")
    await follower(tmp_path, service, is_csv=True).step()

    assert service.callers == ["4", "5", "6"]


async def test_a_state_that_is_damaged_is_made_anew(tmp_path: Path, service: Service) -> None:
    append(tmp_path / "a.log", line(1))
    (tmp_path / "state.json").write_text("{]")
    follows = follower(tmp_path, service)
    append(tmp_path / "a.log", line(2))
    await follows.step()

    assert service.callers == ["2"]
