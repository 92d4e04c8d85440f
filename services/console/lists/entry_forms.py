"""Forms about entries: what people type becomes fields of a request, errors stay beside fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from fanzha.translation.message import Message
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import change_pb2, decision_pb2
from services.console.web.formats import CHINA
from services.console.web.page_request import PageRequest

ADD_FIELDS = (
    *("patterns", "action", "direction", "fraud_type", "source", "reason", "legal_basis"),
    *("expires", "review", "mode", "campaign", "region"),
)
EDIT_FIELDS = (
    *("direction", "fraud_type", "source", "entry_reason", "legal_basis", "expires", "review"),
    *("campaign", "region"),
)
MOST_PATTERNS = 10_000
_LAST_DAY = date(2105, 12, 31)


@dataclass(slots=True)
class FormFields:
    """Fields of a form, and what is wrong with them."""

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, visit: PageRequest, names: tuple[str, ...]) -> "FormFields":
        """Read the fields that a form sent."""
        return cls({name: visit.field(name) for name in names})

    def number(self, name: str) -> Any:
        """Return a choice; 0 for none."""
        text = self.values.get(name, "")
        return int(text) if text.isdecimal() and len(text) < 4 else 0  # noqa: PLR2004

    def required(self, name: str) -> str:
        """Return a text that must be there."""
        text = self.values.get(name, "")
        if not text:
            self.errors[name] = Message("Required.")
        return text

    def end_of_day_s(self, name: str, now_s: int) -> int:
        """Return the end of a day of China, in Unix seconds; 0 for none."""
        text = self.values.get(name, "")
        if not text:
            return 0
        try:
            day = min(date.fromisoformat(text), _LAST_DAY)
        except ValueError:
            self.errors[name] = Message("No date: write it as 2026-12-31.")
            return 0
        following = datetime(day.year, day.month, day.day, tzinfo=CHINA) + timedelta(days=1)
        end_s = int(following.timestamp())
        if end_s <= now_s:
            self.errors[name] = Message("This day is over.")
            return 0
        return end_s


def update_of(form: FormFields, now_s: int, by: str) -> pb.UpdateEntriesRequest:
    """Return what adds the entries of a form, one pattern a line."""
    lines = [line.strip() for line in form.required("patterns").splitlines() if line.strip()]
    if len(lines) > MOST_PATTERNS:
        form.errors["patterns"] = Message(
            "At most {most:,} lines; import a file instead.", most=MOST_PATTERNS
        )
        lines = []
    if not form.number("source"):
        form.errors["source"] = Message("Required.")
    reason = form.required("reason")
    common: dict[str, Any] = {
        "action": form.number("action") or decision_pb2.ACTION_BLOCK,
        "direction": form.number("direction"),
        "fraud_type": form.number("fraud_type"),
        "source": form.number("source"),
        "mode": form.number("mode"),
        "reason": reason,
        "legal_basis": form.values["legal_basis"],
        "campaign": form.values["campaign"],
        "region": form.values["region"],
        "expires_at_s": form.end_of_day_s("expires", now_s),
        "review_at_s": form.end_of_day_s("review", now_s),
    }
    additions = [pb.Entry(pattern=line, **common) for line in lines]
    return pb.UpdateEntriesRequest(additions=additions, author=by, reason=reason)


def edit_of(
    form: FormFields, entry: pb.Entry, now_s: int
) -> tuple[change_pb2.EntryEdit, Mapping[str, Any]]:
    """Return what of an entry a form changes, also as a mapping, empty for nothing."""
    changed: dict[str, Any] = {}
    for name in ("direction", "fraud_type", "source"):
        if name in form.values and form.number(name) != getattr(entry, name):
            changed[name] = form.number(name)
    if not changed.get("source", 1):
        form.errors["source"] = Message("Required.")
    texts = ("legal_basis", "campaign", "region")
    for name, of_entry in (("entry_reason", "reason"), *((one, one) for one in texts)):
        if form.values[name] != getattr(entry, of_entry):
            changed[of_entry] = form.values[name]
    for name, of_entry in {"expires": "expires_at_s", "review": "review_at_s"}.items():
        # An unchanged day is no change, even where the entry ends within it.
        if form.values[name] and form.values[name] != day_of(getattr(entry, of_entry)):
            changed[of_entry] = form.end_of_day_s(name, now_s)
    edit = change_pb2.EntryEdit(
        kind=entry.kind, pattern=entry.pattern, action=entry.action, **changed
    )
    return edit, changed


def day_of(end_s: int) -> str:
    """Return the day on which something ends, as a date field takes it; empty for none."""
    if not end_s or end_s >= 2**32 - 1:
        return ""
    return datetime.fromtimestamp(end_s - 1, CHINA).date().isoformat()
