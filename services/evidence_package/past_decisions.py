"""Logged decisions about a subject; the other parties are masked."""

import asyncio
from collections.abc import Mapping

from fanzha.phone import masked
from services.decision_log import conditions, hit_view
from services.decision_log.query import DecisionQuery
from services.evidence_package.sections import Section, format_time
from services.evidence_package.subjects import PackageSubject

MOST = 1000
_TITLES = ("判定记录", "Decisions")
_PARTIES = ("from_party", "to_party", "pattern")
"""Fields to mask: a pattern may be the number of another party, such as the callee."""
_TIMES = {"occurred_at_ms": "occurred", "decided_at_ms": "decided"}


class PastDecisions:
    """Decisions in the log of this host, as far back as it goes."""

    def __init__(self, query: DecisionQuery | None) -> None:
        """Ask *query*; None where no log is kept."""
        self._query = query

    async def section(self, subject: PackageSubject) -> Section:
        """Return the newest decisions about this number, host, page or text."""
        if self._query is None:
            return Section(name="decisions", titles=_TITLES, notes=["no decision log is kept"])
        query = conditions.conditions_for(subject.kind, subject.pattern, since_ms=0, limit=MOST)
        found = await asyncio.to_thread(self._query.find, query)
        notes = [
            "what was blocked, and a sample of what was let through; parties other than the "
            "subject are masked",
            f"{found.total} are logged, and stand for about {found.events}",
        ]
        if found.total > len(found.rows):
            notes.append(f"the newest {MOST} only")
        if found.torn:
            notes.append(f"{len(found.torn)} segments of the log were torn, and are left out")
        return Section(
            name="decisions",
            titles=_TITLES,
            rows=[_words(hit_view.hit(row).fields(), subject) for row in found.rows],
            notes=notes,
        )


def _words(fields: Mapping[str, str], subject: PackageSubject) -> dict[str, str]:
    own = {pattern for _, pattern in subject.names}
    shown = {
        name: masked(value)
        if name in _PARTIES and _is_number(value) and value not in own
        else value
        for name, value in fields.items()
        if name not in _TIMES
    }
    times = {name: format_time(int(fields.get(field, 0))) for field, name in _TIMES.items()}
    return shown | times


def _is_number(text: str) -> bool:
    return text.lstrip("+").isdecimal()
