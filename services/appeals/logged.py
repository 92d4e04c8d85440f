"""Looks for decisions in the decision log, for appeals.

One question at a time, in a thread: a decision that is not there costs a look at every day of the
log, and ids come from outside. Who waits too long is told so, and can tell what was blocked.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from math import isnan
from pathlib import Path
from typing import Any, TypeVar

from blocklists.entries import Kind
from fanzha.errors import Unavailable
from services.appeals.decisions import Recent
from services.appeals.records import Subject
from services.decision_log import query
from services.decision_log.conditions import Conditions
from services.decision_log.query import DecisionQuery

logger = logging.getLogger(__name__)

RECENT_DAYS = 7
PATIENCE_SECONDS = 20.0
_DAY_MS = 86_400_000
_SAME = (
    "decision_id", "channel", "fraud_type", "action", "reason", "entry_id", "pattern", "evidence",
    "list_version", "model_version", "occurred_at_ms", "decided_at_ms",
)  # fmt: skip
"""Columns that hits have by the same name."""
_ASKED_BY = {
    Kind.NUMBER: "number",
    Kind.SENDER: "sender",
    Kind.HOST: "host",
    Kind.URL_PREFIX: "link",
}
Answer = TypeVar("Answer")


class LoggedDecisions:
    """The decision log in a folder that this host can read."""

    def __init__(self, asked: DecisionQuery, folder: Path, now_ms: Callable[[], int]) -> None:
        self._asked = asked
        self._folder = folder
        self._now_ms = now_ms
        self._one_at_a_time = asyncio.Lock()

    async def find(self, decision_id: int) -> Mapping[str, str] | None:
        """Return a decision, None when the log does not hold it."""
        if not self._folder.is_dir():
            return None
        row = await self._ask(lambda: self._asked.why(decision_id))
        return None if row is None else written(row)

    async def recent(self, subject: Subject, count: int) -> Recent:
        """Return the latest decisions about a subject, of the last seven days."""
        named = _ASKED_BY.get(subject.kind)
        if named is None or not self._folder.is_dir():
            return Recent()
        since_ms = self._now_ms() - RECENT_DAYS * _DAY_MS
        wanted: dict[str, Any] = {named: subject.pattern}
        conditions = Conditions(since_ms=since_ms, limit=count, **wanted)
        try:
            found = await self._ask(lambda: self._asked.find(conditions))
        except Unavailable as error:
            # The reviewer sees all else meanwhile.
            logger.warning("decisions for an appeal are not known: %s", error)
            return Recent()
        return Recent(known=True, decisions=[*map(written, found.rows)], total=found.events)

    async def _ask(self, ask: Callable[[], Answer]) -> Answer:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._one_at_a_time:
                return await asyncio.to_thread(ask)
        except TimeoutError as error:
            raise Unavailable(
                f"the decision log did not answer within {PATIENCE_SECONDS:g} s"
            ) from error


def written(row: Mapping[str, Any]) -> dict[str, str]:
    """Write a logged decision by the names of the fields of hits; what is empty is left out."""
    fields = {name: row.get(name) for name in _SAME}
    by_link = row.get("evidence") == "LINK"
    host = row.get("host")
    fields |= {
        "from_party": query.party(row, "from"),
        "to_party": query.party(row, "to"),
        "url": row.get("url") or (row.get("pattern") if by_link else host and f"http://{host}/"),
    }
    score = row.get("score")
    told = {name: str(value) for name, value in fields.items() if value not in {None, "", 0}}
    return told if score is None or isnan(score) else told | {"score": f"{score:.6g}"}
