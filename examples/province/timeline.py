"""What happens in the two years, in its order: steps by time, each setting the clock first."""

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from examples.province.cases import CaseAct
from examples.province.stores import Province

DAY_MS = 86_400_000
Step = Callable[[Province], Awaitable[None]]


@dataclass(slots=True)
class Timeline:
    """Steps by time; a step may add later ones."""

    acts: "deque[CaseAct]" = field(default_factory=deque)
    """What goes into the audit log between the steps, by time; many share a write."""
    _waiting: list[tuple[int, int, Step]] = field(default_factory=list)
    _added: int = 0

    @classmethod
    def with_acts(cls, acts: Iterable[CaseAct]) -> "Timeline":
        """Return a timeline without steps."""
        return cls(acts=deque(sorted(acts)))

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, at_ms: int, step: Step) -> None:
        """Add a step; those of one moment keep their order."""
        heapq.heappush(self._waiting, (at_ms, self._added, step))
        self._added += 1

    async def run(self, province: Province, until_ms: int, *, taken: Callable[[], None]) -> None:
        """Take the steps before *until_ms*, calling *taken* after each; later ones never happen."""
        while self._waiting and self._waiting[0][0] < until_ms:
            at_ms, _, step = heapq.heappop(self._waiting)
            await self._record(province, at_ms)
            province.clock.at_ms = max(at_ms, province.clock.at_ms)
            await step(province)
            taken()
        await self._record(province, until_ms)

    async def _record(self, province: Province, until_ms: int) -> None:
        while self.acts and self.acts[0].at_ms < until_ms:
            # Of one day at most: checkpoints take the time from the clock when they are written.
            end_ms = min(until_ms, (self.acts[0].at_ms // DAY_MS + 1) * DAY_MS)
            writing: list[asyncio.Task[None]] = []
            while self.acts and self.acts[0].at_ms < end_ms:
                writing.append(asyncio.create_task(_recorded(province, self.acts.popleft())))
            await asyncio.gather(*writing)


async def _recorded(province: Province, act: CaseAct) -> None:
    # The log reads the clock before it waits for anything.
    province.clock.at_ms = max(act.at_ms, province.clock.at_ms)
    details = {"what": act.what}
    await province.audit.record(
        act.kind, subject=f"case:{act.subject}", details=details, actor=act.actor
    )
