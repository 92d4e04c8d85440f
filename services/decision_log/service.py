"""Query logged decisions: results are masked by role, queries that name a person are audited.

DuckDB takes a core and up to its memory limit for each query, so two run at a time and the others
wait.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from blocklists.entries import Entry
from blocklists.queries import MatchingEntries
from fanzha.errors import InvalidInput, NotFound
from fanzha.phone import masked
from fanzha.tables import Channel
from infra.clock import now_ms
from services.audit.events import Audit, AuditKind
from services.auth import identity, personal_data
from services.auth.entry_sight import EntrySight, WholeSight
from services.decision_log import explanation, masking, tail
from services.decision_log.analysis.analyser import DecisionAnalyser
from services.decision_log.analysis.content_models import TextContent
from services.decision_log.analysis.model import DecisionAnalysis
from services.decision_log.conditions import Conditions
from services.decision_log.explanation import Sentence
from services.decision_log.query import BY, DecisionCount, DecisionQuery
from services.decision_log.tail import TailPart
from services.decision_log.traffic.rollup import MINUTE_MS, TrafficRollup, TrafficSummary

DEFAULT_PER_PAGE = 100
MOST_PER_PAGE = 1000
MOST_COUNTS = 10_000
MOST_GROUPINGS = 4
DEFAULT_TAIL, MOST_TAIL = 50, 200
DEFAULT_BUCKET_MINUTES, MOST_BUCKET_MINUTES, MOST_BUCKETS = 60, 1440, 1500
MOST_TRAFFIC_MS = 31 * 86_400_000

_AT_ONCE = 2
_MOST_LETTERS = 2048
_TOKEN = re.compile(r"([0-9]{1,15})-([0-9]{1,20})")
_Answer = TypeVar("_Answer")
_NO_CONTENT = TextContent(requested=False)
FindEntries = Callable[[str], Awaitable[MatchingEntries]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionListing:
    """One page of decisions, newest first."""

    rows: Sequence[dict[str, Any]]
    """As `masking.shown` returns them."""
    next_token: str
    total: int
    events: int
    torn: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedDecision:
    """A decision and what is behind it."""

    row: dict[str, Any]
    why: Sentence
    shadow: Sentence | None
    entry: Entry | None
    content: str | None
    analysis: DecisionAnalysis


class DecisionLogReader:
    """Reads the decision log of this host."""

    def __init__(
        self,
        log: DecisionQuery | None,
        *,
        find_entries: FindEntries,
        audit: Audit,
        sight: EntrySight | WholeSight | None = None,
        analyser: DecisionAnalyser | None = None,
        now_ms: Callable[[], int] = now_ms,
    ) -> None:
        """*log* is None where nothing is logged; without *analyser* shipped models are asked.

        Without *sight*, people with regions learn of no entry.
        """
        self._sight = sight or WholeSight()
        self._log = log
        self._find_entries = find_entries
        self._audit = audit
        self._analyser = analyser or DecisionAnalyser()
        # One model at a time, beside the queries, which have memory of their own.
        self._analyses = ThreadPoolExecutor(1, thread_name_prefix="decision-analysis")
        self._now_ms = now_ms
        self._rollup: TrafficRollup | None = None
        self._rollups = ThreadPoolExecutor(1, thread_name_prefix="traffic-rollup")
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="decision-log")

    async def find(
        self,
        conditions: Conditions,
        *,
        unmasked: bool,
        page_size: int,
        page_token: str,
        counted: bool = True,
    ) -> DecisionListing:
        """Return one page; raises `NotFound` where this host has no log.

        *counted*: whether the first page counts all that fit, which reads the whole period.
        """
        log = self._existing()
        if not 0 <= page_size <= MOST_PER_PAGE:
            raise InvalidInput(
                "page_size: 1 to {most_per_page}, not {page_size}",
                most_per_page=MOST_PER_PAGE,
                page_size=page_size,
            )
        _check_lengths(conditions)
        if unmasked:
            personal_data.check_unmasked("unmasked")
        if unmasked or conditions.number or conditions.sender:
            await self._record("decisions", _details(conditions, unmasked=unmasked))
        size = page_size or DEFAULT_PER_PAGE
        query = replace(conditions, after=_position(page_token), limit=size + 1)
        found = await self._ask(lambda: log.find(query, counted=counted))
        rows = await self._shown(found.rows[:size])
        more = len(found.rows) > size
        return DecisionListing(
            rows=[masking.shown(row, unmasked=unmasked) for row in rows],
            next_token=f"{rows[-1]['decided_at_ms']}-{rows[-1]['decision_id']}" if more else "",
            total=found.total,
            events=found.events,
            torn=[path.name for path in found.torn],
        )

    async def get(
        self, decision_id: int, *, since_ms: int, unmasked: bool, with_content: bool
    ) -> ExplainedDecision:
        """Return one decision; raises `NotFound` when it is not logged."""
        log = self._existing()
        if not decision_id:
            raise InvalidInput("decision_id: required")
        for name, query in (("unmasked", unmasked), ("with_content", with_content)):
            if query:
                personal_data.check_unmasked(name)
        if unmasked or with_content:
            details = {"unmasked": _yes(unmasked), "content": _yes(with_content)}
            await self._record(f"decision:{decision_id}", details)
        row = await self._ask(lambda: log.why(decision_id, since_ms=max(0, since_ms)))
        if row is None:
            raise NotFound(
                "decision {decision_id} is not logged. What is blocked is logged until it is "
                "too old; of what was let through, a sample.",
                decision_id=decision_id,
            )
        (row,) = await self._shown([row])
        content = _NO_CONTENT
        if with_content and row["channel"] == Channel.TEXT.name:
            content = await self._content(log, row)
        entry = await self._entry(row)
        return ExplainedDecision(
            row=masking.shown(row, unmasked=unmasked),
            why=explanation.why(row),
            shadow=explanation.would_have(row),
            entry=_shown_entry(entry, unmasked=unmasked),
            content=content.body,
            analysis=await self._analyse(row, content, entry, unmasked=unmasked),
        )

    async def _content(self, log: DecisionQuery, row: Mapping[str, Any]) -> TextContent:
        found = await self._ask(lambda: log.content(row["decision_id"], row["decided_at_ms"]))
        if found is None:
            return TextContent(requested=True)
        return TextContent(requested=True, body=found["body"], urls=found["urls"] or ())

    async def _analyse(
        self, row: Mapping[str, Any], content: TextContent, entry: Entry | None, *, unmasked: bool
    ) -> DecisionAnalysis:
        past = await self._analyser.past_entry(row, entry)
        analysis = await asyncio.get_running_loop().run_in_executor(
            self._analyses,
            lambda: self._analyser.analyse(row, content, past, unmasked=unmasked),
        )
        return replace(analysis, entry_then=_shown_entry(analysis.entry_then, unmasked=unmasked))

    async def count(self, since_ms: int, by: Sequence[str]) -> Sequence[DecisionCount]:
        """Count by some of `query.BY`; one more than `MOST_COUNTS` where there are more."""
        log = self._existing()
        if not 1 <= len(by) <= MOST_GROUPINGS or len(set(by)) < len(by):
            raise InvalidInput(
                "by: 1 to {most_groupings} different ones of {by}",
                most_groupings=MOST_GROUPINGS,
                by=", ".join(BY),
            )
        return await self._ask(lambda: log.stats(since_ms, by, limit=MOST_COUNTS + 1))

    async def traffic(self, since_ms: int, until_ms: int, *, bucket_minutes: int) -> TrafficSummary:
        """Count the traffic of a period by time and by reason."""
        log = self._existing()
        minutes = bucket_minutes or DEFAULT_BUCKET_MINUTES
        now_ms = self._now_ms()
        since_ms -= since_ms % MINUTE_MS
        until_ms = until_ms or now_ms - now_ms % MINUTE_MS + MINUTE_MS
        if since_ms < now_ms - MOST_TRAFFIC_MS - MINUTE_MS:
            raise InvalidInput("since_ms: at most 31 days ago")
        if not 1 <= minutes <= MOST_BUCKET_MINUTES:
            raise InvalidInput(
                "bucket_minutes: 1 to {most}, not {minutes}",
                most=MOST_BUCKET_MINUTES,
                minutes=minutes,
            )
        if (until_ms - since_ms) // (minutes * MINUTE_MS) > MOST_BUCKETS:
            raise InvalidInput("bucket_minutes: at most {most} buckets", most=MOST_BUCKETS)
        rollup = self._rollup = self._rollup or TrafficRollup(log.folder)
        # In a thread of its own: the first time reads a whole period.
        return await asyncio.get_running_loop().run_in_executor(
            self._rollups,
            lambda: rollup.summary(since_ms, until_ms, bucket_ms=minutes * MINUTE_MS),
        )

    async def tail(
        self, conditions: Conditions, *, most: int, unmasked: bool
    ) -> AsyncIterator[TailPart]:
        """Follow what is logged from now on."""
        log = self._existing()
        if not 0 <= most <= MOST_TAIL:
            raise InvalidInput("most: 1 to {limit}, not {most}", limit=MOST_TAIL, most=most)
        if unmasked:
            personal_data.check_unmasked("unmasked")
            await self._record("decisions", {"unmasked": "yes", "tail": "yes"})
        wanted = replace(conditions, limit=most or DEFAULT_TAIL)
        async for part in tail.follow(
            log, wanted, ask=self._ask, now_ms=self._now_ms, unmasked=unmasked
        ):
            yield replace(part, rows=await self._shown(part.rows))

    def _existing(self) -> DecisionQuery:
        if self._log is None or not self._log.exists:
            raise NotFound("there is no decision log on the host of list administration")
        return self._log

    async def _ask(self, question: Callable[[], _Answer]) -> _Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, question)

    async def _record(self, subject: str, details: dict[str, str]) -> None:
        await self._audit.record(AuditKind.DECISIONS_READ, subject=subject, details=details)

    async def _shown(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return rows without the entries that are not there for the caller."""
        hidden = await self._sight.hidden(
            (row.get("entry_id") or "", row.get("pattern") or "") for row in rows
        )
        limited = bool(identity.current().regions)
        return [
            masking.without_entry(row)
            if (row.get("entry_id") or "") in hidden
            or (limited and row.get("would_block_entry_id"))
            else dict(row)
            for row in rows
        ]

    async def _entry(self, row: Mapping[str, Any]) -> Entry | None:
        if not row.get("entry_id") or not row.get("pattern"):
            return None
        try:
            found = await self._find_entries(row["pattern"])
        except InvalidInput:
            return None
        return next((one for one in found.entries if one.entry_id == row["entry_id"]), None)


