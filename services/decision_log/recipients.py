"""The people whom a number, sender, link or text reached, by the log.

Only events that were let through reach anybody. The log samples them, so there may be more people.
Ends of calls, where switches report them, are not sampled and add people whom the sample lacks.
Blocking: call it from a thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from fanzha import fingerprint
from fanzha.errors import InvalidInput
from fanzha.phone import FIRST_SENDER, number_text
from fanzha.tables import Channel
from fanzha.text import normalise
from services.decision_log import schema, segment_files
from services.decision_log.partitions import logged_hours
from services.decision_log.query import FILES, DecisionQuery
from services.decision_log.recipient_subject import RecipientSubject, SubjectKind

MOST_CONTACTS = 10
"""Most contacts returned for a channel and person, latest first; all of them are counted."""
MOST_PERSONS = 200_000
"""Most people to find in decisions, and again in ends of calls; each takes two or three kilobytes.
Beyond that the least exposed are left out, and counted."""
_MOST_ENDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientContact:
    """One contact with a person."""

    channel: Channel
    at_ms: int
    other: str = ""
    """The number, service code or name on the other side; empty where nobody is known."""
    url: str = ""
    decision_id: int = 0
    """0: known by the end of a call only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A person who was reached."""

    number: str
    contacts: Sequence[RecipientContact]
    times: int
    """How often, as far as it is logged."""
    talked_s: int = 0
    """The longest answered call, where ends of calls are logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """Who was reached, in no order, and what is not known."""

    persons: Sequence[Recipient]
    blocked: int
    """Logged decisions that blocked: they reached nobody."""
    blocked_persons: int
    """Distinct persons whom these would have reached; some were reached otherwise."""
    non_persons: int
    """Logged decisions let through whose other side is no number of a person."""
    logged: int
    """Logged decisions let through."""
    events: int
    """How many decisions these stand for."""
    left_out: int
    """Persons beyond `MOST_PERSONS`; about so many, as some are in decisions and in ends."""
    covers_from_ms: int
    """From when on the log has anything, not before the time asked; 0: it has nothing."""
    torn: Sequence[Path] = field(default_factory=tuple)


