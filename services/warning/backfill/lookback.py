"""Searches the decision log for the recipients of a change's entries, most exposed first."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from fanzha.errors import FanzhaError, NotFound
from fanzha.phone import HomePlan
from infra.safe_traceback import kind_and_places
from services.decision_log import recipient_subject
from services.decision_log.recipient_subject import RecipientSubject
from services.decision_log.recipients import MOST_PERSONS, Recipient, RecipientQuery, Recipients
from services.warning.backfill import recipients
from services.warning.backfill.model import EffectiveEntry, PendingBackfill, RecipientCount
from services.warning.backfill.recipients import BackfillRecipient, most_exposed_first
from services.warning.cases import opening
from services.warning.cases.opening import Router

logger = logging.getLogger(__name__)

MOST_ASSESSED = 5000
"""Persons whose tier is assessed; of more, an even sample in order of exposure."""
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _RecipientMatch:
    """The contacts of one person with one entry."""

    entry: EffectiveEntry
    subject: RecipientSubject
    person: Recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class LookbackResult:
    """The recipients found."""

    count: RecipientCount
    persons: Sequence[Recipient]
    """Most exposed first, each with the contacts of all entries."""
    matches: "dict[str, list[_RecipientMatch]]"
    """Matches by the person's number."""

    def plan(self, now_ms: int) -> Iterator[BackfillRecipient]:
        """Yield the recipients with their warnings."""
        return (
            _recipient_of(person, self.matches[person.number], now_ms) for person in self.persons
        )


class Lookback:
    """Queries the decision log for the entries of a pending backfill."""

    def __init__(
        self,
        query: RecipientQuery | None,
        *,
        home: HomePlan,
        router: Callable[[], Awaitable[Router]],
        samples: bool,
        now_ms: Callable[[], int],
        most_persons: int = MOST_PERSONS,
    ) -> None:
        """*router* assesses the tiers; *samples*: whether the log is configured to sample."""
        self._query = query
        self._home = home
        self._router = router
        self._samples = samples
        self._now_ms = now_ms
        self._most = most_persons
        self._one_at_a_time = asyncio.Lock()

    @property
    def ready(self) -> bool:
        """Whether there is a decision log on this host."""
        return self._query is not None and self._query.exists

    async def search(self, pending: PendingBackfill) -> LookbackResult:
        """Find all recipients of the entries. Raises `NotFound` without a decision log."""
        query = self._query
        if query is None or not query.exists:
            raise NotFound(
                "the decision log: there is none on this host, so recipients are unknown"
            )
        async with self._one_at_a_time:
            router = await self._router()
            return await asyncio.to_thread(self._search, query, pending, router)

    def _search(
        self, query: RecipientQuery, pending: PendingBackfill, router: Router
    ) -> LookbackResult:
        now, since = self._now_ms(), pending.effective_at_ms - pending.days * _DAY_MS
        accumulator = _LookbackAccumulator(self._most)
        for entry in pending.entries:
            try:
                subject = recipient_subject.read(self._home, entry.subject, entry.pattern)
                reached = query.reached(subject, since_ms=since, until_ms=now)
            except FanzhaError as error:
                accumulator.uncounted.append(str(error))
            except Exception as error:
                # A failed query must not end the pipeline. Its message may quote a number.
                places = kind_and_places(error)
                logger.error("the decision log could not be queried: %s", places)  # noqa: TRY400
                accumulator.uncounted.append(f"the decision log: {type(error).__name__}")
            else:
                accumulator.add(entry, subject, reached)
        return self._result_of(accumulator, now, router)

    def _result_of(
        self, accumulator: "_LookbackAccumulator", now: int, router: Router
    ) -> LookbackResult:
        persons = most_exposed_first(accumulator.totals.values())
        exposed = Counter(recipients.exposure(one).name.lower() for one in persons)
        assessed = persons[:: -(-len(persons) // MOST_ASSESSED) or 1]
        tiers = Counter[str]()
        for person in assessed:
            made = _recipient_of(person, accumulator.matches[person.number], now)
            tier = opening.apply_warnings(None, made.warnings, router, now).case.tier
            tiers[tier.name.lower() if tier else "none"] += 1
        count = RecipientCount(
            at_ms=now,
            persons=len(persons),
            lower_bound=self._samples or accumulator.sampled,
            left_out=accumulator.left_out,
            torn=accumulator.torn,
            covers_from_ms=accumulator.covers_from_ms,
            by_exposure=dict(exposed),
            by_tier=dict(tiers),
            assessed=len(assessed),
            uncounted=len(accumulator.uncounted),
            why=accumulator.uncounted[0] if accumulator.uncounted else "",
        )
        return LookbackResult(count=count, persons=persons, matches=accumulator.matches)


class _LookbackAccumulator:
    """Merges the matches of several entries, bounded to *most* persons."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.matches: dict[str, list[_RecipientMatch]] = {}
        self.totals: dict[str, Recipient] = {}
        self.uncounted: list[str] = []
        self.sampled = False
        self.left_out = 0
        self.torn = 0
        self.covers_from_ms = 0

    def add(self, entry: EffectiveEntry, subject: RecipientSubject, reached: Recipients) -> None:
        self.sampled |= reached.events > reached.logged
        self.left_out += reached.left_out
        self.torn = max(self.torn, len(reached.torn))
        self.covers_from_ms = max(self.covers_from_ms, reached.covers_from_ms)
        for person in reached.persons:
            number = person.number
            self.matches.setdefault(number, []).append(
                _RecipientMatch(entry=entry, subject=subject, person=person)
            )
            known = self.totals.get(number)
            self.totals[number] = person if known is None else _merged(known, person)
        if len(self.totals) > self._most:
            excess = most_exposed_first(self.totals.values())[self._most :]
            self.left_out += len(excess)
            for person in excess:
                del self.totals[person.number], self.matches[person.number]


def _merged(one: Recipient, other: Recipient) -> Recipient:
    """Merge the contacts of one person with two entries, for the order of exposure."""
    return replace(
        one,
        contacts=[*one.contacts, *other.contacts],
        times=one.times + other.times,
        talked_s=max(one.talked_s, other.talked_s),
    )


def _recipient_of(
    person: Recipient, matches: Sequence[_RecipientMatch], now_ms: int
) -> BackfillRecipient:
    warnings = [
        warning
        for one in matches
        for warning in recipients.recipient_of(
            one.person,
            one.subject,
            campaign=one.entry.campaign,
            fraud_type=one.entry.fraud_type,
            now_ms=now_ms,
        ).warnings
    ]
    return BackfillRecipient(
        number=person.number, exposure=recipients.exposure(person), warnings=warnings
    )
