"""Forms of the Appeals page: opening, deciding, and drafts of notices."""

from datetime import datetime

from starlette.datastructures import UploadFile

from fanzha.errors import InvalidInput
from fanzha.v1 import appeal_pb2 as pb
from services.console.web.form_numbers import MOST_INT32, MOST_INT64, enum_choice, whole_number
from services.console.web.formats import CHINA
from services.console.web.page_request import PageRequest

MOST_DOCUMENTS = 20
OUTCOMES = (pb.APPEAL_STATE_UPHELD, pb.APPEAL_STATE_REJECTED)
DIRECTIONS = (1, 2, 3)


def number(visit: PageRequest, name: str, *, most: int = MOST_INT32) -> int:
    """Read a whole number that may be left out; raises `InvalidInput` for what is none."""
    text = visit.field(name)
    if not text:
        return 0
    found = whole_number(text, most=most)
    if found is None:
        raise InvalidInput("{name}: is no whole number", name=name)
    return found


def outcome(visit: PageRequest) -> int:
    """Read what is decided; 0 where nothing is chosen."""
    found: int = enum_choice(visit.field("outcome"), OUTCOMES)
    return found


def decision(visit: PageRequest, appeal_id: int) -> pb.DecideAppealRequest:
    """Read a decision."""
    direction = number(visit, "direction")
    return pb.DecideAppealRequest(
        appeal_id=appeal_id,
        outcome=outcome(visit),  # type: ignore[arg-type]
        reason=visit.field("reason"),
        remedy=visit.field("remedy"),
        documents_required=visit.field("documents_required"),
        expected_revision=number(visit, "revision") or None,
        allow=visit.field("allow") == "1",
        direction=direction if direction in DIRECTIONS else 0,  # type: ignore[arg-type]
        lift_pattern=visit.field("lift_pattern"),
        allow_days=number(visit, "allow_days"),
        by=visit.session.by,
    )


def draft(visit: PageRequest) -> pb.NoticeDraft:
    """Read a decision that is only looked at."""
    return pb.NoticeDraft(
        outcome=outcome(visit),  # type: ignore[arg-type]
        reason=visit.field("reason"),
        remedy=visit.field("remedy"),
        documents_required=visit.field("documents_required"),
    )


async def opening(visit: PageRequest) -> pb.OpenAppealRequest:
    """Read a new appeal with its documents."""
    return pb.OpenAppealRequest(
        decision_id=number(visit, "decision_id", most=MOST_INT64),
        pattern=visit.field("pattern"),
        occurred_at_ms=_moment(visit.field("at")),
        appellant=visit.field("appellant"),
        contact=visit.field("contact"),
        grounds=visit.field("grounds"),
        documents=await documents(visit),
        again=visit.field("again") == "1",
        opened_by=visit.session.by,
        language=pb.LANGUAGE_EN if visit.language == "en" else pb.LANGUAGE_ZH,
    )


async def documents(visit: PageRequest) -> list[pb.AppealDocument]:
    """Read the files that were sent."""
    files = [one for one in visit.form.getlist("documents") if isinstance(one, UploadFile)]
    found = []
    for file in files[: MOST_DOCUMENTS + 1]:
        content = await file.read()
        if content or file.filename:
            # Browsers of old sent whole paths.
            name = (file.filename or "").replace("\\", "/").rpartition("/")[2]
            found.append(pb.AppealDocument(name=name, content=content))
    return found


def _moment(text: str) -> int:
    """Read a time of China from an input of the type datetime-local; 0 for none."""
    if not text:
        return 0
    try:
        return max(0, int(datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp() * 1000))
    except (ValueError, OverflowError):
        raise InvalidInput("at: is no time: {text!r}", text=text) from None


def typed(visit: PageRequest) -> dict[str, str]:
    """Return what was sent, to be shown again beside what is wrong with it."""
    return {name: visit.field(name) for name in visit.form}
