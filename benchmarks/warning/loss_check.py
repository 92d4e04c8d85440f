"""Counts lost and duplicated hits after a kill test."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.redis.client import Client
from infra.redis.consumer_group import ConsumerGroup
from infra.redis.dead_letters import DeadLetters
from infra.redis.delay_queue import DelayQueue
from services.decision.sinks.hit_store import CONFIRMED
from services.warning import keys
from services.warning.cases import serialization, state_machine
from services.warning.cases.events import CaseEvent, EventKind
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore
from services.warning.dispatch.outbox_relay import SUPERSEDED, send_stream
from services.warning.intake.own_hits import GROUP

_AT_ONCE = 500
_CHANNELS = ("sms", "voice", "in_person")
_DOUBT = "in doubt"

_WRONG = (
    *("cases_missing", "hits_lost", "hits_joined_twice"),
    *("cases_whose_events_make_something_else", "warnings_queued_twice", "warnings_sent_twice"),
    *("warnings_beyond_raised_tiers", "warnings_neither_sent_nor_in_doubt", "sent_but_not_queued"),
    *("on_record_as_sent_but_not_at_the_centre", "at_the_centre_but_not_on_record"),
    *("texts_nobody_made", "failed_without_a_part"),
    *("hits_held", "hits_waiting", "todos_left", "messages_left", "dead_letters"),
)


def wrong(report: Mapping[str, Any]) -> list[str]:
    """Return the names of counts that are not 0, and must be."""
    return [name for name in _WRONG if report.get(name)]


class Tally:
    """Counts from the cases."""

    def __init__(self) -> None:
        self.missing = self.lost = self.doubled = self.folded = 0
        self.cases: dict[str, Case] = {}
        self.queued = Counter[str]()
        """Warnings by SMS, by the id of the message."""
        self.doubted = set[str]()
        self.superseded = set[str]()
        self.failed: dict[str, str] = {}
        """What failed for another reason, and why."""
        self.raised = 0
        """Raised tiers; each has a separate warning."""

    def add(self, case: Case | None, events: Sequence[CaseEvent], expected: set[int]) -> None:
        """Count one case."""
        if case is None:
            self.missing += 1
            return
        self.cases[case.id] = case
        decisions = [one.warning.decision_id for one in events if one.warning is not None]
        self.lost += len(expected - set(decisions))
        self.doubled += len(decisions) - len(set(decisions))
        self.folded += state_machine.fold(events) != case
        self.raised += sum(one.kind is EventKind.TIERED for one in events) - 1
        for one in events:
            if one.message is None or one.message.channel != "sms":
                continue
            if one.kind is EventKind.QUEUED:
                self.queued[one.message.id] += 1
            if one.kind is EventKind.FAILED:
                self._fail(one.message.id, one.why)

    def _fail(self, message_id: str, why: str) -> None:
        if why.startswith(_DOUBT):
            self.doubted.add(message_id)
        elif why == SUPERSEDED:
            self.superseded.add(message_id)
        else:
            self.failed[message_id] = why


async def tally(client: Client, expected: Mapping[str, set[int]]) -> Tally:
    """Read all cases that there must be."""
    store, found, ids = CaseStore(client), Tally(), list(expected)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        histories = await _histories(client, some)
        for case_id, case, events in zip(some, await store.find(some), histories, strict=True):
            found.add(case, events, expected[case_id])
    return found


def cases_found(found: Tally) -> dict[str, Any]:
    """Compare the cases with the hits written."""
    return {
        "cases_missing": found.missing,
        "hits_lost": found.lost,
        "hits_joined_twice": found.doubled,
        "cases_whose_events_make_something_else": found.folded,
        "tiers_raised": found.raised,
        "warnings_queued": len(found.queued),
        "warnings_queued_twice": sum(number > 1 for number in found.queued.values()),
        "warnings_superseded": len(found.superseded),
        "warnings_in_doubt": len(found.doubted),
        "warnings_failed_otherwise": Counter(found.failed.values()),
    }


def sent(found: Tally, recorded: Path) -> dict[str, int]:
    """Compare the records of the sinks with the cases."""
    got, people = _sent(recorded)
    known = set(got) | found.doubted | found.superseded | found.failed.keys()
    return {
        "warnings_sent": len(got),
        "warnings_sent_twice": sum(number > 1 for number in got.values()),
        "people_warned_again_after_a_raise": sum(number > 1 for number in people.values()),
        "warnings_beyond_raised_tiers": max(0, sum(people.values()) - len(people) - found.raised),
        "of_those_in_doubt_sent": len(found.doubted & set(got)),
        "warnings_neither_sent_nor_in_doubt": len(set(found.queued) - known),
        "sent_but_not_queued": len(set(got) - set(found.queued)),
    }


def _sent(recorded: Path) -> tuple[Counter[str], Counter[str]]:
    """Count sent warnings by message, and by person and case."""
    got, people = Counter[str](), Counter[str]()
    for line in recorded.read_text().splitlines():
        message = json.loads(line)
        got[message["message_id"]] += 1
        people[f"{message['to']} {message['case_id']}"] += 1
    return got, people


async def left(client: Client) -> dict[str, int]:
    """Count unfinished work."""
    held, lag = await ConsumerGroup(
        client, stream=CONFIRMED, group=GROUP, consumer="count"
    ).backlog()
    return {
        "hits_held": held,
        "hits_waiting": lag,
        "todos_left": await _todos(client),
        "messages_left": await _messages(client),
        "dead_letters": await DeadLetters(client, keys.DEAD_LETTERS).count(),
    }


async def quiet(client: Client) -> bool:
    """Return whether nothing is left to do."""
    held, lag = await ConsumerGroup(
        client, stream=CONFIRMED, group=GROUP, consumer="count"
    ).backlog()
    return not (held or lag or await _todos(client) or await _messages(client))


async def _todos(client: Client) -> int:
    return sum([int(await client.xlen(keys.key(shard, "outbox"))) for shard in keys.SHARDS])


async def _messages(client: Client) -> int:
    """Count messages not yet sent, and deferred ones."""
    streams = [send_stream(channel) for channel in _CHANNELS]
    queued = [int(await client.xlen(stream)) for stream in streams]
    return sum(queued) + sum([await DelayQueue(client, one).count() for one in streams])


async def _histories(client: Client, ids: Sequence[str]) -> list[list[CaseEvent]]:
    reading: Any = client.pipeline(transaction=False)
    for case_id in ids:
        reading.lrange(keys.key(keys.shard_of(case_id), "events", case_id), 0, -1)
    return [[serialization.read_event(text) for text in texts] for texts in await reading.execute()]
