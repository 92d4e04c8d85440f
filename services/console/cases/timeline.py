"""Events of a case as lines of its timeline: a title, facts, and what people wrote."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fanzha.translation.catalogue import gettext_noop
from fanzha.v1 import case_pb2 as pb
from fanzha.v1 import warning_pb2
from services.console.web import service_words
from services.console.web.formats import ReaderFormats

_TITLES: Mapping[str, str] = {
    "opened": gettext_noop("Case opened by a warning"),
    "joined": gettext_noop("Another warning joined"),
    "routed": gettext_noop("Region found or assigned"),
    "tiered": gettext_noop("Tier set"),
    "queued": gettext_noop("Message queued"),
    "sent": gettext_noop("Message sent"),
    "delivered": gettext_noop("Message delivered"),
    "failed": gettext_noop("Message not delivered"),
    "escalated": gettext_noop("Next step of the plan"),
    "taken": gettext_noop("Taken by an officer"),
    "noted": gettext_noop("Note"),
    "closed": gettext_noop("Case closed"),
}
_CHANNELS: Mapping[str, str] = {"sms": "SMS", "voice": "Voice call", "in_person": "In person"}
_TONES: Mapping[str, str] = {"delivered": "good", "failed": "bad", "escalated": "review"}
_STEP_TONES: Mapping[int, str] = {
    pb.STOP_PAYMENT_STEP_REFUSED: "bad",
    pb.STOP_PAYMENT_STEP_RECEIVED: "good",
}
FEN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line of the timeline."""

    at_ms: int
    by: str
    title: str
    tone: str
    facts: Sequence[str]
    text: str
    """What a person wrote, or why the service did it."""


def entries(events: Iterable[pb.CaseEvent], formats: ReaderFormats) -> list[TimelineEntry]:
    """Write events for a reader."""
    return [_entry(event, formats) for event in events]


def means(some: Iterable[pb.CaseMeans], formats: ReaderFormats) -> list[str]:
    """Write means as ``number +86 170 0000 0001``."""
    return [
        f"{formats.word(one.kind, warning_pb2.MeansKind)} {formats.party(one.value)}".strip()
        for one in some
    ]


def yuan(fen: int) -> str:
    """Write an amount of money."""
    return f"¥{fen // FEN:,}.{fen % FEN:02}"


def _entry(event: pb.CaseEvent, formats: ReaderFormats) -> TimelineEntry:
    title, tone = _TITLES.get(event.what, event.what), _TONES.get(event.what, "")
    if event.unreached:
        title, tone = gettext_noop("The person could not be reached"), "review"
    elif event.skipped:
        title, tone = gettext_noop("Passed over"), "review"
    elif event.evidence:
        title = gettext_noop("Evidence added")
    elif event.stop_payment:
        title, tone = gettext_noop("Stop payment"), _STEP_TONES.get(event.stop_payment, "review")
    elif event.reply_meaning:
        title = gettext_noop("The person wrote")
    return TimelineEntry(
        at_ms=event.at_ms,
        by=event.by,
        title=formats.gettext(title),
        tone=tone,
        facts=[fact for fact in _facts(event, formats) if fact],
        text=event.reply or event.why,
    )


def _facts(event: pb.CaseEvent, formats: ReaderFormats) -> list[str]:
    say = formats.gettext
    found = [f"{event.origin.source_name} {event.origin.reference}".strip()]
    if event.means.value:
        found += means([event.means], formats)
    if event.decision_id:
        found.append(say("decision {id}", id=event.decision_id))
    found += [
        event.region,
        formats.word(event.tier, pb.CaseTier),
        formats.listed(say(service_words.TIER_LINES.get(one, one)) for one in event.policy_lines),
        formats.pgettext("warning_form", _CHANNELS[event.channel])
        if event.channel in _CHANNELS
        else event.channel,
    ]
    if event.officer and event.officer != event.by:
        found.append(say("officer {name}", name=event.officer))
    found += means(event.evidence, formats)
    found.append(formats.word(event.outcome, pb.CaseOutcome))
    if event.HasField("lost_fen"):
        found.append(say("lost {amount}", amount=yuan(event.lost_fen)))
    found += means(event.lost_to, formats)
    if event.duplicate_of:
        found.append(say("same as {case_id}", case_id=event.duplicate_of))
    if event.reply_meaning:
        found.append(formats.pgettext("meaning", event.reply_meaning))
    found += [formats.word(event.stop_payment, pb.StopPaymentStep), event.receipt]
    if event.due_at_ms:
        found.append(say("due {time}", time=formats.time(event.due_at_ms, seconds=False)))
    return found
