"""The state of the pipeline of the demo, and the expected state."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from examples.warning_demo.campaigns import UNREACHABLE
from infra.redis.client import connect
from services.warning.cases.ids import message_id
from services.warning.cases.listing import CaseListing
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore
from services.warning.channels.city_queues import queue
from services.warning.dispatch.outbox_relay import SUPERSEDED
from services.warning.model import Tier

PATIENCE_SECONDS = 200.0
"""Generous for a busy machine; usually it takes a few seconds."""
CITIES = {"3401": "合肥", "3405": "马鞍山", "3301": "杭州"}
"""Codes of GB/T 2260, as queues have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The cases, and how long the queues of the call centres and officers are."""

    cases: Sequence[Case]
    superseded: frozenset[str]
    """Messages dropped because their case was escalated before they were sent."""
    queues: Mapping[str, int]

    def sms(self, *what: str) -> int:
        """Count the SMS that ended like that."""
        return sum(end in what for _, end in self._sent())

    @property
    def raised(self) -> int:
        """Cases that had an SMS of a lower tier first."""
        return sum(len(_sms(case)) > 1 for case in self.cases)

    @property
    def in_doubt(self) -> int:
        """Messages that failed although the phone is on: the centre was slow to answer."""
        return sum(end == "failed" and not switched_off(case) for case, end in self._sent())

    def _sent(self) -> Iterator[tuple[Case, str]]:
        for case in self.cases:
            for message, end in _sms(case).items():
                if message not in self.superseded:
                    yield case, end


def sms_of(case: Case) -> str:
    """Return what became of its SMS, the first step of every tier."""
    first = message_id(case.id, case.tier or Tier.LOW, 0)
    return case.messages.get(first, "")


def _sms(case: Case) -> dict[str, str]:
    """Return what became of the SMS of each tier that the case had."""
    firsts = [message_id(case.id, tier, 0) for tier in Tier]
    return {one: case.messages[one] for one in firsts if one in case.messages}


def switched_off(case: Case) -> bool:
    """Return whether the phone of the person is switched off."""
    return case.victim.endswith(UNREACHABLE)


def city_of(case: Case) -> str:
    """Return the city that a case lies in."""
    return CITIES.get(case.region.city[:4], "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The expected results of the steps of the demo's policy."""

    voice: int
    in_person: int
    needs_person: int


def due(cases: Sequence[Case]) -> Due:
    """Compute who is called and visited: high always, medium where no SMS arrived."""
    gone = {case.id for case in cases if sms_of(case) == "failed"}
    further = sum(
        case.tier is Tier.HIGH or (case.tier is Tier.MEDIUM and case.id in gone) for case in cases
    )
    low = sum(case.tier is Tier.LOW and case.id in gone for case in cases)
    return Due(voice=further, in_person=further, needs_person=low)


def look(url: str) -> Seen:
    """Read the store."""
    return asyncio.run(_look(url))


def wait_for(url: str, holds: Callable[[Seen], bool]) -> Seen:
    """Poll until *holds* or the time is up; return the last state."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds(seen := look(url)) and time.monotonic() < until:
        time.sleep(0.3)
    return seen


async def _look(url: str) -> Seen:
    client = connect(url)
    try:
        store = CaseStore(client)
        cases = [case async for case, _ in CaseListing(client, store).walk()]
        superseded = {
            event.message.id
            for case in cases
            if len(_sms(case)) > 1
            for event in await store.history(case.id)
            if event.message is not None and event.why == SUPERSEDED
        }
        queues = {
            channel: sum([int(await client.xlen(queue(channel, city))) for city in CITIES])
            for channel in ("voice", "in_person")
        }
    finally:
        await client.aclose()
    return Seen(cases=cases, superseded=frozenset(superseded), queues=queues)
