"""Finds what some words may name: each kind of thing is asked for by its own method.

A finder is asked only where its page is open to the reader and the words have its form; one that
fails, or is slow, is left out.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from fanzha.translation.message import Message
from fanzha.v1 import (
    appeal_pb2,
    blocklist_pb2,
    case_pb2,
    change_pb2,
    decision_log_pb2,
    hit_pb2,
)
from services.console.backend.faults import BackendFault
from services.console.lists import entry_ref
from services.console.web.page_request import PageRequest
from services.console.web.urls import url

SECONDS = 2.0
"""Longest wait for a finder."""
MOST_OPTIONS = 5
"""Of one finder."""
_DIGITS = re.compile(r"\d{1,20}")
_NUMBER = re.compile(r"\+?\d{3,20}\*?")
_LONG_ID = re.compile(r"\d{10,20}")
_SHORT_ID = re.compile(r"\d{1,12}")
_CASE = re.compile(r"[0-9a-f]{6,40}")
_FINGERPRINT = re.compile(r"[0-9a-f]{8,}")
_NAME = re.compile(r"\S.{2,}")
_CAMPAIGNS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PaletteOption:
    """One line of the palette."""

    text: str
    what: str
    """What kind of thing it is."""
    address: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """Sent by POST, because they must not be in an address; empty: the address is a link."""


_Find: TypeAlias = Callable[[PageRequest, str], Awaitable[list[PaletteOption]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaletteFinder:
    """Finds one kind of thing."""

    page: str
    """Name of the page that shows it."""
    method: str
    form: re.Pattern[str]
    find: _Find


async def found(visit: PageRequest, words: str) -> list[PaletteOption]:
    """Return what *words* may name, of all finders at once."""
    shown = {page.name for page in visit.parts.pages if page.is_open_to(visit.session)}
    compact = _compact(words)
    asked = [
        _patient(one, visit, compact)
        for one in FINDERS
        if one.page in shown and visit.may(one.method) and one.form.fullmatch(compact)
    ]
    answers: Sequence[list[PaletteOption]] = await asyncio.gather(*asked)
    return [option for options in answers for option in options[:MOST_OPTIONS]]


def _compact(words: str) -> str:
    """Return the words, and a number without the blanks and hyphens that people write in it."""
    bare = re.sub(r"[\s()\u2010-\u2015-]", "", words)
    return bare if _NUMBER.fullmatch(bare) or _DIGITS.fullmatch(bare) else words.strip()


async def _patient(finder: PaletteFinder, visit: PageRequest, words: str) -> list[PaletteOption]:
    try:
        async with asyncio.timeout(SECONDS):
            return await finder.find(visit, words)
    except (BackendFault, TimeoutError):
        return []


async def _entries(visit: PageRequest, words: str) -> list[PaletteOption]:
    request = blocklist_pb2.FindEntriesRequest(query=words)
    answer = await visit.calls.unary("BlocklistService/FindEntries", request)
    path_of = await entry_ref.paths(visit)
    return [
        PaletteOption(
            text=visit.formats.party(entry.pattern),
            what=Message("list entry"),
            address=url(path_of(entry)),
        )
        for entry in answer.entries
    ]


async def _decisions_of(visit: PageRequest, words: str) -> list[PaletteOption]:
    return [
        PaletteOption(
            text=visit.formats.party(words),
            what=Message("search decisions, last 30 days"),
            address=url("/decisions/search"),
            fields={"party": words, "period": "30d"},
        )
    ]


async def _decision(visit: PageRequest, words: str) -> list[PaletteOption]:
    request = decision_log_pb2.GetDecisionRequest(decision_id=int(words))
    await visit.calls.unary("DecisionLogService/GetDecision", request)
    return [PaletteOption(text=words, what=Message("decision"), address=url(f"/decisions/{words}"))]


async def _change(visit: PageRequest, words: str) -> list[PaletteOption]:
    request = change_pb2.GetChangeRequest(id=int(words))
    answer = await visit.calls.unary("ChangeService/GetChange", request)
    return [
        PaletteOption(
            text=f"{words} {answer.change.reason}",
            what=Message("change request"),
            address=url(f"/changes/{words}"),
        )
    ]


async def _appeal(visit: PageRequest, words: str) -> list[PaletteOption]:
    request = appeal_pb2.GetAppealRequest(appeal_id=int(words))
    await visit.calls.unary("AppealService/GetAppeal", request)
    return [PaletteOption(text=words, what=Message("appeal"), address=url(f"/appeals/{words}"))]


async def _appeals_about(visit: PageRequest, words: str) -> list[PaletteOption]:
    request = appeal_pb2.ListAppealsRequest(pattern=words, page_size=MOST_OPTIONS)
    answer = await visit.calls.unary("AppealService/ListAppeals", request)
    return [
        PaletteOption(
            text=f"{one.appeal_id} {visit.formats.party(words)}",
            what=Message("appeal"),
            address=url(f"/appeals/{one.appeal_id}"),
        )
        for one in answer.appeals
    ]


async def _case(visit: PageRequest, words: str) -> list[PaletteOption]:
    request = case_pb2.GetCaseRequest(case_id=words, masked=True)
    await visit.calls.unary("CaseService/GetCase", request)
    return [PaletteOption(text=words, what=Message("case"), address=url(f"/cases/{words}"))]


async def _campaigns(visit: PageRequest, words: str) -> list[PaletteOption]:
    request = hit_pb2.ListCampaignsRequest(limit=_CAMPAIGNS)
    answer = await visit.calls.unary("HitService/ListCampaigns", request)
    return [
        PaletteOption(
            text=one.fingerprint,
            what=Message("campaign"),
            address=url(f"/campaigns/text/{one.fingerprint}"),
        )
        for one in answer.campaigns
        if words in one.fingerprint
    ]


FINDERS = (
    PaletteFinder(
        page="decisions", method="DecisionLogService/GetDecision", form=_LONG_ID, find=_decision
    ),
    PaletteFinder(page="changes", method="ChangeService/GetChange", form=_SHORT_ID, find=_change),
    PaletteFinder(page="appeals", method="AppealService/GetAppeal", form=_SHORT_ID, find=_appeal),
    PaletteFinder(page="cases", method="CaseService/GetCase", form=_CASE, find=_case),
    PaletteFinder(page="lists", method="BlocklistService/FindEntries", form=_NAME, find=_entries),
    PaletteFinder(
        page="decisions",
        method="DecisionLogService/FindDecisions",
        form=_NUMBER,
        find=_decisions_of,
    ),
    PaletteFinder(
        page="appeals", method="AppealService/ListAppeals", form=_NUMBER, find=_appeals_about
    ),
    PaletteFinder(
        page="campaigns", method="HitService/ListCampaigns", form=_FINGERPRINT, find=_campaigns
    ),
)
"""In the order of the palette."""
