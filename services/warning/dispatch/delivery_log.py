"""Records delivery of messages with their cases, and adjusts when the next step is due."""

from collections.abc import Callable, Mapping, Sequence

from fanzha.errors import NotFound
from services.warning.cases import ids
from services.warning.cases.events import CaseEvent, MessageRef
from services.warning.cases.model import Case
from services.warning.cases.opening import Router
from services.warning.cases.store import CaseStore
from services.warning.channels.channel import UNANSWERED
from services.warning.dispatch import outbox_relay, schedule
from services.warning.dispatch.delivery_records import DeliveryRecords
from services.warning.dispatch.limits import WithholdReason

_FOLLOWS: Mapping[str, Callable[[Case, int], Sequence[CaseEvent]]] = {
    WithholdReason.OPTED_OUT: schedule.opted_out,
    WithholdReason.DUPLICATE_TEXT: schedule.already_informed,
}
"""Events after a message was withheld, by reason; by default the next step is due at once."""


class DeliveryLog:
    """`DeliveryRecords` that also adjust the schedule. Raises `Unavailable` while Redis is away."""

    def __init__(
        self,
        store: CaseStore,
        delivery: DeliveryRecords,
        router: Router,
        *,
        now_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._delivery = delivery
        self._router = router
        self._now_ms = now_ms

    async def sent(self, message: MessageRef, *, by: str) -> None:
        """Record that a channel accepted a message."""
        await self._delivery.sent(message, by=by)

    async def delivered(self, message: MessageRef, *, by: str, at_ms: int = 0) -> None:
        """Record that a message was delivered."""
        await self._delivery.delivered(message, by=by, at_ms=at_ms)

    async def failed(self, message: MessageRef, *, by: str, why: str, at_ms: int = 0) -> None:
        """Record a failure, and make the next step due."""
        await self._delivery.failed(message, by=by, why=why, at_ms=at_ms)
        follows = _FOLLOWS.get(why, schedule.expedite)
        if why == UNANSWERED:
            follows = self._unanswered
        await self._change(message, lambda case: follows(case, self._now_ms()))

    def _unanswered(self, case: Case, now_ms: int) -> Sequence[CaseEvent]:
        return schedule.unanswered(case, self._router, now_ms)

    async def postpone(self, message: MessageRef, *, until_ms: int, why: str) -> None:
        """Postpone the next step: the message may not be sent before *until_ms*."""
        await self._change(
            message,
            lambda case: schedule.postpone(
                case, self._router, message, until_ms, self._now_ms(), why=why
            ),
        )

    async def obsolete_reason(self, message: MessageRef) -> str:
        """Return why a delayed message is obsolete; empty: it is to be sent."""
        (case,) = await self._store.find([ids.case_of_message(message.id)])
        return "" if case is None else outbox_relay.obsolete_reason(case, message)

    async def _change(
        self, message: MessageRef, events: Callable[[Case], Sequence[CaseEvent]]
    ) -> None:
        try:
            await self._store.change(ids.case_of_message(message.id), events)
        except NotFound:
            return
