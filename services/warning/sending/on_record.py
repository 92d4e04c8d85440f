"""Notes what channels say of warnings, and lets the next step of a case come when one failed."""

from collections.abc import Callable

from fanzha.errors import NotFound
from services.warning.cases import case_ids
from services.warning.cases.case_events import MessageRef
from services.warning.cases.case_store import CaseStore
from services.warning.sending import schedule
from services.warning.sending.delivery import Delivery


class OnRecord:
    """As `Delivery`, and hurries the schedule. Raises `Unavailable` while Redis is away."""

    def __init__(self, store: CaseStore, delivery: Delivery, *, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._delivery = delivery
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
        try:
            await self._store.change(
                case_ids.case_of_message(message.id),
                lambda case: schedule.hurried(case, self._now_ms()),
            )
        except NotFound:
            return
