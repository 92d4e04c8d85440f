"""Notes what channels say of warnings, and lets the next step of a case come when it should."""

from collections.abc import Callable, Mapping, Sequence

from fanzha.errors import NotFound
from services.warning.cases import ids
from services.warning.cases.events import CaseEvent, MessageRef
from services.warning.cases.model import Case
from services.warning.cases.opening import Router
from services.warning.cases.store import CaseStore
from services.warning.dispatch import outbox_relay, schedule
from services.warning.dispatch.delivery_records import DeliveryRecords
from services.warning.dispatch.limits import WithholdReason

_FOLLOWS: Mapping[str, Callable[[Case, int], Sequence[CaseEvent]]] = {
    WithholdReason.OPTED_OUT: schedule.opted_out,
    WithholdReason.SAME_WORDS: schedule.already_informed,
}
"""What a message leads to that was not sent, by why it was not; otherwise the next step is due."""


class DeliveryLog:
    """As `DeliveryRecords`, and moves the schedule. Raises `Unavailable` while Redis is away."""

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
        """Note that a channel has taken a message."""
        await self._delivery.sent(message, by=by)

    async def delivered(self, message: MessageRef, *, by: str, at_ms: int = 0) -> None:
        """Note that a message reached the person."""
        await self._delivery.delivered(message, by=by, at_ms=at_ms)

    async def failed(self, message: MessageRef, *, by: str, why: str, at_ms: int = 0) -> None:
        """Note that a message did not reach the person, and do not wait for it."""
        await self._delivery.failed(message, by=by, why=why, at_ms=at_ms)
        follows = _FOLLOWS.get(why, schedule.expedite)
        await self._change(message, lambda case: follows(case, self._now_ms()))

    async def put_off(self, message: MessageRef, *, until_ms: int, why: str) -> None:
        """Note that a message may not go out before a time; its next step waits for it."""
        await self._change(
            message,
            lambda case: schedule.postpone(
                case, self._router, message, until_ms, self._now_ms(), why=why
            ),
        )

    async def unwanted(self, message: MessageRef) -> str:
        """Say why a message that waited is not to go out any more; empty: it is."""
        (case,) = await self._store.find([ids.case_of_message(message.id)])
        return "" if case is None else outbox_relay.obsolete_reason(case, message)

    async def _change(
        self, message: MessageRef, events: Callable[[Case], Sequence[CaseEvent]]
    ) -> None:
        try:
            await self._store.change(ids.case_of_message(message.id), events)
        except NotFound:
            return
