"""Sends requests: deadlines, one retry where that is safe, counters."""

import secrets
from collections.abc import Callable
from itertools import count
from typing import Any

import grpc

from fanzha.client._answers import Answers
from fanzha.client._connections import Connection, Connections
from fanzha.client._counters import Counters
from fanzha.client._failures import RequestFailed
from fanzha.v1 import decision_pb2

MIN_RETRY_SECONDS = 0.002
"""With less time left, a retry is not worth it."""


class RequestSender:
    """Sends over the connection that was picked; retries over another when it is unavailable."""

    def __init__(
        self,
        connections: Connections,
        counters: Counters,
        now: Callable[[], float],
        *,
        request_ids: bool = False,
    ) -> None:
        """With *request_ids*, rows without an id get one before the first attempt."""
        self._connections = connections
        self._counters = counters
        self._now = now
        self._request_ids = request_ids
        # Unlike those of all other senders with the same login.
        self._id_prefix = secrets.token_urlsafe(9)
        self._id_count = count()

    async def decide(
        self, connection: Connection, method: str, request: Any, deadline: float, rows: int
    ) -> Answers:
        """Return the answers to *rows* rows; raise `RequestFailed` without them.

        Only UNAVAILABLE is retried, and once: most likely the first attempt was not decided.
        Overload is never retried.
        """
        if self._request_ids:
            self._give_ids(request)
        try:
            answers = Answers(await self._call(connection, method, request, deadline))
        except RequestFailed as failure:
            other = self._other(failure, connection, deadline)
            if other is None:
                raise
            self._counters.retries += 1
            answers = Answers(await self._call(other, method, request, deadline))
        if len(answers) != rows:
            raise RequestFailed(
                grpc.StatusCode.INTERNAL, f"{rows} rows sent, {len(answers)} answered"
            )
        return answers

    def _give_ids(self, request: Any) -> None:
        # The rows are the first field of each request, and copies of the caller's.
        for _, rows in request.ListFields()[:1]:
            for row in rows:
                row.request_id = row.request_id or f"{self._id_prefix}{next(self._id_count):x}"

    async def _call(
        self, connection: Connection, method: str, request: Any, deadline: float
    ) -> decision_pb2.Decisions:
        self._counters.requests += 1
        answer = await connection.call(method, request, deadline)
        decisions: decision_pb2.Decisions = answer.decisions
        return decisions

    def _other(
        self, failure: RequestFailed, failed: Connection, deadline: float
    ) -> Connection | None:
        if failure.status is not grpc.StatusCode.UNAVAILABLE:
            return None
        if deadline - self._now() < MIN_RETRY_SECONDS:
            return None
        try:
            return self._connections.pick(over_limit=True, after=failed.target)
        except RequestFailed:
            return None
