"""Looks whom the entries of one change had reached: each person once, the most exposed first."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from fanzha.errors import FanzhaError, NotFound
from fanzha.phone import HomePlan
from infra.safe_traceback import kind_and_places
from services.decision_log import recipient_subject
from services.decision_log.recipient_subject import RecipientSubject
from services.decision_log.recipients import MOST_PERSONS, Recipient, RecipientQuery, Recipients
from services.warning.backfill import recipients
from services.warning.backfill.pending import EffectiveEntry, PendingBackfill, RecipientCount
from services.warning.backfill.recipients import BackfillRecipient, most_exposed_first
from services.warning.cases import opening
from services.warning.cases.opening import Router

logger = logging.getLogger(__name__)

MOST_JUDGED = 5000
"""Persons whose tier is told; of more, each so-manyth of the order of exposure."""
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _RecipientMatch:
    """How one person was reached by one entry."""

    entry: EffectiveEntry
    subject: RecipientSubject
    person: Recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class LookbackResult:
    """Who was found."""

    count: RecipientCount
    persons: Sequence[Recipient]
    """The most exposed first; each with all that is known of them."""
    met: "dict[str, list[_RecipientMatch]]"
    """By number of the person."""

    def plan(self, now_ms: int) -> Iterator[BackfillRecipient]:
        """Make the warnings, person by person."""
        return (_prepared(person, self.met[person.number], now_ms) for person in self.persons)


class Lookback:
    """Asks the decision log for several entries at once."""

    def __init__(
        self,
        query: RecipientQuery | None,
        *,
        home: HomePlan,
        router: Callable[[], Router],
        samples: bool,
        now_ms: Callable[[], int],
        most_persons: int = MOST_PERSONS,
    ) -> None:
        """*router* is asked in a thread; *samples*: whether the log is set to sample."""
        self._query = query
        self._home = home
        self._router = router
        self._samples = samples
        self._now_ms = now_ms
        self._most = most_persons
        self._one_at_a_time = asyncio.Lock()

    @property
    def ready(self) -> bool:
        """Tell whether there is a log on this host."""
        return self._query is not None and self._query.exists

    async def look(self, waiting: PendingBackfill) -> LookbackResult:
        """Find everybody whom the entries reached; `NotFound` where there is no log."""
        query = self._query
        if query is None or not query.exists:
            raise NotFound("the decision log: there is none on this host, so nobody can be found")
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._look, query, waiting)

    def _look(self, query: RecipientQuery, waiting: PendingBackfill) -> LookbackResult:
        now, since = self._now_ms(), waiting.landed_at_ms - waiting.days * _DAY_MS
        gathered = _Gathered(self._most)
        for entry in waiting.entries:
            try:
                subject = recipient_subject.read(self._home, entry.subject, entry.pattern)
                reached = query.reached(subject, since_ms=since, until_ms=now)
            except FanzhaError as error:
                gathered.uncounted.append(str(error))
            except Exception as error:
                # What the log cannot answer must not end the pipeline; somebody is told. Not its
                # message, which may quote a number.
                places = kind_and_places(error)
                logger.error("the decision log could not be asked: %s", places)  # noqa: TRY400
                gathered.uncounted.append(f"the decision log: {type(error).__name__}")
            else:
                gathered.add(entry, subject, reached)
        return self._looked(gathered, now)

    def _looked(self, gathered: "_Gathered", now: int) -> LookbackResult:
        persons = most_exposed_first(gathered.whole.values())
        exposed = Counter(recipients.exposure(one).name.lower() for one in persons)
        judged = persons[:: -(-len(persons) // MOST_JUDGED) or 1]
        router, tiers = self._router(), Counter[str]()
        for person in judged:
            made = _prepared(person, gathered.met[person.number], now)
            tier = opening.apply_warnings(None, made.warnings, router, now).case.tier
            tiers[tier.name.lower() if tier else "none"] += 1
        count = RecipientCount(
            at_ms=now,
            persons=len(persons),
            lower_bound=self._samples or gathered.sampled,
            left_out=gathered.left_out,
            torn=gathered.torn,
            covers_from_ms=gathered.covers_from_ms,
            by_exposure=dict(exposed),
            by_tier=dict(tiers),
            judged=len(judged),
            uncounted=len(gathered.uncounted),
            why=gathered.uncounted[0] if gathered.uncounted else "",
        )
        return LookbackResult(count=count, persons=persons, met=gathered.met)


class _Gathered:
    """What was found so far; never many more persons than *most*."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.met: dict[str, list[_RecipientMatch]] = {}
        self.whole: dict[str, Recipient] = {}
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
            self.met.setdefault(number, []).append(
                _RecipientMatch(entry=entry, subject=subject, person=person)
            )
            known = self.whole.get(number)
            self.whole[number] = person if known is None else _together(known, person)
        if len(self.whole) > self._most:
            beyond = most_exposed_first(self.whole.values())[self._most :]
            self.left_out += len(beyond)
            for person in beyond:
                del self.whole[person.number], self.met[person.number]


def _together(one: Recipient, other: Recipient) -> Recipient:
    """Add what another entry tells of a person, for their place in the order."""
    return replace(
        one,
        contacts=[*one.contacts, *other.contacts],
        times=one.times + other.times,
        talked_s=max(one.talked_s, other.talked_s),
    )


def _prepared(person: Recipient, met: Sequence[_RecipientMatch], now_ms: int) -> BackfillRecipient:
    warnings = [
        warning
        for one in met
        for warning in recipients.prepared(
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
