"""Why it was decided so, in a sentence."""

from __future__ import annotations

from fanzha.translation.catalogue import gettext, gettext_noop
from fanzha.v1 import decision_pb2
from services.cli._common.enum_words import LazyTable, enum_word, wire_word
from services.cli._common.time_arguments import written

_FIXED = LazyTable(
    lambda: {
        decision_pb2.REASON_FAILED_OPEN: gettext_noop("Let through: no model could be heard."),
        decision_pb2.REASON_FAILED_CLOSED: gettext_noop(
            "Blocked: no model could be heard, and the policy of the carrier blocks then."
        ),
        decision_pb2.REASON_INVALID: gettext_noop("Let through: the request could not be read."),
        decision_pb2.REASON_PROTECTED: gettext_noop(
            "Let through: a party is protected; nothing else counts."
        ),
        decision_pb2.REASON_SPAM: gettext_noop(
            "Blocked: unwanted advertising, though hardly fraud."
        ),
        decision_pb2.REASON_IMPLAUSIBLE: gettext_noop(
            "Blocked: the caller or sender cannot be what it claims."
        ),
    }
)
_UNKNOWN = gettext_noop("The server gave a reason that this command does not know.")


def _related_sentence(decision: decision_pb2.Decision, done: str) -> str:
    since = written(decision.related_since_ms)
    what = _related(decision)
    if not decision.related_to:
        return gettext(
            "{done}: {what} is confirmed fraud since {since}.", done=done, what=what, since=since
        )
    return gettext(
        "{done}: {what} is seen with {related_to}, which is confirmed fraud; suspected since "
        "{since}.",
        done=done,
        what=what,
        related_to=decision.related_to,
        since=since,
    )


def _sender_sentence(decision: decision_pb2.Decision, done: str) -> str:
    history = decision.sender_history
    return gettext(
        "{done}: {blocked:.1f} of the sender's last {texts:.1f} texts, to some {receivers:.0f} "
        "receivers, were blocked for what they say, which lowers the threshold to {threshold:.4f}; "
        "its words score {score:.4f}.",
        done=done,
        blocked=history["blocked"],
        texts=history["texts"],
        receivers=history["receivers"],
        threshold=history["threshold"],
        score=decision.score,
    )


def _related(decision: decision_pb2.Decision) -> str:
    if decision.related_evidence == decision_pb2.EVIDENCE_TEXT:
        return gettext("a near-duplicate of it, {entity},", entity=decision.related_entity)
    side = wire_word(decision_pb2.Evidence, decision.related_evidence)
    return gettext(
        "the {side} {entity}", side=enum_word("evidence", side), entity=decision.related_entity
    )


def sentence(decision: decision_pb2.Decision) -> str:
    """Say in a sentence why it was decided so."""
    if decision.reason in _FIXED:
        return gettext(_FIXED[decision.reason])
    return _by_entry(decision) or _by_score(decision) or gettext(_UNKNOWN)


def _by_entry(decision: decision_pb2.Decision) -> str:
    entry = gettext(
        "entry {entry_id} ({pattern})", entry_id=decision.entry_id, pattern=decision.pattern
    )
    side = enum_word("evidence", wire_word(decision_pb2.Evidence, decision.evidence))
    if decision.reason == decision_pb2.REASON_ALLOWLISTED:
        return gettext(
            "Let through: the {side} is on the allow list, {entry}.", side=side, entry=entry
        )
    if decision.reason == decision_pb2.REASON_BLOCKLISTED:
        return gettext("Blocked: the {side} is on the block list, {entry}.", side=side, entry=entry)
    return ""


def _by_score(decision: decision_pb2.Decision) -> str:
    blocked = decision.action == decision_pb2.ACTION_BLOCK or decision.monitored
    done = gettext("Blocked") if blocked else gettext("Let through and marked")
    values = {"score": decision.score, "threshold": decision.threshold}
    match decision.reason:
        case decision_pb2.REASON_SCORED:
            reached = gettext_noop("The score {score:.4f} reaches the threshold {threshold:.4f}.")
            under = gettext_noop("The score {score:.4f} stays under the threshold {threshold:.4f}.")
            return gettext(reached if blocked else under, **values)
        case decision_pb2.REASON_LINK_SCORED:
            return gettext(
                "{done}: a link in it scores {link_score:.4f}, and its words {score:.4f}.",
                done=done,
                link_score=decision.link_score,
                score=decision.score,
            )
        case decision_pb2.REASON_VELOCITY:
            return gettext(
                "{done}: the call itself looks like a fraud's, its velocity scores {score:.4f}.",
                done=done,
                score=decision.velocity_score,
            )
        case decision_pb2.REASON_UNREGISTERED:
            return gettext("{done}: the sender's name is not registered for this route.", done=done)
    return _by_others(decision, done)


def _by_others(decision: decision_pb2.Decision, done: str) -> str:
    if decision.reason == decision_pb2.REASON_RELATED:
        return _related_sentence(decision, done)
    if decision.reason == decision_pb2.REASON_SENDER_HISTORY:
        return _sender_sentence(decision, done)
    if decision.reason == decision_pb2.REASON_REVIEW:
        return gettext(
            "Let through and put up for review: the score {score:.4f} comes close to the threshold "
            "{threshold:.4f}, so a person is to judge.",
            score=decision.score,
            threshold=decision.threshold,
        )
    return ""
