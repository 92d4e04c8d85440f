"""Forms of the Education page: a campaign, a file of recipients, an event in person."""

import csv
import io
from collections.abc import Mapping, Sequence
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
_FIRST, _LAST = time(), time(23, 59, 59)
FIELDS: Mapping[str, str] = {
    "hold_out_percent": "hold_out",
    "start_ms": "start",
    "end_ms": "end",
    "fraud_type": "about",
    "financial_fraud": "about",
}
"""Fields of a campaign whose field of the form has another name."""
_LONGEST = 500
_ENCODINGS = ("utf-8-sig", "gb18030")


def campaign(visit: PageRequest, known: pb.EducationCampaign | None = None) -> pb.EducationCampaign:
    """Read what is said of a campaign; `InvalidInput` for a day or a number that is none.

    What the form leaves as it shows it of *known* stays to the millisecond, and to the comma.
    """
    kind, _, theme = visit.field("about").partition(":")
    shown = {} if known is None else typed(known)

    def is_kept(name: str) -> bool:
        return known is not None and visit.field(name) == shown[name]

    def words(name: str) -> Sequence[str]:
        if known is not None and is_kept(name):
            return tuple(getattr(known.segment, name))
        return _words(visit, name)

    return pb.EducationCampaign(
        name=visit.field("name"),
        occasion=choice(visit.field("occasion"), pb.EducationOccasion),
        fraud_type=number(theme) if kind == "fraud" else 0,  # type: ignore[arg-type]
        financial_fraud=number(theme) if kind == "financial" else 0,  # type: ignore[arg-type]
        region=visit.field("region"),
        segment=pb.EducationSegment(
            age_bands=words("age_bands"),
            occupations=words("occupations"),
            areas=words("areas"),
            groups=words("groups"),
        ),
        text=visit.field("text"),
        template=visit.field("template"),
        template_version=visit.field("template_version"),
        hold_out_percent=_counted(visit, "hold_out"),
        outcome_days=_counted(visit, "outcome_days"),
        start_ms=known.start_ms if known and is_kept("start") else _day_ms(visit, "start", _FIRST),
        end_ms=known.end_ms if known and is_kept("end") else _day_ms(visit, "end", _LAST),
        daily_cap=_counted(visit, "daily_cap"),
    )


def typed(known: pb.EducationCampaign) -> dict[str, str]:
    """Return the fields of the form for a campaign; a text that comes along is left empty."""
    own, meant = not known.text_comes_along, known.segment
    about = f"financial:{known.financial_fraud}" if known.financial_fraud else ""
    return {
        "name": known.name,
        "occasion": str(int(known.occasion)),
        "about": about or (f"fraud:{known.fraud_type}" if known.fraud_type else ""),
        "region": known.region,
        "age_bands": ", ".join(meant.age_bands),
        "occupations": ", ".join(meant.occupations),
        "areas": ", ".join(meant.areas),
        "groups": ", ".join(meant.groups),
        "text": known.text if own else "",
        "template": known.template if own else "",
        "template_version": known.template_version if own else "",
        "hold_out": str(known.hold_out_percent),
        "outcome_days": str(known.outcome_days),
        "start": _day_of(known.start_ms),
        "end": _day_of(known.end_ms),
        "daily_cap": str(known.daily_cap),
    }


def event(visit: PageRequest) -> pb.EducationEvent:
    """Read an event in person; `InvalidInput` for a number that is none."""
    return pb.EducationEvent(
        occasion=choice(visit.field("occasion"), pb.EducationOccasion),
        place=visit.field("place"),
        region=visit.field("region"),
        day=visit.field("day"),
        people=_counted(visit, "people"),
        material=_counted(visit, "material"),
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


def _counted(visit: PageRequest, name: str) -> int:
    """Read a number that somebody typed; 0 for an empty field."""
    text = visit.field(name)
    if text and text != "0" and not number(text):
        raise InvalidInput("{field}: is no number: {text!r}", field=name, text=text[:20])
    return number(text)


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


def _day_of(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, CHINA).date().isoformat()
