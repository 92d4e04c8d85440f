"""Calls list administration as a client does: short forms of requests and answers."""

from collections.abc import Callable
from typing import Any

from typer.testing import Result

from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import decision_pb2
from tests.support.builders import NINE_O_CLOCK_S

Run = Callable[..., Result]
FAR_S = 4_000_000_000
"""The end of entries that commands read by their own clock, such as exports."""


def entry(pattern: str, **fields: Any) -> pb.Entry:
    common: dict[str, Any] = {
        "action": decision_pb2.ACTION_BLOCK, "source": decision_pb2.SOURCE_BUREAU,
        "reason": "reported",
    }  # fmt: skip
    return pb.Entry(pattern=pattern, **common | fields)


def a_shadow(pattern: str, **fields: Any) -> pb.Entry:
    return entry(pattern, mode=pb.ENTRY_MODE_SHADOW, **fields)


def update(stub: Any, *additions: pb.Entry, **fields: Any) -> pb.UpdateEntriesResponse:
    request = pb.UpdateEntriesRequest(additions=additions, author="li", reason="test", **fields)
    answer: pb.UpdateEntriesResponse = stub.UpdateEntries(request)
    return answer


def find(stub: Any, query: str) -> pb.FindEntriesResponse:
    answer: pb.FindEntriesResponse = stub.FindEntries(pb.FindEntriesRequest(query=query))
    return answer


def outcomes(reports: Any) -> list[str]:
    return [pb.RowOutcome.Name(one.outcome).removeprefix("ROW_OUTCOME_") for one in reports]


class ListClock:
    """The clock of list administration: stands at nine until a test moves it."""

    def __init__(self) -> None:
        self.now_s = NINE_O_CLOCK_S

    def now_ms(self) -> int:
        return self.now_s * 1000
