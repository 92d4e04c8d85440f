"""Hands people who say that they have paid to the stop-payment desk (止付): we freeze nothing.

The event of the case that says so adds a task to the outbox in the same script, so that none is
lost; the relay appends the case to a stream, once; here its file is posted.

========================  ==========================================================================
answer of the desk        what follows
========================  ==========================================================================
2xx with a receipt        RECEIVED, with the receipt
2xx without               SENT: the receipt is recorded later (`CaseDesk.record_receipt`)
429, 502, 503, 504, or    an outage: tried again with backoff, without limit, before any other file
not to be reached
500, or no answer         tried again every `claim_ms`, `MAX_TRIES` times at most, and others go on
                          meanwhile: it may be about this one file
others                    REFUSED, and a dead letter, which may be replayed
none, after 72 h          REFUSED: what was said so long ago, before there was a desk, is not sent
========================  ==========================================================================

Steps are events of the case, and a file that the desk has is not posted again. Should this process
die between an answer and its event, the file is posted a second time under the same id.
"""

import asyncio
from collections.abc import Callable, Sequence
from enum import StrEnum

from fanzha.errors import InvalidInput, Unavailable
from infra.redis.consumer_group import StreamEntry
from services.audit.events import Audit, AuditKind
from services.warning.cases.events import CaseEvent, EventKind, StopPaymentStep
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore
from services.warning.channels.webhook_endpoint import WebhookAnswer, WebhookEndpoint
from services.warning.stop_payment import payment_file

GROUP = "stop_payment"
ACTOR = "stop_payment"
"""Author of its events."""
_TAKEN = frozenset({StopPaymentStep.SENT, StopPaymentStep.RECEIVED})
_OUTAGE = frozenset({429, 502, 503, 504})
_BROKEN = 500
MAX_TRIES = 240
"""Two hours, at half a minute between tries."""
_MOST_REMEMBERED = 10_000
_MOST_AGE_MS = 72 * 3_600_000


class StopPaymentResult(StrEnum):
    """What became of an attempt."""

    RECEIVED = "received"
    SENT = "sent"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"
    TAKEN_BEFORE = "taken_before"
    TOO_OLD = "too_old"


class DeskFailed(Exception):
    """The desk failed on a file, which is tried again."""


class StopPaymentHandler:
    """Posts the files of cases in the stream. Raises `Unavailable` while the desk is away."""

    def __init__(
        self,
        *,
        cases: CaseStore,
        endpoint: WebhookEndpoint,
        audit: Audit,
        whole_number: bool,
        now_ms: Callable[[], int],
        source: str = "fanzha",
        counted: Callable[[str], None] = lambda _result: None,
    ) -> None:
        """Call *counted* with the result of each attempt."""
        self._cases = cases
        self._endpoint = endpoint
        self._audit = audit
        self._on_record: set[str] = set()
        """Cases whose attempts are in the audit log: once for all attempts of a process."""
        self._whole_number = whole_number
        self._now_ms = now_ms
        self._source = source
        self._counted = counted

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Hand over the cases of some entries, side by side."""
        ids = list(dict.fromkeys(entry.fields["case_id"] for entry in entries))
        results = await asyncio.gather(*map(self._hand_over, ids), return_exceptions=True)
        faults = [one for one in results if isinstance(one, BaseException)]
        # An outage is told last: another fault makes each entry be handled by itself.
        for fault in sorted(faults, key=lambda one: isinstance(one, Unavailable)):
            raise fault

    async def _hand_over(self, case_id: str) -> None:
        (case,) = await self._cases.find([case_id])
        if case is None or case.stop_payment is None:
            return  # expired
        if case.stop_payment in _TAKEN:
            self._counted(StopPaymentResult.TAKEN_BEFORE)
            return
        if self._now_ms() - case.stop_payment_at_ms > _MOST_AGE_MS:
            self._counted(StopPaymentResult.TOO_OLD)
            await self._record(case, StopPaymentStep.REFUSED, "too old to be sent: call the desk")
            return
        content_type, body = payment_file.written(
            case,
            await self._cases.history(case_id),
            source=self._source,
            whole_number=self._whole_number,
            at_ms=self._now_ms(),
        )
        await self._put_on_record(case_id)
        answer = await self._endpoint.post(payment_file.file_id(case_id), content_type, body)
        await self._answered(case, answer)

    async def _put_on_record(self, case_id: str) -> None:
        if case_id in self._on_record:
            return
        await self._audit.record(
            AuditKind.CASE_READ,
            subject=f"case:{case_id}",
            details={"what": "stop_payment", "whole_number": str(self._whole_number).lower()},
            actor=ACTOR,
        )
        if len(self._on_record) >= _MOST_REMEMBERED:
            self._on_record.clear()
        self._on_record.add(case_id)

    async def _answered(self, case: Case, answer: WebhookAnswer) -> None:
        if answer.accepted:
            receipt = payment_file.receipt_in(answer.body)
            step = StopPaymentStep.RECEIVED if receipt else StopPaymentStep.SENT
            self._counted(StopPaymentResult(step.value))
            await self._record(case, step, "the desk has taken it", receipt)
            return
        why = f"the desk said {answer.status}" if answer.status else answer.error
        if not answer.posted or answer.status in _OUTAGE:
            self._counted(StopPaymentResult.UNAVAILABLE)
            raise Unavailable("stop payment: {why}", why=why)
        if answer.status in (0, _BROKEN):
            self._counted(StopPaymentResult.FAILED)
            raise DeskFailed(why)
        self._counted(StopPaymentResult.REFUSED)
        await self._record(case, StopPaymentStep.REFUSED, why)
        raise InvalidInput("stop payment: {why}", why=why)

    async def _record(self, case: Case, step: StopPaymentStep, why: str, receipt: str = "") -> None:
        now = self._now_ms()

        def events(found: Case) -> list[CaseEvent]:
            # A receipt may have been recorded by a person meanwhile.
            if found.stop_payment in (step, StopPaymentStep.RECEIVED):
                return []
            return [
                CaseEvent(
                    kind=EventKind.NOTED,
                    at_ms=now,
                    by=ACTOR,
                    why=why,
                    stop_payment=step,
                    receipt=receipt,
                )
            ]

        await self._cases.change(case.id, events)
