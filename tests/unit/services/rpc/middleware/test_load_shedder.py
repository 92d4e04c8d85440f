"""Requests are refused when the line is longer than they can wait."""

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, duration_pb2, message_factory

from services.decision.shed_reasons import ShedReason
from services.rpc.middleware.load_shedder import MIN_QUEUED, DeadlinePassed, LoadShedder, Overloaded
from services.rpc.middleware.retry_hint import RETRY_INFO, retry_trailers


class Clock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def a_gate(
    clock: Clock,
    longest_wait_seconds: float = 1.0,
    shed: Callable[[ShedReason], None] = lambda _why: None,
) -> LoadShedder:
    return LoadShedder(longest_wait_seconds=longest_wait_seconds, clock=clock, shed=shed)


def teach(gate: LoadShedder, clock: Clock, seconds_each: float) -> None:
    """Let many requests through that take this long each."""
    for _ in range(200):
        gate.enter(None)
        clock.seconds += seconds_each
        gate.leave()


def fill(gate: LoadShedder, requests: int) -> None:
    for _ in range(requests):
        gate.enter(None)


def test_a_request_without_time_left_is_too_late() -> None:
    gate = a_gate(Clock())

    with pytest.raises(DeadlinePassed):
        gate.enter(0.0)


def test_why_a_request_is_not_decided_is_told() -> None:
    clock = Clock()
    told: list[ShedReason] = []
    gate = a_gate(clock, shed=told.append)
    teach(gate, clock, 0.01)
    fill(gate, 20)

    with pytest.raises(Overloaded):
        gate.enter(0.1)
    with pytest.raises(DeadlinePassed):
        gate.enter(-1.0)
    with pytest.raises(DeadlinePassed):
        gate.was_read(0.0)
    gate.was_read(0.1)
    gate.was_read(None)

    assert told == [ShedReason.WAIT, ShedReason.LATE, ShedReason.LATE_WHEN_READ]


def test_the_wait_is_what_those_inside_will_take() -> None:
    clock = Clock()
    gate = a_gate(clock)

    teach(gate, clock, 0.01)
    fill(gate, 20)

    assert gate.wait_seconds == pytest.approx(0.2, rel=0.01)


def test_a_request_that_cannot_be_answered_before_its_deadline_is_refused() -> None:
    clock = Clock()
    gate = a_gate(clock)
    teach(gate, clock, 0.01)
    fill(gate, 20)

    with pytest.raises(Overloaded) as refused:
        gate.enter(0.1)
    gate.enter(0.3)

    assert refused.value.wait_seconds == pytest.approx(0.2, rel=0.01)


def test_without_a_deadline_the_longest_wait_counts() -> None:
    clock = Clock()
    gate = a_gate(clock, longest_wait_seconds=0.15)
    teach(gate, clock, 0.01)
    fill(gate, 16)

    with pytest.raises(Overloaded):
        gate.enter(None)


def test_a_few_slow_requests_are_no_line() -> None:
    clock = Clock()
    gate = a_gate(clock)
    teach(gate, clock, 0.9)

    fill(gate, MIN_QUEUED)

    with pytest.raises(Overloaded):
        gate.enter(0.5)


def test_who_is_refused_is_not_in_the_line() -> None:
    clock = Clock()
    gate = a_gate(clock)
    teach(gate, clock, 0.2)
    fill(gate, MIN_QUEUED)
    before = gate.wait_seconds

    for _ in range(5):
        with pytest.raises(Overloaded):
            gate.enter(0.1)

    assert gate.wait_seconds == before


def test_time_without_requests_is_not_service_time() -> None:
    clock = Clock()
    gate = a_gate(clock)
    teach(gate, clock, 0.01)

    clock.seconds += 3600
    teach(gate, clock, 0.01)
    fill(gate, 1)

    assert gate.wait_seconds == pytest.approx(0.01, rel=0.01)


@pytest.mark.parametrize("message", ["overloaded", "x" * 300])
def test_the_trailers_say_when_to_come_again(message: str) -> None:
    hint, (key, written) = retry_trailers(8, message, 0.25)

    status = google_rpc("Status").FromString(written)
    info = google_rpc("RetryInfo").FromString(status.details[0].value)

    assert hint == ("retry-after-ms", "250")
    assert key == "grpc-status-details-bin"
    assert (status.code, status.message) == (8, message)
    assert status.details[0].type_url == RETRY_INFO
    assert info.retry_delay.ToMilliseconds() == 250


def google_rpc(name: str) -> Any:
    """Make a message of google.rpc from its description."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="google_rpc_in_tests.proto",
        package="google.rpc",
        syntax="proto3",
        dependency=[any_pb2.DESCRIPTOR.name, duration_pb2.DESCRIPTOR.name],
    )
    optional, repeated = field.LABEL_OPTIONAL, field.LABEL_REPEATED
    described: dict[str, list[tuple[str, int, Any, Any, str]]] = {
        "Status": [
            ("code", 1, field.TYPE_INT32, optional, ""),
            ("message", 2, field.TYPE_STRING, optional, ""),
            ("details", 3, field.TYPE_MESSAGE, repeated, ".google.protobuf.Any"),
        ],
        "RetryInfo": [
            ("retry_delay", 1, field.TYPE_MESSAGE, optional, ".google.protobuf.Duration"),
        ],
    }
    for message, fields in described.items():
        added = file.message_type.add(name=message)
        for field_name, number, kind, label, type_name in fields:
            added.field.add(
                name=field_name, number=number, type=kind, label=label, type_name=type_name or None
            )
    pool = descriptor_pool.DescriptorPool()
    for dependency in (any_pb2, duration_pb2):
        pool.AddSerializedFile(dependency.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"google.rpc.{name}"))