class RecipientQuery:
    """Queries the log for the people whom a subject reached."""

    def __init__(self, log: DecisionQuery, *, most_persons: int = MOST_PERSONS) -> None:
        self._log = log
        self._most = most_persons

    @property
    def exists(self) -> bool:
        """Return whether there is a log on this host."""
        return self._log.exists

    def reached(self, what: RecipientSubject, *, since_ms: int, until_ms: int) -> Recipients:
        """Find everybody whom *what* reached from *since_ms* until before *until_ms*."""
        torn: list[Path] = []
        folders = [schema.FOLDERS[channel] for channel in what.channels]
        condition, values = self._condition(what, since_ms, torn)
        met = _MET.format(
            person=what.person("from_key", "to_key"),
            other=what.other("from_key", "to_key"),
            condition=condition,
        )
        times = [since_ms, until_ms]
        totals, rows = self._contacts(folders, met, [*times, *values], torn)
        persons = {number: _met(number, some) for number, some in _by_person(rows)}
        left_out = totals[5] - len(persons)
        if what.sides:
            blocked = self._blocked_pairs(met, times, torn)
            called = _by_person(self._ends(what, times, torn))
            left_out += called[0][1][0][-1] - len(called) if called else 0
            for number, ends in called:
                known = _with_ends(number, ends, persons.get(number), blocked)
                if known is not None:
                    persons[number] = known
        return Recipients(
            persons=list(persons.values()),
            blocked=totals[0],
            blocked_persons=totals[1],
            non_persons=totals[2],
            logged=totals[3],
            events=int(totals[4]),
            left_out=left_out,
            covers_from_ms=self._covers(folders, since_ms),
            torn=tuple(torn),
        )

    def _contacts(
        self, folders: Sequence[str], met: str, values: list[Any], torn: list[Path]
    ) -> tuple[Any, list[Any]]:
        """Return the row of totals, and the rows of contacts; *values* begins with the time."""

        def ask(connection: Any, files: list[str]) -> tuple[Any, list[Any]]:
            given = [files, *values]
            totals = connection.execute(_TOTALS.format(met=met), given).fetchone()
            rows = connection.execute(_CONTACTS.format(met=met, most=self._most), given).fetchall()
            return totals, rows

        nothing: tuple[Any, list[Any]] = ((0, 0, 0, 0, 0, 0), [])
        return self._log.over(folders, values[0], torn, ask, nothing)

    def _covers(self, folders: Sequence[str], since_ms: int) -> int:
        hours = (next(logged_hours(self._log.folder, one, since_ms), None) for one in folders)
        first = min((hour.start_ms for hour in hours if hour), default=0)
        return max(first, since_ms) if first else 0

    def _condition(
        self, what: RecipientSubject, since_ms: int, torn: list[Path]
    ) -> tuple[str, list[Any]]:
        if what.sides:
            return f"{what.of('from_key')} OR {what.of('to_key')}", []
        if what.kind is SubjectKind.TEXT:
            ids = self._texts(fingerprint.read([what.pattern]), since_ms, torn)
            return "decision_id IN (SELECT unnest(CAST(? AS UBIGINT[])))", [ids]
        return _OF_HOST, [what.pattern, f".{what.pattern}"] * 2

    def _texts(
        self, fingerprints: fingerprint.Values, since_ms: int, torn: list[Path]
    ) -> list[int]:
        """Return the decisions on texts that are nearly the same; some 6 µs a logged text."""
        paths = [
            segment.path
            for hour in logged_hours(self._log.folder, schema.TEXT_CONTENT, since_ms)
            for segment in segment_files.readable(hour, torn)
        ]
        if not paths:
            raise InvalidInput(
                "pattern: the decision log has no texts of that time, so nobody can be found by "
                "one; see decision_log_texts"
            )
        found: list[int] = []
        for path in paths:
            for group in segment_files.tables(
                path, ["decision_id", "decided_at_ms", "body"], (), torn
            ):
                recent = group.filter(pc.greater_equal(group["decided_at_ms"], since_ms))
                bodies = [normalise(body or "") for body in recent["body"].to_pylist()]
                sketched = fingerprint.sketches(bodies)
                near = fingerprint.equal_values(sketched.values, fingerprints) >= fingerprint.NEAR
                rows = np.flatnonzero(sketched.known & near)
                found += recent["decision_id"].to_numpy()[rows].tolist()
        return found

    def _blocked_pairs(self, met: str, times: list[int], torn: list[Path]) -> set[tuple[str, str]]:
        def ask(connection: Any, files: list[str]) -> set[tuple[str, str]]:
            rows = connection.execute(_BLOCKED.format(met=met), [files, *times]).fetchall()
            return {(number_text(person), number_text(other)) for person, other in rows}

        nothing: set[tuple[str, str]] = set()
        calls = [schema.FOLDERS[Channel.CALL]]
        return self._log.over(calls, times[0], torn, ask, nothing)

    def _ends(self, what: RecipientSubject, times: list[int], torn: list[Path]) -> list[Any]:
        sql = _ENDS.format(
            person=what.person("caller_key", "callee_key"),
            other=what.other("caller_key", "callee_key"),
            condition=f"{what.of('caller_key')} OR {what.of('callee_key')}",
            most=self._most,
        )

        def ask(connection: Any, files: list[str]) -> list[Any]:
            rows: list[Any] = connection.execute(sql, [files, *times]).fetchall()
            return rows

        return self._log.over([schema.CALL_ENDS], times[0], torn, ask, [])


