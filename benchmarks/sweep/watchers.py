"""Polls every worker of a service until it enforces a change.

Workers share a port and the kernel assigns each connection to one of them. The upper bits of the
decision ids identify the worker, so connections are opened until each worker has one.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import grpc

from fanzha.v1 import decision_pb2, interception_pb2_grpc
from fanzha.v1 import interception_pb2 as pb
from services.decision.ids import COUNTER_BITS

CALLEE = "+8619900000001"
_MOST_CONNECTIONS = 256
_TIMEOUT_SECONDS = 5.0
LOOK_SECONDS = 0.01
"""Between two polls of one worker: polling must not show in its latencies."""


class Watchers:
    """A connection to each worker."""

    def __init__(self, stubs: Sequence[Any], pool: ThreadPoolExecutor) -> None:
        self._stubs = stubs
        self._pool = pool

    def seen(
        self, number: str, until: float, action: int = decision_pb2.ACTION_BLOCK
    ) -> list[float]:
        """Return when each worker did so with calls from *number*, on the monotonic clock."""
        watching = [self._pool.submit(_first, stub, number, until, action) for stub in self._stubs]
        return [one.result() for one in watching]


@contextmanager
def of_all(target: str, workers: int) -> Iterator[Watchers]:
    """Connect to every worker."""
    with ExitStack() as stack:
        stubs: dict[int, Any] = {}
        for number in range(_MOST_CONNECTIONS):
            options = [("grpc.use_local_subchannel_pool", 1), ("fanzha.connection", number)]
            channel = stack.enter_context(grpc.insecure_channel(target, options))
            stub = interception_pb2_grpc.InterceptionServiceStub(channel)
            stubs.setdefault(_decide(stub, CALLEE).decision_id >> COUNTER_BITS, stub)
            if len(stubs) == workers:
                break
        else:
            raise RuntimeError(f"{len(stubs)} of {workers} workers were found")
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        yield Watchers(list(stubs.values()), pool)


def _first(stub: Any, number: str, until: float, action: int) -> float:
    while _decide(stub, number).action != action:
        if time.monotonic() > until:
            raise RuntimeError(f"a worker does not act on {number}")
        time.sleep(LOOK_SECONDS)
    return time.monotonic()


def _decide(stub: Any, caller: str) -> Any:
    call = pb.Call(caller=caller, callee=CALLEE)
    return stub.DecideCall(pb.DecideCallRequest(call=call), timeout=_TIMEOUT_SECONDS).decision
