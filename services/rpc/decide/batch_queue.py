"""Requests that wait to be decided: those of a channel that wait at once become one batch.

Nothing waits for others to come. Under load they come while the batch before is decided, and so the
more there is to do, the larger the batches are, and the less a row of them costs.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TypeAlias

from fanzha.tables import Channel
from services.rpc.decide.batch_handler import Answer, BatchHandler
from services.rpc.decide.request_decoder import EncodedRequest
from services.rpc.middleware.fair_share import FairShare
from services.rpc.middleware.unexpected_errors import UnexpectedLog

MAX_REQUESTS = 256
"""Decided together at most, so that the first need not wait long for the answers of all."""

Reply: TypeAlias = Callable[[Answer | Exception], None]
Timed: TypeAlias = Callable[[Channel, float], None]
"""Called with the channel of a request that was decided, and the seconds since it was read."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    request: EncodedRequest
    weight: int
    reply: Reply
    since: float


class BatchQueue:
    """Decides batches, the channels in turn. One event loop only."""

    def __init__(
        self,
        shares: FairShare | None = None,
        answered: Callable[[int], None] = lambda _requests: None,
        waited: Callable[[int, float], None] = lambda _requests, _seconds: None,
        timed: Timed = lambda _channel, _seconds: None,
    ) -> None:
        """*shares* counts what waits, by client.

        *answered* is called with the number of requests of each batch after their replies, *waited*
        before them, with the longest wait of any of them besides.
        """
        self._shares = shares or FairShare(monotonic)
        self._answered = answered
        self._waited = waited
        self.timed = timed
        self._unexpected = UnexpectedLog()
        self._waiting: dict[BatchHandler, deque[_Waiting]] = {}

    def put(self, handler: BatchHandler, request: EncodedRequest, reply: Reply) -> None:
        """Let a request that *handler* opened wait; *reply* is called with its answer."""
        waiting = self._waiting.get(handler)
        if waiting is None:
            waiting = self._waiting[handler] = deque()
        waiting.append(_Waiting(request, handler.weight(request), reply, monotonic()))
        self._shares.join(request.login)

    def decide_batch(self) -> bool:
        """Decide one batch, if anything waits; say whether more waits."""
        for handler, waiting in self._waiting.items():
            # Those left over stand behind the other channels.
            del self._waiting[handler]
            batch = _take(waiting, handler.max_rows)
            if waiting:
                self._waiting[handler] = waiting
            self._decide(handler, batch)
            break
        return bool(self._waiting)

    def _decide(self, handler: BatchHandler, batch: Sequence[_Waiting]) -> None:
        self._waited(len(batch), monotonic() - min(one.since for one in batch))
        for one in batch:
            self._shares.leave(one.request.login)
        try:
            answers: Sequence[Answer | Exception] = handler.answer_batch(
                [one.request for one in batch]
            )
        except Exception as error:
            answers = [error] * len(batch)
        for one, answer in zip(batch, answers, strict=True):
            try:
                one.reply(answer)
            except Exception as error:
                # Costs its own caller the answer only.
                self._unexpected.note("an answer", error)
            if not isinstance(answer, Exception):
                self.timed(handler.channel, monotonic() - one.since)
        self._answered(len(batch))


def _take(waiting: deque[_Waiting], max_rows: int) -> list[_Waiting]:
    """Take the first requests of together at most *max_rows*; at least one."""
    taken = [waiting.popleft()]
    rows = taken[0].weight
    while waiting and len(taken) < MAX_REQUESTS and rows + waiting[0].weight <= max_rows:
        rows += waiting[0].weight
        taken.append(waiting.popleft())
    return taken
