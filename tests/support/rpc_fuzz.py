"""Sends made-up and damaged requests to every RPC: ``python -m tests.support.rpc_fuzz``.

Starts ``fanzha up`` with the warning pipeline, and calls each method of `fanzha.v1` on whichever of
its servers knows it. A request is a message with random fields, or its bytes damaged. Every call
has to end with a status that a caller can act on: UNKNOWN and INTERNAL are failures, and so is a
process that ends. Each service gets as many calls as the others. Prints how many calls ended with
which status, by service; exits with 1 where one failed.
"""

import argparse
import math
import pkgutil
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import chain, cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor

import fanzha.v1
from benchmarks import processes
from tests.support.damaged_messages import damaged_message
from tests.support.processes import NO_CASCADE, fanzha_up

_FAILURES = ("UNKNOWN", "INTERNAL")
_CALL_SECONDS = 5.0
_MOST_ANSWERS = 3
"""Of a stream; it is cancelled then."""
_DEEPEST = 4
_TEXTS = (
    "", "+8617000000001", "bad.example", "http://a.test/b?c=d", "110", "li", "1", "0", "cmcc", "zh",
    "2025-11-24T00:00:00Z", "退款", "\x00", "\u202e", "a" * 2000, "fanzha", "%", "*", "[]", "{}",
    "-1", "1764000000000", "block", "number:+8617000000001", "call", "change:1", "x" * 70_000,
)  # fmt: skip
_NUMBERS = (0, 1, 2, 3, 7, 100, 255, 2**31 - 1, 1_764_000_000_000)
_FRACTIONS = (0.0, 0.5, 1.0, -1.0, float("nan"), float("inf"), 1e30)
_VALUES: dict[int, Sequence[Any]] = {
    FieldDescriptor.CPPTYPE_BOOL: (False, True),
    FieldDescriptor.CPPTYPE_DOUBLE: _FRACTIONS,
    FieldDescriptor.CPPTYPE_FLOAT: _FRACTIONS,
    FieldDescriptor.CPPTYPE_INT32: (*_NUMBERS[:-1], -1, -(2**31)),
    FieldDescriptor.CPPTYPE_UINT32: (*_NUMBERS[:-1], 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (*_NUMBERS, 2**64 - 1),
}
"""By kind of field; of other numbers, those of 64 bits with a sign."""
_PIECES = (
    b"\xff" * 9,
    b"\x00",
    b"\x08\x96\x01",
    b"\x12\xff\xff\xff\xff\x0f",
    b"\xe4\xb8",
    b"a" * 300,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcMethod:
    """A method, and how it is called."""

    path: str
    request: Descriptor
    response: Descriptor
    client_streams: bool
    server_streams: bool

    @property
    def service(self) -> str:
        """The short name of its service."""
        return self.path.split("/")[1].rpartition(".")[2]


@dataclass(slots=True)
class RpcCounts:
    """Statuses by service, and calls that failed."""

    statuses: dict[str, Counter[str]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def all_methods() -> list[RpcMethod]:
    """Return every method of the protocol."""
    found = []
    for module in pkgutil.iter_modules(fanzha.v1.__path__):
        if not module.name.endswith("_pb2"):
            continue
        file: FileDescriptor = import_module(f"fanzha.v1.{module.name}").DESCRIPTOR
        for service in file.services_by_name.values():
            found += [
                RpcMethod(
                    path=f"/{service.full_name}/{method.name}",
                    request=method.input_type,
                    response=method.output_type,
                    client_streams=method.client_streaming,
                    server_streams=method.server_streaming,
                )
                for method in service.methods
            ]
    return sorted(found, key=lambda one: one.path)


def a_request(chance: random.Random, kind: Descriptor) -> bytes:
    """Return the bytes of a message with random fields, at times damaged."""
    message = message_factory.GetMessageClass(kind)()
    _fill(chance, message, 0)
    data = message.SerializeToString()
    return damaged_message(chance, [data or b"\x08"], _PIECES) if chance.random() < 0.3 else data


def in_turn(methods: Sequence[RpcMethod]) -> Iterator[RpcMethod]:
    """Name the services in turn, for ever, and of each its methods in turn."""
    turns: dict[str, list[RpcMethod]] = {}
    for method in methods:
        turns.setdefault(method.service, []).append(method)
    yield from chain.from_iterable(zip(*map(cycle, turns.values()), strict=True))


def fuzz(
    channels: Sequence[grpc.Channel],
    methods: Sequence[RpcMethod],
    count: int,
    chance: random.Random,
    seconds: float = math.inf,
) -> RpcCounts:
    """Make *count* calls, as `in_turn` says; a method is called where a server knows it.

    Those that were made after *seconds* are all.
    """
    until = time.monotonic() + seconds
    found = RpcCounts()
    known: dict[str, grpc.Channel] = {}
    for method in islice(in_turn(methods), count):
        if time.monotonic() > until:
            break
        requests = [a_request(chance, method.request) for _ in range(_requests_of(chance, method))]
        candidates = [known[method.path]] if method.path in known else channels
        status = "UNIMPLEMENTED"
        for channel in candidates:
            status, why = _status(channel, method, requests)
            if status != "UNIMPLEMENTED":
                known[method.path] = channel
                break
        found.statuses.setdefault(method.service, Counter())[status] += 1
        if status in _FAILURES:
            found.failures.append(f"{method.path}: {status}: {why[:300]}: {requests!r:.1500}")
    return found


def _requests_of(chance: random.Random, method: RpcMethod) -> int:
    return chance.randint(0, 3) if method.client_streams else 1


def _status(channel: grpc.Channel, method: RpcMethod, requests: Sequence[bytes]) -> tuple[str, str]:
    call: Any = channel.stream_stream(method.path)
    answers = call(iter(requests), timeout=_CALL_SECONDS)
    try:
        for number, _ in enumerate(answers, 1):
            if method.server_streams and number >= _MOST_ANSWERS:
                answers.cancel()
                break
    except grpc.RpcError as error:
        failed: Any = error
        return str(failed.code().name), str(failed.details())
    return "OK", ""


def _fill(chance: random.Random, message: Any, depth: int) -> None:
    for one in message.DESCRIPTOR.fields:
        if chance.random() < (0.3 if depth else 0.15):
            continue
        repeated = one.is_repeated
        for _ in range(chance.randint(0, 3) if repeated else 1):
            _set(chance, message, one, repeated=repeated, depth=depth)


def _set(
    chance: random.Random, message: Any, one: FieldDescriptor, *, repeated: bool, depth: int
) -> None:
    if one.message_type is not None:
        if one.message_type.GetOptions().map_entry or depth >= _DEEPEST:
            return
        inner = getattr(message, one.name)
        _fill(chance, inner.add() if repeated else inner, depth + 1)
        if not repeated:
            inner.SetInParent()
        return
    value = _value(chance, one)
    if repeated:
        getattr(message, one.name).append(value)
    else:
        setattr(message, one.name, value)


def _value(chance: random.Random, one: FieldDescriptor) -> Any:
    if one.enum_type is not None:
        return chance.choice([*one.enum_type.values_by_number, 99])
    if one.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        text = chance.choice(_TEXTS)
        return text.encode() if one.type == FieldDescriptor.TYPE_BYTES else text
    return chance.choice(_VALUES.get(one.cpp_type, (*_NUMBERS, -1, -(2**63), 2**63 - 1)))


def _report(found: RpcCounts) -> Iterator[str]:
    for service, statuses in sorted(found.statuses.items()):
        told = ", ".join(f"{name} {number:,}" for name, number in statuses.most_common())
        yield f"{service}: {statuses.total():,} calls: {told}"
    yield f"{len(found.failures):,} failed"
    yield from found.failures[:10]


def main() -> int:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=math.inf, help="end after so many")
    options = parser.parse_args()
    with (
        TemporaryDirectory() as name,
        fanzha_up(Path(name), workers=1, **NO_CASCADE) as running,
    ):
        before = set(processes.tree(running.process.pid))
        targets = (running.interception, running.admin, running.warning)
        channels = [grpc.insecure_channel(target) for target in targets]
        found = fuzz(
            channels,
            all_methods(),
            options.count,
            random.Random(options.seed),
            seconds=options.minutes * 60,
        )
        gone = before - set(processes.tree(running.process.pid))
        for channel in channels:
            channel.close()
    sys.stdout.write("\n".join(_report(found)) + f"\nprocesses that ended: {len(gone)}\n")
    return bool(found.failures or gone)


if __name__ == "__main__":
    sys.exit(main())
