"""Counts what became of hits after a kill test, and what is wrong."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from blocklists.redis_client import Client
from services.hit_store import CONFIRMED
from services.warning import case_changes, keys, written
from services.warning.case_events import CaseEvent, EventKind
from services.warning.case_store import CaseStore
from services.warning.cases import Case
from services.warning.consuming import Group
from services.warning.dead import DeadLetters
from services.warning.own_hits import GROUP
from services.warning.relay import out_stream

_AT_ONCE = 500

WRONG = (
    *("cases_missing", "hits_lost", "hits_joined_twice"),
    *("cases_whose_events_make_something_else", "warnings_queued_twice", "warnings_sent_twice"),
    *("warnings_beyond_raised_tiers", "warnings_neither_sent_nor_in_doubt", "sent_but_not_queued"),
    *("hits_held", "hits_waiting", "todos_left", "messages_left", "dead_letters"),
)
"""What must all be 0."""


class Tally:
    """What the cases say."""

    def __init__(self) -> None:
        self.missing = self.lost = self.doubled = self.folded = 0
        self.queued = Counter[str]()
        self.failed = set[str]()
        self.raised = 0
        """Times that a tier was raised: each has a warning of its own."""

    def add(self, case: Case | None, events: Sequence[CaseEvent], expected: set[int]) -> None:
        """Count one case."""
        if case is None:
            self.missing += 1
            return
        decisions = [one.warned.decision_id for one in events if one.warned is not None]
        self.lost += len(expected - set(decisions))
        self.doubled += len(decisions) - len(set(decisions))
        self.folded += case_changes.fold(events) != case
        self.raised += sum(one.kind is EventKind.TIERED for one in events) - 1
        for one in events:
            if one.message is not None and one.kind is EventKind.QUEUED:
                self.queued[one.message.id] += 1
            if one.message is not None and one.kind is EventKind.FAILED:
                self.failed.add(one.message.id)


async def count(client: Client, expected: Mapping[str, set[int]], recorded: Path) -> dict[str, Any]:
    """Compare cases with what was offered, and what was sent with the cases."""
    store, tally, ids = CaseStore(client), Tally(), list(expected)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        histories = await _histories(client, some)
        for case_id, case, events in zip(some, await store.find(some), histories, strict=True):
            tally.add(case, events, expected[case_id])
    sent, people = _sent(recorded)
    held, lag = await Group(client, stream=CONFIRMED, group=GROUP, consumer="count").waiting()
    return {
        "cases_missing": tally.missing,
        "hits_lost": tally.lost,
        "hits_joined_twice": tally.doubled,
        "cases_whose_events_make_something_else": tally.folded,
        "warnings_queued": len(tally.queued),
        "warnings_queued_twice": sum(number > 1 for number in tally.queued.values()),
        "warnings_sent": len(sent),
        "warnings_sent_twice": sum(number > 1 for number in sent.values()),
        "people_warned_again_after_a_raise": sum(number > 1 for number in people.values()),
        "warnings_beyond_raised_tiers": max(0, sum(people.values()) - len(people) - tally.raised),
        "warnings_in_doubt": len(tally.failed),
        "of_those_sent": len(tally.failed & set(sent)),
        "warnings_neither_sent_nor_in_doubt": len(set(tally.queued) - set(sent) - tally.failed),
        "sent_but_not_queued": len(set(sent) - set(tally.queued)),
        "hits_held": held,
        "hits_waiting": lag,
        "todos_left": await _todos(client),
        "messages_left": int(await client.xlen(out_stream("sms"))),
        "dead_letters": await DeadLetters(client).count(),
    }


def _sent(recorded: Path) -> tuple[Counter[str], Counter[str]]:
    """Count what was sent by message, and by person and case."""
    sent, people = Counter[str](), Counter[str]()
    for line in recorded.read_text().splitlines():
        message = json.loads(line)
        sent[message["message_id"]] += 1
        people[f"{message['to']} {message['case_id']}"] += 1
    return sent, people


async def quiet(client: Client) -> bool:
    """Tell whether nothing is left to do."""
    held, lag = await Group(client, stream=CONFIRMED, group=GROUP, consumer="count").waiting()
    return not (held or lag or await _todos(client) or await client.xlen(out_stream("sms")))


async def _todos(client: Client) -> int:
    return sum([int(await client.xlen(keys.key(shard, "todo"))) for shard in keys.SHARDS])


async def _histories(client: Client, ids: Sequence[str]) -> list[list[CaseEvent]]:
    reading: Any = client.pipeline(transaction=False)
    for case_id in ids:
        reading.lrange(keys.key(keys.shard_of(case_id), "events", case_id), 0, -1)
    return [[written.read_event(text) for text in texts] for texts in await reading.execute()]
