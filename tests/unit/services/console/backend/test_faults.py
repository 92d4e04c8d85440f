"""What a failed call says to a person, also where gRPC itself ended it."""

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata

from services.console.backend.faults import fault_of


@pytest.mark.parametrize(
    ("code", "details", "english", "chinese"),
    [
        (
            grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded",
            "it did not answer in time", "未及时应答",
        ),
        (
            grpc.StatusCode.UNAVAILABLE,
            "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:7362",
            "it cannot be reached", "无法连接",
        ),
        (grpc.StatusCode.UNAVAILABLE, "the store is down", *["the store is down"] * 2),
        (grpc.StatusCode.NOT_FOUND, None, "", ""),
    ],
)  # fmt: skip
def test_what_grpc_says_is_said_in_the_language_of_the_reader(
    code: grpc.StatusCode, details: str | None, english: str, chinese: str
) -> None:
    error = AioRpcError(code, Metadata(), Metadata(), details)

    assert fault_of(error, "en").message == english
    assert fault_of(error, "zh").message == chinese
    assert fault_of(error, "zh").status == code.name
