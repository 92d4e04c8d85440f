"""The client for code that waits: any number of threads, one event loop in a thread beside them."""

import asyncio
import threading
from collections import deque
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc

from fanzha.client import _feedback
from fanzha.client._answers import Answer, Answers, let_through
from fanzha.client._coalescer import RequestCoalescer
from fanzha.client._core import Core
from fanzha.client._counters import Counters
from fanzha.client._failures import RequestFailed
from fanzha.client._options import Options, targets_of
from fanzha.client._request_kinds import CALLS, LINKS, TEXTS
from fanzha.client.login import Login
from fanzha.v1 import feedback_pb2
from fanzha.v1 import interception_pb2 as pb

Result = TypeVar("Result")

GRACE_SECONDS = 0.01
"""The loop answers at the deadline; a thread waits this much longer for it to do so."""


class ReplySlot:
    """Takes one answer in the event loop, and hands it to the thread that waits.

    Bare locks: `concurrent.futures.Future` does the same at five times the cost.
    """

    __slots__ = ("_answer", "_failure", "_lock", "_settled")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self._settled = threading.Lock()
        """Taken by whoever is first: the loop with an answer, or the thread that gives up."""
        self._answer: Answer | None = None
        self._failure: Exception | None = None

    def done(self) -> bool:
        """Return whether there is an answer, or nobody waits any more."""
        return self._settled.locked()

    def set_result(self, answer: Answer) -> None:
        """Hand the answer over; raise `asyncio.InvalidStateError` where nobody waits any more."""
        self._settle()
        self._answer = answer
        self._lock.release()

    def set_exception(self, failure: Exception) -> None:
        """Hand the failure over, likewise."""
        self._settle()
        self._failure = failure
        self._lock.release()

    def wait(self, seconds: float) -> Answer | None:
        """Return the answer, or raise the failure; None where neither came in time."""
        if not self._lock.acquire(timeout=seconds):
            if self._settled.acquire(blocking=False):
                return None
            # The loop is about to release it.
            self._lock.acquire()
        if self._failure is not None:
            raise self._failure
        return self._answer

    def _settle(self) -> None:
        if not self._settled.acquire(blocking=False):
            raise asyncio.InvalidStateError


class Client:
    """Requests decisions from servers, such as ``10.0.0.1:7361,10.0.0.2:7361``. Thread-safe.

    *login* is what it shows them; unless given, what the variables FANZHA_TOKEN_FILE and
    FANZHA_TLS_… hold. *credentials* replace the TLS of the login.

    Concurrent decisions of several threads share requests. Make it after forking, not before. A
    message handed to a method must not be changed before its answer is there.
    """

    def __init__(
        self,
        targets: str,
        options: Options | None = None,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        login: Login | None = None,
    ) -> None:
        self._options = options or Options()
        found = targets_of(targets)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="fanzha-client", daemon=True
        )
        self._thread.start()
        self._requests: deque[tuple[RequestCoalescer[Any], Any, ReplySlot, float]] = deque()
        self._woken = False
        try:
            self._core = self._run(self._make(found, credentials, login))
        except BaseException:
            self._end_loop()
            raise

    def decide_call(self, call: pb.Call, *, timeout: float | None = None) -> Answer:
        """Decide whether to connect a call."""
        return self._call(self._core.calls, call, timeout)

    def decide_text(self, text: pb.Text, *, timeout: float | None = None) -> Answer:
        """Decide whether to deliver a text message."""
        return self._call(self._core.texts, text, timeout)

    def decide_link(self, link: pb.Link, *, timeout: float | None = None) -> Answer:
        """Decide whether to let a link be opened."""
        return self._call(self._core.links, link, timeout)

    def decide_calls(self, calls: Sequence[pb.Call], *, timeout: float | None = None) -> Answers:
        """Decide on up to 4096 calls in one request."""
        return self._run(self._core.decide(CALLS, calls, timeout))

    def decide_texts(self, texts: Sequence[pb.Text], *, timeout: float | None = None) -> Answers:
        """Decide on up to 4096 text messages in one request."""
        return self._run(self._core.decide(TEXTS, texts, timeout))

    def decide_links(self, links: Sequence[pb.Link], *, timeout: float | None = None) -> Answers:
        """Decide on up to 4096 links in one request."""
        return self._run(self._core.decide(LINKS, links, timeout))

    def report_call_ends(
        self, ends: Sequence[feedback_pb2.CallEnd], *, timeout: float = _feedback.TIMEOUT
    ) -> feedback_pb2.ReportCallEndsResponse:
        """Report ended calls. Never repeated; raises `RequestFailed` without an answer."""
        return self._run(_feedback.call_ends(self._core, ends, timeout))

    def confirm_hit(
        self,
        decision_id: int,
        *,
        confirmed_by: str,
        note: str = "",
        timeout: float = _feedback.TIMEOUT,
    ) -> feedback_pb2.ConfirmHitResponse:
        """Report that a decision was about fraud; raises `RequestFailed` without an answer."""
        return self._run(_feedback.confirm(self._core, decision_id, confirmed_by, note, timeout))

    def dismiss_hit(
        self,
        decision_id: int,
        *,
        dismissed_by: str,
        note: str = "",
        timeout: float = _feedback.TIMEOUT,
    ) -> feedback_pb2.DismissHitResponse:
        """Report that a decision was not about fraud."""
        return self._run(_feedback.dismiss(self._core, decision_id, dismissed_by, note, timeout))

    def wait_until_ready(self, timeout: float) -> bool:
        """Wait until a server is ready; return whether one is."""
        return self._run(self._core.wait_until_ready(timeout))

    @property
    def counters(self) -> Counters:
        """What happened so far."""
        return self._core.counters.copy()

    def close(self) -> None:
        """Drain requests in flight, and close the connections."""
        if self._thread.is_alive():
            self._run(self._core.close())
            self._end_loop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def _make(
        self,
        targets: Sequence[str],
        credentials: grpc.ChannelCredentials | None,
        login: Login | None,
    ) -> Core:
        return Core(targets, self._options, credentials, login)

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        if self._loop.is_closed():
            work.close()
            raise RuntimeError("this client is closed")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _call(self, coalescer: RequestCoalescer[Any], row: Any, timeout: float | None) -> Answer:
        self._core.check_open()
        seconds = self._options.timeout if timeout is None else timeout
        waiter = ReplySlot()
        self._requests.append((coalescer, row, waiter, self._loop.time() + seconds))
        # One wake-up serves all rows queued before the loop drains them.
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._hand_over)
        answer = waiter.wait(seconds + GRACE_SECONDS)
        return self._given_up() if answer is None else answer

    def _given_up(self) -> Answer:
        late = RequestFailed(grpc.StatusCode.DEADLINE_EXCEEDED, "the client itself is too slow")
        with suppress(RuntimeError):  # closed meanwhile
            self._loop.call_soon_threadsafe(self._core.counters.count_failed, late.status.name)
        if self._options.fail_open:
            return let_through(late)
        raise late

    def _hand_over(self) -> None:
        # In this order: who finds the loop woken has put its request in before.
        self._woken = False
        while self._requests:
            coalescer, row, waiter, deadline = self._requests.popleft()
            coalescer.put(row, waiter, deadline)
