"""Writes the notices that the law requires, from templates and the records of an appeal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from blocklists.entries import Entry
from fanzha.errors import InvalidInput
from fanzha.translation.message import alternatives
from services.appeals import entry_snapshots
from services.appeals.model import Appeal, AppealOutcome, AppealState, AppealSubject, Document, Lift
from services.appeals.notices.phrases import Phrases
from services.appeals.notices.templates import LANGUAGES, NoticeTemplates

_OF_STATE = {
    AppealState.RECEIVED: "receipt",
    AppealState.IN_REVIEW: "receipt",
    AppealState.UPHELD: "upheld",
    AppealState.REJECTED: "rejected",
}
_INDENT = "\n    "


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice."""

    kind: str
    text: str
    template: str
    """Name and version, such as ``rejected-1``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """The facts of a notice."""

    reference: str
    subject: AppealSubject
    entry: Entry | None = None
    decision: Mapping[str, str] = field(default_factory=dict)
    since_ms: int = 0
    appellant: str = ""
    documents: Sequence[Document] = ()
    received_at_ms: int = 0
    deadline_ms: int = 0
    closed_at_ms: int = 0
    outcome: AppealOutcome | None = None
    lift: Lift | None = None


class Notices:
    """Writes notices."""

    def __init__(self, templates: NoticeTemplates, *, deadline_hours: int) -> None:
        self._templates = templates
        self._deadline_hours = deadline_hours

    def write(self, kind: str, language: str, case: NoticeFacts, now_ms: int) -> Notice:
        """Write a notice of *kind* about *case*."""
        if language not in LANGUAGES:
            raise InvalidInput("language: {languages}", languages=alternatives(list(LANGUAGES)))
        template = self._templates.by_kind[kind, language]
        phrases = Phrases(language)
        values = self._common(phrases, case, now_ms) | _OF_KIND[kind](self, phrases, case)
        values["version"] = template.version
        lines = {name: _INDENT.join(_plain(text).splitlines()) for name, text in values.items()}
        if silent := [name for name, text in lines.items() if not text]:
            raise InvalidInput("the notice would lack: {silent}", silent=", ".join(sorted(silent)))
        return Notice(kind=kind, text=template.text.substitute(lines), template=template.version)

    def _common(self, phrases: Phrases, case: NoticeFacts, now_ms: int) -> dict[str, str]:
        words = self._templates.words[phrases.language]
        return {
            "reference": case.reference,
            "office": words["office"],
            "channel": words["channel"],
            "remedy": words["remedy"],
            "documents": words["documents"],
            "subject": phrases.subject(case.subject),
            "reason": phrases.reason(case.entry, case.decision),
            "legal_basis": phrases.basis(case.entry, case.decision),
            "issued_at": phrases.moment(now_ms),
        }

    def _restriction(self, phrases: Phrases, case: NoticeFacts) -> dict[str, str]:
        until = phrases.say("until_upheld")
        if case.entry is not None:
            until = phrases.end(case.entry)
        unknown = phrases.say("since_unknown")
        return {
            "measure": phrases.measure(case.subject, case.entry),
            "since": phrases.moment(case.since_ms) if case.since_ms else unknown,
            "until": until,
            "deadline": phrases.within(self._deadline_hours),
        }

    def _receipt(self, phrases: Phrases, case: NoticeFacts) -> dict[str, str]:
        requested = self._templates.words[phrases.language]["documents"]
        return self._addressed(phrases, case) | {
            "measure": phrases.measure(case.subject, case.entry),
            "documents": phrases.received(tuple(case.documents), requested),
            "deadline": phrases.by_then(case.deadline_ms),
        }

    def _overdue(self, phrases: Phrases, case: NoticeFacts) -> dict[str, str]:
        return self._receipt(phrases, case) | {"deadline": phrases.late(case.deadline_ms)}

    def _upheld(self, phrases: Phrases, case: NoticeFacts) -> dict[str, str]:
        return self._decided(phrases, case) | {
            "documents": phrases.say("nothing_needed"),
            "deadline": phrases.lifted(case.lift, case.closed_at_ms),
            "legal_basis": phrases.say("law"),
        }

    def _rejected(self, phrases: Phrases, case: NoticeFacts) -> dict[str, str]:
        outcome = case.outcome or AppealOutcome(reason="")
        within = phrases.within(self._deadline_hours)
        return self._decided(phrases, case) | {
            "remedy": outcome.remedy,
            "documents": outcome.documents_required,
            "deadline": phrases.say("again_within", within=within),
        }

    def _decided(self, phrases: Phrases, case: NoticeFacts) -> dict[str, str]:
        return self._addressed(phrases, case) | {
            "decided_at": phrases.moment(case.closed_at_ms),
            "reason": case.outcome.reason if case.outcome else "",
        }

    def _addressed(self, phrases: Phrases, case: NoticeFacts) -> dict[str, str]:
        return {
            "appellant": case.appellant,
            "received_at": phrases.moment(case.received_at_ms),
        }


_OF_KIND = {
    "restriction": Notices._restriction,  # noqa: SLF001 - a table of its own methods
    "receipt": Notices._receipt,  # noqa: SLF001
    "overdue": Notices._overdue,  # noqa: SLF001
    "upheld": Notices._upheld,  # noqa: SLF001
    "rejected": Notices._rejected,  # noqa: SLF001
}


def kind_of(appeal: Appeal, requested: str, now_ms: int) -> str:
    """Return the kind of notice for the state of an appeal; `InvalidInput` if not *requested*."""
    fits = _OF_STATE.get(appeal.state, "")
    if appeal.erased_at_ms:
        raise InvalidInput(
            "appeal {appeal_id}: its personal data are erased", appeal_id=appeal.appeal_id
        )
    if not requested:
        if not fits:
            raise InvalidInput(
                "appeal {appeal_id} is {state}: no notice is due",
                appeal_id=appeal.appeal_id,
                state=appeal.state,
            )
        return fits
    if requested == "overdue" and not appeal.overdue(now_ms):
        raise InvalidInput("appeal {appeal_id} is not overdue", appeal_id=appeal.appeal_id)
    if requested in _OF_STATE.values() and requested not in {fits, "receipt"}:
        raise InvalidInput(
            "appeal {appeal_id} is {state}, not {requested}",
            appeal_id=appeal.appeal_id,
            state=appeal.state,
            requested=requested,
        )
    return requested


def case_of(appeal: Appeal) -> NoticeFacts:
    """Return the facts of an appeal for a notice."""
    entry = entry_snapshots.read(appeal.entries[0]) if appeal.entries else None
    decided_ms = int(appeal.decision.get("decided_at_ms", 0)) or appeal.occurred_at_ms
    return NoticeFacts(
        reference=f"A{appeal.appeal_id}",
        subject=appeal.subject,
        entry=entry,
        decision=appeal.decision,
        since_ms=int(entry.created_at.timestamp()) * 1000 if entry else decided_ms,
        appellant=appeal.appellant,
        documents=appeal.documents,
        received_at_ms=appeal.received_at_ms,
        deadline_ms=appeal.deadline_ms,
        closed_at_ms=appeal.closed_at_ms,
        outcome=appeal.outcome,
        lift=appeal.lift,
    )


def _plain(text: str) -> str:
    """Remove control characters, which could inject escape sequences into terminals or printers."""
    return "".join(letter for letter in text.strip() if letter.isprintable() or letter == "\n")
