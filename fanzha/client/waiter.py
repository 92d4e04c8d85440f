"""A thread that waits for one answer."""

import threading

import grpc

from fanzha.client.answers import Answer
from fanzha.client.failures import RequestFailed


class Waiter:
    """Takes one answer in the event loop, and hands it to the thread that waits.

    A bare lock: `concurrent.futures.Future` does the same at five times the cost.
    """

    __slots__ = ("_answer", "_failure", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self._answer: Answer | None = None
        self._failure: Exception | None = None

    def done(self) -> bool:
        """Tell whether there is an answer."""
        return self._answer is not None or self._failure is not None

    def set_result(self, answer: Answer) -> None:
        """Hand the answer over."""
        self._answer = answer
        self._lock.release()

    def set_exception(self, failure: Exception) -> None:
        """Hand over why there is none."""
        self._failure = failure
        self._lock.release()

    def wait(self, seconds: float) -> Answer:
        """Return the answer, or raise why there is none."""
        self._lock.acquire(timeout=seconds)
        if self._answer is not None:
            return self._answer
        raise self._failure or RequestFailed(
            grpc.StatusCode.DEADLINE_EXCEEDED, "the client itself is too slow"
        )
