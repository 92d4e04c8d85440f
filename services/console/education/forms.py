"""Forms of the Education page: a campaign, a file of recipients, an event in person."""

import csv
import io
from datetime import date, datetime, time
from typing import Any

from starlette.datastructures import UploadFile

from fanzha.errors import InvalidInput
from fanzha.v1 import education_pb2 as pb
from services.console.web.formats import CHINA
from services.console.web.page_request import PageRequest

MOST_ROWS = 100_000
"""Rows of one file; a larger one is for the command."""
REQUIRED = ("number", "consent_source", "consent_day")
_COLUMNS = (*REQUIRED, "region", "age_band", "occupation")
_MOST_DIGITS = 9
_LONGEST = 500
_ENCODINGS = ("utf-8-sig", "gb18030")


def campaign(visit: PageRequest) -> pb.EducationCampaign:
    """Read what is said of a campaign; `InvalidInput` for a day that is none."""
    kind, _, theme = visit.field("about").partition(":")
    return pb.EducationCampaign(
        name=visit.field("name"),
        occasion=choice(visit.field("occasion"), pb.EducationOccasion),
        fraud_type=number(theme) if kind == "fraud" else 0,  # type: ignore[arg-type]
        financial_fraud=number(theme) if kind == "financial" else 0,  # type: ignore[arg-type]
        region=visit.field("region"),
        segment=pb.EducationSegment(
            age_bands=_words(visit, "age_bands"),
            occupations=_words(visit, "occupations"),
            areas=_words(visit, "areas"),
            groups=_words(visit, "groups"),
        ),
        text=visit.field("text"),
        template=visit.field("template"),
        template_version=visit.field("template_version"),
        hold_out_percent=number(visit.field("hold_out")),
        start_ms=_day_ms(visit, "start", time()),
        end_ms=_day_ms(visit, "end", time(23, 59, 59)),
        daily_cap=number(visit.field("daily_cap")),
    )


def event(visit: PageRequest) -> pb.EducationEvent:
    """Read an event in person."""
    return pb.EducationEvent(
        occasion=choice(visit.field("occasion"), pb.EducationOccasion),
        place=visit.field("place"),
        region=visit.field("region"),
        day=visit.field("day"),
        people=number(visit.field("people")),
        material=number(visit.field("material")),
        note=visit.field("note"),
    )


async def recipients(visit: PageRequest) -> list[pb.EducationRecipient]:
    """Read a file of recipients; `InvalidInput` for what is no table of them."""
    file = visit.form.get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    try:
        table = csv.DictReader(io.StringIO(_decoded(content), newline=""), strict=True)
        if missing := [name for name in REQUIRED if name not in (table.fieldnames or ())]:
            raise InvalidInput("file: no column {names}", names=", ".join(missing))
        found = [
            pb.EducationRecipient(**{name: (row.get(name) or "")[:_LONGEST] for name in _COLUMNS})
            for row in table
        ]
    except csv.Error as error:
        raise InvalidInput("file: cannot be read: {error}", error=error) from None
    if len(found) > MOST_ROWS:
        raise InvalidInput("file: at most {most:,} rows", most=MOST_ROWS)
    return found


def choice(text: str, enum: Any) -> Any:
    """Read a choice of an enum; 0 for what is none."""
    return number(text) if number(text) in set(enum.values()) else 0


def number(text: str) -> int:
    """Read a number; 0 for what is none."""
    plain = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if plain else 0


def _decoded(content: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput("file: is neither UTF-8 nor GB 18030")


def _words(visit: PageRequest, name: str) -> list[str]:
    return [one.strip() for one in visit.field(name).replace("，", ",").split(",") if one.strip()]


def _day_ms(visit: PageRequest, name: str, clock: time) -> int:
    text = visit.field(name)
    try:
        at = datetime.combine(date.fromisoformat(text), clock, CHINA)
    except ValueError:
        raise InvalidInput("{field}: is no day: {text!r}", field=name, text=text[:20]) from None
    return int(at.timestamp() * 1000)