_OF_HOST = (
    "host = ? OR ends_with(host, ?) OR "
    "len(list_filter(coalesce(hosts, []), lambda h: h = ? OR ends_with(h, ?))) > 0"
)
_MET = (
    "SELECT {person} AS person, {other} AS other, from_name, channel, occurred_at_ms, "  # noqa: S608
    "decision_id, url, action, weight "
    f"FROM {FILES} WHERE decided_at_ms >= ? AND decided_at_ms < ? AND ({{condition}})"
)
_PERSON = f"person > 0 AND person < {FIRST_SENDER}"
_TOTALS = (
    "SELECT count(*) FILTER (action = 'BLOCK'), "  # noqa: S608
    f"count(DISTINCT person) FILTER (action = 'BLOCK' AND {_PERSON}), "
    f"count(*) FILTER (action <> 'BLOCK' AND NOT ({_PERSON})), "
    "count(*) FILTER (action <> 'BLOCK'), "
    "coalesce(sum(weight) FILTER (action <> 'BLOCK'), 0), "
    f"count(DISTINCT person) FILTER (action <> 'BLOCK' AND {_PERSON}) FROM ({{met}})"
)
_CONTACTS = (
    f"WITH let AS (SELECT * FROM ({{met}}) WHERE action <> 'BLOCK' AND {_PERSON}), "  # noqa: S608
    "who AS (SELECT person, count(*) AS times FROM let GROUP BY person "
    "ORDER BY bool_or(channel = 'LINK') DESC, count(DISTINCT channel) DESC, times DESC, "
    "max(occurred_at_ms) DESC, person LIMIT {most}) "
    "SELECT person, channel, occurred_at_ms, other, from_name, url, decision_id, times "
    "FROM let JOIN who USING (person) QUALIFY row_number() OVER "
    "(PARTITION BY person, channel ORDER BY occurred_at_ms DESC, decision_id) "
    f"<= {MOST_CONTACTS} ORDER BY person, occurred_at_ms DESC, decision_id"
)
_BLOCKED = "SELECT DISTINCT person, other FROM ({met}) WHERE action = 'BLOCK'"
_ENDS = (
    "WITH called AS (SELECT * FROM (SELECT {person} AS person, {other} AS other, answered, "  # noqa: S608
    f"duration_ms, ended_at_ms FROM {FILES} "
    f"WHERE decided_at_ms >= ? AND decided_at_ms < ? AND ({{condition}})) WHERE {_PERSON}), "
    "who AS (SELECT person, count(*) OVER () AS persons FROM called GROUP BY person "
    "ORDER BY max(duration_ms) DESC, count(*) DESC, person LIMIT {most}) "
    "SELECT person, other, answered, duration_ms, ended_at_ms, persons "
    "FROM called JOIN who USING (person) QUALIFY row_number() OVER "
    "(PARTITION BY person ORDER BY duration_ms DESC, ended_at_ms DESC) "
    f"<= {_MOST_ENDS} ORDER BY person, ended_at_ms DESC"
)


def _by_person(rows: Sequence[Any]) -> "list[tuple[str, list[Any]]]":
    return [(number_text(key), list(some)) for key, some in groupby(rows, key=itemgetter(0))]


def _met(number: str, rows: Sequence[Any]) -> Recipient:
    contacts = [
        RecipientContact(
            channel=Channel[channel],
            at_ms=at_ms,
            other=name or number_text(other),
            url=url or "",
            decision_id=decision_id,
        )
        for _, channel, at_ms, other, name, url, decision_id, _ in rows
    ]
    return Recipient(number=number, contacts=contacts, times=rows[0][-1])


def _with_ends(
    number: str, ends: Sequence[Any], known: Recipient | None, blocked: set[tuple[str, str]]
) -> Recipient | None:
    """Merge ends of calls into a person; None when neither shows that the person was reached."""
    # A switch may report a blocked call as an unanswered one.
    good = [end for end in ends if end[2] or (number, number_text(end[1])) not in blocked]
    if not good:
        return known
    talked_s = max(end[3] for end in good) // 1000
    if known is not None and any(one.channel is Channel.CALL for one in known.contacts):
        # The same calls are in both: the decisions as a sample, their ends complete.
        others = sum(one.channel is not Channel.CALL for one in known.contacts)
        return replace(known, talked_s=talked_s, times=max(known.times, others + len(good)))
    calls = [
        RecipientContact(channel=Channel.CALL, at_ms=end[4] - end[3], other=number_text(end[1]))
        for end in good[:MOST_CONTACTS]
    ]
    if known is None:
        return Recipient(number=number, contacts=calls, times=len(good), talked_s=talked_s)
    contacts = sorted([*known.contacts, *calls], key=lambda one: -one.at_ms)
    times = known.times + len(good)
    return replace(known, contacts=contacts, times=times, talked_s=talked_s)
