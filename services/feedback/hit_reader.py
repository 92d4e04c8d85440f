"""Follow the hit streams: masked by role, and audited where full numbers are shown."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from fanzha.errors import InvalidInput
from fanzha.phone import masked
from services.audit.events import Audit, AuditKind
from services.auth import personal_data
from services.auth.entry_sight import EntrySight, WholeSight
from services.decision.related.entities import is_party
from services.decision.sinks.hit_fields import HitField
from services.decision.sinks.hit_store import SUSPECTED, HitStore

BEGINNING = "0"
_PLACE = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?")
_BATCH = 100
_EXAMINED = 500
MOST_EXAMINED = 10_000
"""Hits looked at by one request for pending ones."""
_HIGHEST = 2**64 - 1
_OF_ENTRY = (HitField.ENTRY_ID, HitField.PATTERN, HitField.CAMPAIGN, HitField.FRAUD_TYPE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedHit:
    """A hit and where it stands."""

    stream: str
    place: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingHits:
    """Suspected hits without a verdict, newest first."""

    hits: Sequence[FollowedHit]
    next_before: str
    """Where older ones go on; empty where there are none."""


class HitReader:
    """Reads the hit streams. Raises `Unavailable` while Redis is away."""

    def __init__(
        self, store: HitStore, *, audit: Audit, sight: EntrySight | WholeSight | None = None
    ) -> None:
        """Without *sight*, people with regions learn of no entry."""
        self._store = store
        self._audit = audit
        self._sight = sight or WholeSight()

    async def follow(
        self, streams: Sequence[str], *, after: str, end_at_newest: bool, unmasked: bool
    ) -> AsyncIterator[FollowedHit]:
        """Yield what comes after place *after* in *streams*; empty: what is written from now on."""
        if after and not _is_place(after):
            raise InvalidInput(
                "after: a place such as 1764000000000-0, not {after!r}", after=after[:40]
            )
        if unmasked:
            await self._record_reading(streams, after=after)
        places = {one: after or await self._store.newest(one) for one in streams}
        while True:
            wait_ms = 1 if end_at_newest else 1000
            found = await self._store.follow(places, count=_BATCH, block_ms=wait_ms)
            shown = await self._shown([hit for *_, hit in found])
            for (stream, place, _), hit in zip(found, shown, strict=True):
                places[stream] = place
                fields = hit if unmasked else masked_fields(hit)
                yield FollowedHit(stream=stream, place=place, fields=fields)
            if not found and end_at_newest:
                return

    async def pending(
        self, fits: Callable[[Mapping[str, str]], bool], *, before: str, limit: int, unmasked: bool
    ) -> PendingHits:
        """Return the newest *limit* suspected hits before a place that fit and have no verdict.

        An empty place means from the newest on. Looks at `MOST_EXAMINED` hits at most.
        """
        if before and not _is_place(before):
            raise InvalidInput(
                "before: a place such as 1764000000000-0, not {before!r}", before=before[:40]
            )
        if unmasked:
            await self._record_reading([SUSPECTED], before=before)
        found: list[FollowedHit] = []
        for _ in range(MOST_EXAMINED // _EXAMINED):
            part = await self._store.before(SUSPECTED, before, count=_EXAMINED)
            chosen: list[tuple[str, Mapping[str, str]]]
            chosen = [(place, hit) for place, hit in part if fits(hit)]
            shown = await self._shown([hit for _, hit in chosen])
            chosen = [(place, hit) for (place, _), hit in zip(chosen, shown, strict=True)]
            ids = [hit[HitField.DECISION_ID] for _, hit in chosen]
            verdicts = await self._store.verdicts(ids)
            for (place, hit), verdict in zip(chosen, verdicts, strict=True):
                if verdict:
                    continue
                fields = hit if unmasked else masked_fields(hit)
                found.append(FollowedHit(stream=SUSPECTED, place=place, fields=fields))
                if len(found) == limit:
                    return PendingHits(hits=found, next_before=place)
            if len(part) < _EXAMINED:
                return PendingHits(hits=found, next_before="")
            before = part[-1][0]
        return PendingHits(hits=found, next_before=before)

    async def _shown(self, hits: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
        """Return hits without the entries that are not there for the caller."""
        hidden = await self._sight.hidden(
            (hit.get(HitField.ENTRY_ID, ""), hit.get(HitField.PATTERN, "")) for hit in hits
        )
        return [without_entry(hit) if hit.get(HitField.ENTRY_ID) in hidden else hit for hit in hits]

    async def _record_reading(self, streams: Sequence[str], **place: str) -> None:
        """Check that the caller may see whole numbers, and record that it does."""
        personal_data.check_unmasked("unmasked")
        names = ", ".join(name.rsplit(":", 1)[1] for name in streams)
        await self._audit.record(
            AuditKind.HITS_READ, subject="hits", details={"streams": names, **place}
        )


def without_entry(hit: Mapping[str, str]) -> dict[str, str]:
    """Return a hit that does not tell by which entry it was decided."""
    # Of a text, the URL is the pattern that a link in it matched.
    listed = hit.get(HitField.URL) == hit.get(HitField.PATTERN)
    left_out = {*_OF_ENTRY, *([HitField.URL] if listed else [])}
    return {name: value for name, value in hit.items() if name not in left_out}


def masked_fields(hit: Mapping[str, str]) -> dict[str, str]:
    """Mask the parties of a hit, and its pattern and suspect where they are one; omit its note."""
    parties = {hit.get(HitField.FROM_PARTY), hit.get(HitField.TO_PARTY)}
    hide = {HitField.FROM_PARTY, HitField.TO_PARTY} | (
        {HitField.PATTERN} if hit.get(HitField.PATTERN) in parties else set()
    )
    if is_party(hit.get(HitField.RELATED, "")):
        hide.add(HitField.RELATED)
    return {
        name: masked(value) if name in hide else value
        for name, value in hit.items()
        if name != "note"
    }


def _is_place(text: str) -> bool:
    if not _PLACE.fullmatch(text):
        return False
    return all(int(part) <= _HIGHEST for part in text.split("-"))
