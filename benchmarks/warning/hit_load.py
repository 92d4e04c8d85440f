"""The hits of the kill test, and their expected results."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase

from redis.exceptions import RedisError

from infra.redis.client import Client
from services.decision.sinks.hit_store import CONFIRMED
from services.warning.cases import ids

SEED = 20260105
_AT_ONCE = 500
_REPEATED = 0.05
"""Share of duplicate hits."""
_AGAIN = 0.2
"""Share of hits on a person hit before by the same campaign: some raise the tier."""
_CALLERS = [f"+861990000{number:04}" for number in range(20)]
_SENDERS = [f"Loan{letter}" for letter in ascii_uppercase[:20]]
"""They stand in the warning, so its text tells which campaign it is about."""


@dataclass(slots=True, kw_only=True)
class Plan:
    """Hits to write, and their expected results."""

    hits: int
    entries: list[dict[str, str]] = field(default_factory=list)
    decisions: dict[str, set[int]] = field(default_factory=dict)
    """Case id to the decisions that must have joined it."""


def plan(hits: int, at_ms: int, *, texts: bool = False) -> Plan:
    """Make hits on people, by campaigns of one caller each; or *texts*, of one sender each."""
    means = ("TEXT", "SENDER", _SENDERS) if texts else ("CALL", "CALLER", _CALLERS)
    channel, evidence, parties = means
    chance = random.Random(SEED)
    made, pairs = Plan(hits=hits), list[tuple[str, str]]()
    for decision in range(1, hits + 1):
        # Some people are hit by several campaigns, and some again and again by one.
        if pairs and chance.random() < _AGAIN:
            victim, caller = chance.choice(pairs)
        else:
            victim = f"+8617{chance.randrange(max(1, hits * 3 // 4)):09}"
            caller = chance.choice(parties)
        pairs.append((victim, caller))
        entry = {
            "decision_id": str(decision),
            "channel": channel,
            "from_party": caller,
            "to_party": victim,
            "fraud_type": "FAKE_LOAN",
            "action": "BLOCK",
            "reason": "BLOCKLISTED",
            "entry_id": f"entry-{caller}",
            "pattern": caller,
            "evidence": evidence,
            "occurred_at_ms": str(at_ms),
        }
        made.entries += [entry] * (2 if chance.random() < _REPEATED else 1)
        made.decisions.setdefault(ids.base_of(victim, f"number:{caller.casefold()}"), set()).add(
            decision
        )
    chance.shuffle(made.entries)
    return made


async def offer(client: Client, entries: Sequence[Mapping[str, str]]) -> None:
    """Append all entries; failures are retried, so some are duplicated."""
    for start in range(0, len(entries), _AT_ONCE):
        while True:
            appending = client.pipeline(transaction=False)
            for entry in entries[start : start + _AT_ONCE]:
                appending.xadd(CONFIRMED, dict(entry))  # type: ignore[arg-type]
            try:
                await appending.execute()
                break
            except (RedisError, OSError):
                await asyncio.sleep(0.1)
