"""Faults planted in the service, to show that the simulation would find them.

Each takes one safeguard away. A fault that a second safeguard covers is not here: it does no harm.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from blocklists.snapshot.snapshot import Snapshot
from blocklists.store.changes import ListChange
from blocklists.store.current_lists import CurrentLists
from blocklists.store.store import CommitResult, Store
from infra.redis.stream_consumer import StreamConsumer
from services.appeals.lift import Lifter
from services.changes import permissions
from services.changes.application import ChangeApplication
from services.changes.redo.keeper import ChangeKeeper
from services.warning.dispatch.send_ledger import SendClaim, SendLedger, SendStatus
from services.warning.retractions.handler import CaseRetractor
from services.warning.retractions.notices import RetractionStore
from tests.support.simulation.warning_processes import SimulatedSms


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """A safeguard that is taken away, and the history in which that matters."""

    history: str
    what: str
    owner: Any
    name: str
    instead: Any

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Take the safeguard away for a while."""
        before = self.owner.__dict__[self.name]
        setattr(self.owner, self.name, self.instead)
        try:
            yield
        finally:
            setattr(self.owner, self.name, before)


async def _nothing(*_args: Any, **_options: Any) -> None:
    return None


async def _true(*_args: Any, **_options: Any) -> bool:
    return True


async def _what_is_here(self: CurrentLists) -> Snapshot:
    return self._replica.current


async def _claimed(_self: SendLedger, message_ids: Sequence[str], *_: Any, **__: Any) -> Any:
    return [SendClaim(status=SendStatus.CLAIMED) for _ in message_ids]


def _answering_early(commit: Callable[..., Any]) -> Callable[..., Any]:
    async def answer(self: Store, change: ListChange, *, expected_version: int) -> CommitResult:
        asyncio.get_running_loop().create_task(
            commit(self, change, expected_version=expected_version)
        )
        return CommitResult(version=expected_version + 1, synced=True)

    return answer


def _acknowledging_first(handle_all: Callable[..., Any]) -> Callable[..., Any]:
    async def handle(self: StreamConsumer, entries: Sequence[Any]) -> None:
        if entries:
            await self._reader.acknowledge(entries)
        await handle_all(self, entries)

    return handle


PLANTED = {
    "early-answer": PlantedFault(
        "changes", "a change is answered before the store has it",
        Store, "commit", _answering_early(Store.commit),
    ),
    "self-approval": PlantedFault(
        "changes", "the author of a change approves it",
        permissions, "check_may_decide", lambda *_: None,
    ),
    "no-audit": PlantedFault(
        "changes", "a change is applied without a record in the audit log",
        ChangeApplication, "_audit", _nothing,
    ),
    "no-recovery": PlantedFault(
        "changes", "a change that was committed before a crash is taken for one that was not",
        ChangeApplication, "committed_version", _nothing,
    ),
    "stale-read": PlantedFault(
        "changes", "reads do not wait until the lists here are those of the store",
        CurrentLists, "caught_up", _what_is_here,
    ),
    "no-journal": PlantedFault(
        "failovers", "what the store acknowledged is not kept on the own disk",
        ChangeKeeper, "keep", _nothing,
    ),
    "acknowledged-first": PlantedFault(
        "warnings", "an entry of a stream is acknowledged before its effect is durable",
        StreamConsumer, "_handle_all", _acknowledging_first(StreamConsumer._handle_all),  # noqa: SLF001
    ),
    "claims-ignored": PlantedFault(
        "warnings", "a message that another process may have sent is sent again",
        SendLedger, "claim", _claimed,
    ),
    "doubt-repeated": PlantedFault(
        "warnings", "a message without an answer is sent again",
        SimulatedSms, "repeatable", True,
    ),
    "no-correction": PlantedFault(
        "warnings", "whoever was warned by mistake is not corrected",
        CaseRetractor, "_commit", _true,
    ),
    "no-memory": PlantedFault(
        "warnings", "hits that were on their way when an entry was retracted open cases",
        RetractionStore, "remember", _nothing,
    ),
    "no-resumed-lift": PlantedFault(
        "appeals", "a lift that a crash interrupted is not begun again",
        Lifter, "_resume", _nothing,
    ),
}  # fmt: skip
"""By name."""
