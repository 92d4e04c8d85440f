"""Dialogues of the robot in Redis, all in one slot.

===========================================  ===================================================
key                                          value
===========================================  ===================================================
``fanzha:{warning:robot}:person:<digest>``   id of the case of the latest SMS to this number
``fanzha:{warning:robot}:contact:<digest>``  id of the latest case of which this number was warned
                                             by any channel, or wrote that they paid
``fanzha:{warning:robot}:strangers:<hour>``  set: replies of people not warned that opened a case
``fanzha:{warning:robot}:dialogue:<case>``   hash: where the dialogue stands, and its last reply
``fanzha:{warning:robot}:call:<message>``     hash: the dialogue of a call, for the count only
``fanzha:{warning:robot}:outcomes``          hash: dialogues by script and end, ``begun`` of all
===========================================  ===================================================

A number is stored as a digest. What somebody wrote is in the case only.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from infra.redis.client import Client, within
from infra.redis.damaged_records import reading
from services.warning.robot.dialogue import RobotDialogue
from services.warning.robot.script import RobotOutcome

DAYS = 30
"""How long after a warning a reply is understood as one to it."""
_SECONDS = 4.0
_EXPIRES_S = DAYS * 86_400
_HOUR_MS = 3_600_000
_DAY_S = 86_400
_OUTCOMES = "fanzha:{warning:robot}:outcomes"
_SAVE = """
local last = redis.call('HGET', KEYS[1], 'reply')
if last == ARGV[1] then return 0 end
if not last then redis.call('HINCRBY', KEYS[2], ARGV[2] .. '|begun', 1) end
redis.call('HSET', KEYS[1], 'reply', ARGV[1], 'script', ARGV[2], 'place', ARGV[3],
  'turns', ARGV[4], 'again', ARGV[5], 'outcome', ARGV[6])
redis.call('EXPIRE', KEYS[1], ARGV[7])
if ARGV[6] ~= '' then redis.call('HINCRBY', KEYS[2], ARGV[2] .. '|' .. ARGV[6], 1) end
return 1
"""
"""Keys: dialogue, outcomes. Arguments: id of the reply, script, place, turns, again, outcome,
seconds until it expires. A repeated reply changes nothing."""
_TAKE_ROOM = """
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 1 end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""


class RobotStore:
    """Reads and writes dialogues. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client, *, retention_days: int = 730) -> None:
        """*client* must decode answers; contacts are kept for as long as cases."""
        self._client: Any = client
        self._contact_s = retention_days * _DAY_S

    def note_warning(self, pipeline: Any, victim: str, case_id: str) -> None:
        """Add to a pipeline: the latest SMS to *victim* was about this case."""
        pipeline.set(_person(victim), case_id, ex=_EXPIRES_S)

    def note_contact(self, pipeline: Any, victim: str, case_id: str) -> None:
        """Add to a pipeline: *victim* was warned about this case, by whatever channel."""
        pipeline.set(_contact(victim), case_id, ex=self._contact_s)

    async def save_contact(self, victim: str, case_id: str) -> None:
        """Save that *victim* has written to us about this case."""
        async with within(_SECONDS):
            await self._client.set(_contact(victim), case_id, ex=self._contact_s)

    async def contact_case_of(self, victim: str) -> str:
        """Return the latest case that a person was told of; empty when there was none."""
        async with within(_SECONDS):
            return await self._client.get(_contact(victim)) or ""

    async def take_room(self, reply_id: str, now_ms: int, most: int) -> bool:
        """Count a reply of a stranger, once by its id; False where this hour has *most* of them."""
        key = f"fanzha:{{warning:robot}}:strangers:{now_ms // _HOUR_MS}"
        async with within(_SECONDS):
            return bool(
                await self._client.eval(_TAKE_ROOM, 1, key, reply_id, str(most), str(2 * 3600))
            )

    async def case_of(self, victim: str) -> str:
        """Return the case of the latest SMS to a person; empty when there was none lately."""
        async with within(_SECONDS):
            return await self._client.get(_person(victim)) or ""

    async def get(self, case_id: str) -> tuple[RobotDialogue | None, str]:
        """Return the dialogue about a case, and the id of its last reply."""
        async with within(_SECONDS):
            found: Mapping[str, str] = await self._client.hgetall(_dialogue(case_id))
        if not found:
            return None, ""
        with reading("dialogue"):
            dialogue = RobotDialogue(
                script=found["script"],
                place=found["place"],
                turns=int(found["turns"]),
                again=int(found["again"]),
                outcome=RobotOutcome(found["outcome"]) if found["outcome"] else None,
            )
        return dialogue, found["reply"]

    async def save(self, case_id: str, dialogue: RobotDialogue, reply_id: str) -> None:
        """Save a dialogue after a reply, and count it; repeated, it changes nothing."""
        await self._save(_dialogue(case_id), dialogue, reply_id)

    async def save_call(self, message_id: str, dialogue: RobotDialogue) -> None:
        """Count the dialogue of a call, once for each message by voice."""
        await self._save(f"fanzha:{{warning:robot}}:call:{message_id}", dialogue, "call")

    async def _save(self, key: str, dialogue: RobotDialogue, reply_id: str) -> None:
        arguments = (
            reply_id, dialogue.script, dialogue.place, dialogue.turns, dialogue.again,
            dialogue.outcome or "", _EXPIRES_S,
        )  # fmt: skip
        async with within(_SECONDS):
            await self._client.eval(_SAVE, 2, key, _OUTCOMES, *map(str, arguments))

    async def outcomes(self) -> dict[str, dict[str, int]]:
        """Return how many dialogues of each script began, and how they ended."""
        async with within(_SECONDS):
            found = await self._client.hgetall(_OUTCOMES)
        by_script: dict[str, dict[str, int]] = {}
        for field, count in found.items():
            script, _, what = field.rpartition("|")
            by_script.setdefault(script, {})[what] = int(count)
        return by_script


def _person(victim: str) -> str:
    digest = blake2b(victim.encode(), digest_size=16).hexdigest()
    return f"fanzha:{{warning:robot}}:person:{digest}"


def _contact(victim: str) -> str:
    digest = blake2b(victim.encode(), digest_size=16).hexdigest()
    return f"fanzha:{{warning:robot}}:contact:{digest}"


def _dialogue(case_id: str) -> str:
    return f"fanzha:{{warning:robot}}:dialogue:{case_id}"
