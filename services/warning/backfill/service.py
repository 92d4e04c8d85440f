"""Preview, start and stop backfills of one number, sender, link or text."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from blocklists.entries import EntryMode
from blocklists.queries import MatchingEntries
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from infra.redis.client import Client
from services.audit.events import Audit, AuditKind
from services.auth import identity
from services.decision_log import options as decision_log
from services.decision_log import recipient_subject
from services.decision_log.recipient_subject import RecipientSubject, SubjectKind
from services.decision_log.recipients import RecipientQuery, Recipients
from services.settings.settings import Settings
from services.warning.backfill import recipients
from services.warning.backfill.model import Backfill
from services.warning.backfill.recipients import most_exposed_first
from services.warning.backfill.runner import MOST_RATE
from services.warning.backfill.store import BackfillStore
from services.warning.policy.regions import RegionFinder

MOST_DAYS = 180
_DAY_MS = 86_400_000
_LISTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRequest:
    """The subject of a backfill, and the days to search."""

    kind: SubjectKind
    pattern: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillPreview:
    """The recipients that a backfill would have."""

    subject: RecipientSubject
    reached: Recipients
    sampled: bool
    """Whether the log is sampled, so the counts are lower bounds."""
    by_exposure: Mapping[str, int]
    by_channel: Mapping[str, int]
    """Persons by channel; a person reached over two channels counts in both."""
    by_region: Mapping[str, int]
    """Persons by city, else province; empty: unknown."""
    by_day: Mapping[str, int]
    """Persons by day of their last contact."""


class BackfillService:
    """Raises `Unavailable` while Redis is away, `NotFound` without a decision log."""

    def __init__(
        self,
        query: RecipientQuery | None,
        store: BackfillStore,
        *,
        home: HomePlan,
        regions: Callable[[], RegionFinder],
        listed: Callable[[str], Awaitable[MatchingEntries]],
        samples: bool,
        audit: Audit,
        now_ms: Callable[[], int],
        utc_offset: timedelta = timedelta(hours=8),
    ) -> None:
        """*regions* is called once, in a thread; *samples*: whether the log is set to sample.

        *listed* finds the list entries that match a pattern.
        """
        self._query = query
        self._store = store
        self._home = home
        self._load_regions = regions
        self._listed = listed
        self._regions: RegionFinder | None = None
        self._samples = samples
        self._audit = audit
        self._now_ms = now_ms
        self._clock = timezone(utc_offset)
        self._one_at_a_time = asyncio.Lock()

    async def preview(self, request: BackfillRequest) -> BackfillPreview:
        """Count the recipients."""
        check_all_regions()
        subject, reached = await self._reached(request)
        if self._regions is None:
            self._regions = await asyncio.to_thread(self._load_regions)
        return await asyncio.to_thread(self._count, subject, reached, self._regions)

    async def start(
        self, request: BackfillRequest, *, rate: int, fraud_type: FraudType, by: str
    ) -> Backfill:
        """Start a backfill; return once it is durable."""
        check_all_regions()
        _check_rate(rate)
        subject, reached = await self._reached(request)
        if not reached.persons:
            raise InvalidInput("pattern: the decision log has no recipients")
        now, who = self._now_ms(), identity.author(by)
        campaign = await self._campaign(subject)
        async with self._one_at_a_time:
            for one in await self._store.running():
                if (one.kind, one.pattern) == (subject.kind.value, subject.pattern):
                    raise VersionConflict(
                        "pattern: backfill {id} is already running; stop it first", id=one.id
                    )
            persons = most_exposed_first(reached.persons)
            backfill = Backfill(
                id=secrets.token_hex(6),
                kind=subject.kind.value,
                pattern=subject.pattern,
                days=request.days,
                rate=rate,
                total=len(persons),
                by=who,
                started_at_ms=now,
            )
            await self._record_start(backfill)
            plan = (
                recipients.recipient_of(
                    one, subject, campaign=campaign, fraud_type=fraud_type, now_ms=now
                )
                for one in persons
            )
            await self._store.add(backfill, plan)
        return backfill

    async def _record_start(self, backfill: Backfill) -> None:
        # Audited first: no backfill runs without a record of who started it.
        await self._audit.record(
            AuditKind.BACKFILL_STARTED,
            subject=f"backfill:{backfill.id}",
            details={
                "kind": backfill.kind,
                "pattern": backfill.pattern,
                "days": str(backfill.days),
                "persons": str(backfill.total),
                "rate": str(backfill.rate),
            },
            actor=backfill.by,
        )

    async def backfills(self) -> list[Backfill]:
        """Return the newest hundred backfills."""
        check_all_regions()
        return await self._store.newest(_LISTED)

    async def stop(self, backfill_id: str, *, by: str) -> Backfill:
        """Stop a backfill; cases it has opened stay."""
        check_all_regions()
        who = identity.author(by)
        if not await self._store.stop(backfill_id, who, self._now_ms()):
            found = await self._store.get(backfill_id)
            raise VersionConflict("backfill_id: is already {value}", value=found.state.value)
        backfill = await self._store.get(backfill_id)
        await self._audit.record(
            AuditKind.BACKFILL_STOPPED,
            subject=f"backfill:{backfill_id}",
            details={"done": str(backfill.done), "persons": str(backfill.total)},
            actor=who,
        )
        return backfill

    async def _reached(self, request: BackfillRequest) -> tuple[RecipientSubject, Recipients]:
        if not 1 <= request.days <= MOST_DAYS:
            raise InvalidInput(
                "days: 1 to {most_days}, not {days}", most_days=MOST_DAYS, days=request.days
            )
        subject = recipient_subject.read(self._home, request.kind, request.pattern)
        query, now = self._query, self._now_ms()
        if query is None or not query.exists:
            raise NotFound(
                "the decision log: there is none on this host, so recipients are unknown"
            )
        since = now - request.days * _DAY_MS
        async with self._one_at_a_time:
            reached = await asyncio.to_thread(query.reached, subject, since_ms=since, until_ms=now)
        return subject, reached

    async def _campaign(self, subject: RecipientSubject) -> str:
        """Return the campaign of the entry that blocks the subject; empty if it has none."""
        try:
            found = await self._listed(subject.pattern)
        except InvalidInput:
            return ""  # no list entry can have this pattern
        for entry in found.entries:
            expired = entry.expires_at.timestamp() * 1000 <= self._now_ms()
            if entry.action is Action.BLOCK and entry.mode is EntryMode.ENFORCE and not expired:
                return entry.campaign
        return ""

    def _count(
        self, subject: RecipientSubject, reached: Recipients, regions: RegionFinder
    ) -> BackfillPreview:
        persons = reached.persons
        homes = regions.of([one.number for one in persons])
        last = [max(one.at_ms for one in person.contacts) for person in persons]
        days = Counter(
            f"{datetime.fromtimestamp(at_ms / 1000, self._clock):%Y-%m-%d}" for at_ms in last
        )
        return BackfillPreview(
            subject=subject,
            reached=reached,
            sampled=self._samples or reached.events > reached.logged,
            by_exposure=Counter(recipients.exposure(one).name.lower() for one in persons),
            by_channel=Counter(
                name
                for one in persons
                for name in {contact.channel.name.lower() for contact in one.contacts}
            ),
            by_region=Counter(home.city or home.province for home in homes),
            by_day=days,
        )


def build(
    settings: Settings,
    client: Client,
    *,
    listed: Callable[[str], Awaitable[MatchingEntries]],
    now_ms: Callable[[], int],
    audit: Audit,
) -> BackfillService:
    """Build the service for list administration; *client* must decode answers."""
    log = decision_log.query(settings)

    def regions() -> RegionFinder:
        return RegionFinder.load(
            home_country=settings.home_country, table=settings.warning_regions_file
        )

    return BackfillService(
        RecipientQuery(log) if log else None,
        BackfillStore(client),
        home=HomePlan(settings.home_country),
        regions=regions,
        listed=listed,
        samples=settings.decision_log_allowed_one_in != 1,
        audit=audit,
        now_ms=now_ms,
        utc_offset=timedelta(hours=settings.warning_utc_offset_hours),
    )


def check_all_regions() -> None:
    """Raise `NotAllowed` for an identity whose scope is some regions: a backfill spans all."""
    who = identity.current()
    if who.regions:
        scope = ", ".join(sorted(who.regions))
        raise NotAllowed(
            "a backfill spans all regions; the scope of {name} is {scope}",
            name=who.name,
            scope=scope,
        )


def _check_rate(rate: int) -> None:
    if not 1 <= rate <= MOST_RATE:
        raise InvalidInput(
            "rate: 1 to {most_rate} persons a second, not {rate}", most_rate=MOST_RATE, rate=rate
        )
