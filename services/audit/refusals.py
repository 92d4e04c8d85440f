"""Records refused requests in the audit log, aggregated per minute.

The first refusal of a kind within a minute is written at once, and the number of further ones at
the end of the minute. Kinds beyond the first 32 are counted together. A process thus writes at
most 65 records per minute, and every refusal is counted in one. The first refusal begins a minute.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from fanzha.errors import FanzhaError, NotAllowed, Unauthenticated
from infra.periodic import run_periodically
from services.audit.events import Audit, AuditKind
from services.auth import identity

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60.0
MAX_KINDS = 32
TICK_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One kind of refusal: caller, method, address and reason."""

    kind: AuditKind
    actor: str
    """The authenticated name; ``unknown`` without one."""
    method: str
    """``Service/Method``."""
    peer: str
    """Address without its port."""
    why: str


class RefusalRecorder:
    """Counts refusals and records them in the background. One event loop only."""

    def __init__(self, audit: Audit, *, clock: Callable[[], float] = monotonic) -> None:
        self._audit = audit
        self._clock = clock
        self._fresh: list[Refusal] = []
        self._more: Counter[Refusal] = Counter()
        self._known: set[Refusal] = set()
        self._window_ends = clock() + WINDOW_SECONDS
        self._counted = asyncio.Event()
        self.total = 0
        """Number of all refusals."""

    def count(self, method: str, peer: str, error: FanzhaError) -> None:
        """Count a refusal without blocking. One recorded already is not recorded again."""
        self.total += 1
        if isinstance(error, NotAllowed) and error.on_record:
            return
        refusal = _refusal(method, peer, error)
        self._counted.set()
        if not self._known:
            self._window_ends = self._clock() + WINDOW_SECONDS
        if refusal in self._known:
            self._more[refusal] += 1
        elif len(self._known) < MAX_KINDS:
            self._known.add(refusal)
            self._fresh.append(refusal)
        else:
            # Too many kinds this minute: count them together.
            some = replace(
                refusal, actor="several", method="several", peer="several", why="several"
            )
            self._more[some] += 1

    async def run(self) -> None:
        """Write until cancelled."""
        await run_periodically(
            self.write,
            every_seconds=TICK_SECONDS,
            task="writing of refusals",
            logger=logger,
            work=self._counted,
        )

    async def write(self, *, last: bool = False) -> None:
        """Write what is due; with *last*, everything."""
        fresh, self._fresh = self._fresh, []
        for refusal in fresh:
            await self._record(refusal, 1)
        if last or self._clock() >= self._window_ends:
            more, self._more = self._more, Counter()
            self._known = set()
            self._window_ends = self._clock() + WINDOW_SECONDS
            for refusal, times in more.items():
                await self._record(refusal, times)
        if self._known:  # further refusals are written when the minute ends
            self._counted.set()

    async def _record(self, refusal: Refusal, times: int) -> None:
        details = {"peer": refusal.peer, "why": refusal.why, "times": str(times)}
        logger.warning(
            "%s: %s at %s, %d times",
            refusal.kind.value,
            refusal.why,
            refusal.method,
            times,
            extra={"actor": refusal.actor, "peer": refusal.peer},
        )
        try:
            await self._audit.record(
                refusal.kind,
                subject=f"method:{refusal.method}",
                details=details,
                actor=refusal.actor,
            )
        except FanzhaError as error:
            logger.warning("refusal not written to the audit log: %s", error)


def _refusal(method: str, peer: str, error: FanzhaError) -> Refusal:
    unauthenticated = isinstance(error, Unauthenticated)
    return Refusal(
        kind=AuditKind.LOGIN_FAILED if unauthenticated else AuditKind.REFUSED,
        actor="unknown" if unauthenticated else identity.current().name,
        method=method.rpartition(".")[2],
        peer=_address(peer),
        why=str(error),
    )


def _address(peer: str) -> str:
    """Strip the port of ``ipv4:10.0.0.1:5000``, which differs per connection."""
    scheme, _, rest = peer.partition(":")
    return rest.rpartition(":")[0] if scheme in ("ipv4", "ipv6") else scheme
