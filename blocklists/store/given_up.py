"""Commits that are given up: refused from then on, wherever they are under way.

A process that stands still may go on with a commit long after others took it for lost. Whoever
takes it for lost writes a key beside what is committed to, in the same slot; the script that
commits looks for it. A commit may have arrived before: look for it afterwards.
"""

from typing import Any

from fanzha.errors import VersionConflict
from infra.redis.client import Client, execute_durable, within

KEPT_S = 30 * 86_400
"""The longest that a process may stand still and then go on."""
_SECONDS = 8.0


class CommitGivenUp(VersionConflict):
    """A commit arrived after somebody had given it up: what it was for is over."""

    def __init__(self) -> None:
        super().__init__("the change took too long and was rejected; submit it again")


def key_of(place: str, commit: str) -> str:
    """Return the key that says that a commit to what begins with *place* was given up."""
    return f"{place}:given-up:{commit}"


async def give_up(client: Client, place: str, commit: str) -> None:
    """Give a commit up, durably. Raises `Unavailable` while Redis is away."""
    async with within(_SECONDS):
        writing: Any = client.pipeline(transaction=False)
        writing.set(key_of(place, commit), "1", ex=KEPT_S)
        await execute_durable(client, writing)