def _shown_entry(entry: Entry | None, *, unmasked: bool) -> Entry | None:
    """Return an entry with the pattern masked where it is a party that may not be shown."""
    if entry is None or unmasked or not masking.names_party(entry.entry_id):
        return entry
    return replace(entry, pattern=masked(entry.pattern))


def _check_lengths(conditions: Conditions) -> None:
    for name in ("number", "sender", "host", "link", "carrier"):
        if len(getattr(conditions, name)) > _MOST_LETTERS:
            raise InvalidInput(
                "{name}: at most {most_letters} characters", name=name, most_letters=_MOST_LETTERS
            )


def _position(token: str) -> tuple[int, int] | None:
    if not token:
        return None
    match = _TOKEN.fullmatch(token)
    if match is None or int(match[2]) >= 2**64:
        raise InvalidInput("page_token: not issued for this list")
    return int(match[1]), int(match[2])


def _details(conditions: Conditions, *, unmasked: bool) -> dict[str, str]:
    """Describe a query for the audit log, with numbers masked."""
    details = {"unmasked": _yes(unmasked), "since_ms": str(conditions.since_ms)}
    details |= {
        name: masked(getattr(conditions, name))
        for name in ("number", "sender")
        if getattr(conditions, name)
    }
    if conditions.host:
        details["host"] = conditions.host[:200]
    return details


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
