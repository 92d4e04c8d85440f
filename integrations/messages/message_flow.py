"""Decides on the messages of one lane: whole texts, held parts, late parts.

A message of several parts is decided on as a whole: its parts wait, unacknowledged, until all are
there, for at most ``segment_hold_ms``. Then what is there is decided on and goes on. A part that
comes later is decided on with the text of those before it, so that the text is judged whole in the
end, and refusing one part keeps the message from being shown.

A client that sends one request at a time can never send the second part while the first waits.
Such a session is recognised by the first message that waited in vain, and its parts are no longer
held but decided on with those before them, as above.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog

from integrations.messages.carried_message import CarriedMessage, MessageSegment
from integrations.messages.concatenation import ConcatenatedMessage, Concatenations
from integrations.messages.dialect import Dialect, PduFault
from integrations.messages.lane import Lane, RelayedRequest
from integrations.messages.relay_metrics import RelayMetrics
from integrations.messages.relay_settings import RelaySettings
from integrations.messages.text_judge import LET_THROUGH, TextJudge, Verdict

_LOG = structlog.get_logger(__name__)


class MessageFlow:
    """Of one lane; *trunk* is how the client calls itself, once it is bound."""

    def __init__(
        self,
        lane: Lane,
        dialect: Dialect,
        judge: TextJudge,
        settings: RelaySettings,
        metrics: RelayMetrics,
    ) -> None:
        self._lane = lane
        self._dialect = dialect
        self._judge = judge
        self._settings = settings
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._incomplete = Concatenations()
        self._tasks: set[asyncio.Task[Verdict]] = set()
        self._arrivals = 0
        self._one_at_a_time = False
        self.trunk = ""

    def take(self, request: RelayedRequest) -> None:
        """Decide on a message that has been added to the lane."""
        self._arrivals += 1
        if self._lane.in_flight > 1:
            self._one_at_a_time = False
        try:
            message = self._dialect.read(request.pdu, self._lane.direction)
        except PduFault as fault:
            self._metrics.count_fault("unreadable")
            request.answer = self._dialect.reply_fault(request.pdu, fault.status)
            request.ready = True
            return
        if message.flash:
            self._metrics.count_flash(self._lane.direction)
        if message.segment is None:
            self._decide([request], [message])
        else:
            self._take_part(request, message, message.segment)

    def judge_incomplete(self) -> None:
        """Decide on held parts at once: nothing more will come, or no more is taken."""
        for message in self._incomplete:
            if message.held:
                self._go_on(message)

    def end(self) -> None:
        """Stop deciding: the session is over."""
        for task in self._tasks:
            task.cancel()
        for message in self._incomplete:
            self._incomplete.forget(message)

    def _take_part(
        self, request: RelayedRequest, message: CarriedMessage, segment: MessageSegment
    ) -> None:
        now = self._loop.time()
        self._forget_old(now)
        whole = self._incomplete.of(message, segment, now, self._arrivals)
        if segment.number in whole.parts:
            # The reference is used again, or the client repeats itself.
            self._go_on(whole)
            self._incomplete.forget(whole)
            whole = self._incomplete.of(message, segment, now, self._arrivals)
        self._incomplete.put(whole, segment.number, message)
        if whole.verdict is not None:
            self._settle([request], whole.verdict)
        elif whole.is_whole:
            self._finish(whole, request)
        else:
            self._hold(whole, request)
        if whole.is_whole:
            self._incomplete.forget(whole)

    def _finish(self, whole: ConcatenatedMessage, last: RelayedRequest) -> None:
        result = "part_by_part" if whole.goes_on else "whole"
        self._metrics.count_concatenated(self._lane.direction, result)
        requests = [*whole.held, last]
        whole.held = []
        self._decide(requests, whole.in_order(), whole)

    def _hold(self, whole: ConcatenatedMessage, request: RelayedRequest) -> None:
        whole.held.append(request)
        if whole.goes_on or (self._one_at_a_time and self._lane.in_flight == 1):
            self._go_on(whole)
            return
        if self._incomplete.segments > self._settings.max_segments:
            oldest = next(iter(self._incomplete))
            self._go_on(oldest)
            self._incomplete.forget(oldest)
        if len(whole.held) == 1:
            self._loop.call_later(
                self._settings.segment_hold_ms / 1000, self._stop_waiting_for, whole
            )

    def _stop_waiting_for(self, whole: ConcatenatedMessage) -> None:
        if not whole.held:
            return
        self._one_at_a_time = whole.arrivals == self._arrivals and len(whole.held) == 1
        self._go_on(whole)

    def _go_on(self, whole: ConcatenatedMessage) -> None:
        if not whole.held:
            return
        if not whole.goes_on:
            self._metrics.count_concatenated(self._lane.direction, "incomplete")
        whole.goes_on = True
        requests, whole.held = whole.held, []
        self._decide(requests, whole.in_order(), whole)

    def _forget_old(self, now: float) -> None:
        longest = self._settings.segment_hold_ms / 1000 + self._settings.segment_memory_seconds
        for message in self._incomplete:
            if now - message.begun_at <= longest:
                return
            self._go_on(message)
            self._incomplete.forget(message)

    def _decide(
        self,
        requests: list[RelayedRequest],
        parts: Sequence[CarriedMessage],
        whole: ConcatenatedMessage | None = None,
    ) -> None:
        direction = self._lane.direction
        why = self._judge.unjudged(parts, direction)
        if why is not None:
            self._settle(requests, LET_THROUGH, why)
            return
        task = self._loop.create_task(self._judge.judge(parts, direction, self.trunk))
        self._tasks.add(task)
        task.add_done_callback(partial(self._judged, requests, whole))

    def _judged(
        self,
        requests: list[RelayedRequest],
        whole: ConcatenatedMessage | None,
        task: "asyncio.Task[Verdict]",
    ) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            # A fault of ours must not hold up a session.
            _LOG.error("a decision failed", error=type(error).__name__)
            self._metrics.count_fault("decision")
        verdict = LET_THROUGH if error is not None else task.result()
        if whole is not None and verdict.blocked:
            whole.verdict = verdict
        self._settle(requests, verdict)
        self._lane.release()

    def _settle(
        self, requests: list[RelayedRequest], verdict: Verdict, result: str = "forwarded"
    ) -> None:
        lane, dialect = self._lane, self._dialect
        if verdict.blocked:
            result = "dropped" if verdict.dropped else "refused"
        for request in requests:
            if verdict.dropped:
                request.answer = dialect.swallow(request.pdu, lane.direction, verdict.decision_id)
            elif verdict.blocked:
                request.answer = dialect.refuse(request.pdu, lane.direction, verdict.status)
                request.answer_delay = verdict.delay_seconds
            elif verdict.label and self._settings.label_texts:
                labelled = dialect.labelled(request.pdu, f"[{verdict.label}] ")
                request.octets = labelled or request.octets
            request.ready = True
            self._metrics.count_message(lane.direction, result)
