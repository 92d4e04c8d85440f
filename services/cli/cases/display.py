"""Shows cases and their history to people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from fanzha.translation.catalogue import gettext
from fanzha.v1 import case_pb2 as pb
from fanzha.v1 import decision_pb2, warning_pb2
from infra.clock import now_ms
from services.cli._common.console import out, print_json
from services.cli._common.enum_words import enum_word, shown_word
from services.cli._common.plain_text import padded
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import written
from services.cli.cases.options import FEN, name
from services.warning.policy.places import places

_WHOLE = ("case", "tier", "person")
_MASK = re.compile(r"\*+")
_MINUTE_MS = 60_000
_LONG_MINUTES = 120
_LONG_HOURS = 48


def show_list(cases: Sequence[pb.Case], now_ms: int) -> None:
    """Print cases as a narrow table, for small screens."""
    officers = any(one.officer for one in cases)
    table = RowTable()
    for head in ("case", "tier", "state", "due", "person", "region", "fraud", "hits", "officer"):
        if head == "officer" and not officers:
            continue
        table.add_column(gettext(head), prose=head not in _WHOLE)
    for one in cases:
        table.add_row(
            one.case_id,
            name("case_tier", one.tier),
            _state(one),
            due(one, now_ms),
            _MASK.sub("*", one.victim),
            _place(one),
            shown_word(decision_pb2.FraudType, one.fraud_type),
            str(one.warnings),
            *([one.officer] if officers else ()),
        )
    table.print()


def show_case(one: pb.Case, now_ms: int) -> None:
    """Print one case."""
    _line(
        "case",
        gettext("{case_id}, revision {revision}", case_id=one.case_id, revision=one.revision),
    )
    _line("person", one.victim + (gettext(" (masked)") if one.masked else ""))
    _line(
        "region",
        gettext(
            "{one}, by {region_found_by}",
            one=region(one) or gettext("not known"),
            region_found_by=one.region_found_by or gettext("nothing"),
        ),
    )
    lines = f"; {one.policy_version}: {', '.join(one.policy_lines)}" if one.policy_lines else ""
    _line("tier", f"{name('case_tier', one.tier) or gettext('none yet')}{lines}")
    _line("state", f"{_state(one)}, {due(one, now_ms)}")
    _line("officer", one.officer)
    _line("open at", _claim(one))
    _line(
        "not reached",
        gettext("{unreached} times", unreached=one.unreached) if one.unreached else "",
    )
    _evidence(one)
    for message in one.messages:
        _line("message", f"{message.message_id}: {message.what}")
    _line("happened", time(one.occurred_at_ms))
    _line("opened", time(one.opened_at_ms))
    _line("warned", time(one.warned_at_ms))
    _line("reached", time(one.reached_at_ms))
    _line("reason", one.reason)
    if one.HasField("lost_fen"):
        _line("lost", yuan(one.lost_fen))
    _line("lost to", _means(one.lost_to))
    _line("same as", one.duplicate_of)
    _line("stop payment", _stop_payment(one))


def tell(case: pb.Case, *, as_json: bool) -> None:
    """Print the state of a case after a change."""
    if as_json:
        print_json(case)
        return
    lines = [
        gettext("case {case_id}", case_id=case.case_id),
        name("case_outcome", case.outcome) or name("case_state", case.state),
        region(case),
        case.officer,
        due(case, now_ms()),
        gettext("revision {revision}", revision=case.revision),
    ]
    out.print(", ".join(filter(None, lines)), markup=False, soft_wrap=True)


def show_history(events: Iterable[pb.CaseEvent]) -> None:
    """Print events, oldest first."""
    for event in events:
        parts = [
            gettext("{what} by {by}", what=gettext(event.what), by=event.by),
            *_details(event),
            event.why,
        ]
        _line(time(event.at_ms), "; ".join(filter(None, parts)))


def language_name(code: str) -> str:
    """Return the name of a language of scripts, in that of the user."""
    return {"zh": gettext("Chinese"), "en": gettext("English")}.get(code, code)


def show_dialogue(one: pb.GetRobotDialogueResponse, spoken: str) -> None:
    """Print a dialogue, and what to say next, in *spoken*, to whatever the person may mean."""
    for turn in one.turns:
        who = gettext("robot") if turn.by_robot else gettext("person")
        heard = f" ({enum_word('meaning', turn.meaning)})" if turn.meaning else ""
        out.print(f"{time(turn.at_ms)}  {who}: {turn.text}{heard}", markup=False, soft_wrap=True)
    if one.outcome:
        end = enum_word("robot_outcome", one.outcome)
        out.print(gettext("end: {outcome}", outcome=end), markup=False)
    out.print(
        gettext(
            "what to say next, in {language} ({script}, {place}):",
            language=language_name(spoken),
            script=one.script,
            place=one.place,
        ),
        markup=False,
    )
    for branch in one.branches:
        end = f" [{enum_word('robot_outcome', branch.outcome)}]" if branch.outcome else ""
        out.print(
            f"{padded(enum_word('meaning', branch.meaning), 10)} {branch.text}{end}",
            markup=False,
            soft_wrap=True,
        )


def due(one: pb.Case, now_ms: int) -> str:
    """Return the time left for a case, or the time overdue."""
    if one.closed_at_ms:
        return gettext("closed {closed_at_ms}", closed_at_ms=time(one.closed_at_ms))
    if one.needs_person:
        return gettext("a person is needed")
    if not one.due_at_ms:
        return gettext("nothing due")
    minutes = abs(one.due_at_ms - now_ms) // _MINUTE_MS
    return (
        gettext("in {minutes}", minutes=_span(minutes))
        if one.due_at_ms > now_ms
        else gettext("overdue {minutes}", minutes=_span(minutes))
    )


def region(one: pb.Case) -> str:
    """Name where a person lives."""
    known = places()
    upper = known.label(one.province, one.city) if one.province or one.city else ""
    return " ".join(filter(None, (upper, known.name(one.county))))


def _place(one: pb.Case) -> str:
    """Name city and county; the city implies the province."""
    known = places()
    return " ".join(filter(None, (known.name(one.city or one.province), known.name(one.county))))


def time(at_ms: int) -> str:
    """Write a time; empty for none."""
    return written(at_ms) if at_ms else ""


def _claim(one: pb.Case) -> str:
    """Say who has a case open, and until when."""
    if not one.claimed_by:
        return ""
    until = time(one.claimed_until_ms)
    return gettext("{holder}, until {until}", holder=one.claimed_by, until=until)


def _stop_payment(one: pb.Case) -> str:
    """Say where the hand-over to the stop-payment desk stands."""
    step = shown_word(pb.StopPaymentStep, one.stop_payment)
    since = time(one.stop_payment_at_ms)
    return ", ".join(filter(None, (step, since, one.stop_payment_receipt)))


def yuan(fen: int) -> str:
    """Write an amount."""
    return gettext("{yuan} yuan", yuan=f"{fen // FEN:,}.{fen % FEN:02}")


def _evidence(one: pb.Case) -> None:
    how = gettext("confirmed") if one.confirmed else gettext("suspected")
    fraud = shown_word(decision_pb2.FraudType, one.fraud_type) or gettext("fraud of unknown kind")
    risk = shown_word(warning_pb2.RiskLevel, one.risk)
    _line(
        "about",
        gettext(
            "{fraud}, {how}, risk {risk}, {warnings} warnings, {campaign}",
            fraud=fraud,
            how=how,
            risk=risk,
            warnings=one.warnings,
            campaign=one.campaign,
        ),
    )
    _line("reached by", _means(one.means))
    spoke = (
        gettext("spoke {talked_seconds} s", talked_seconds=one.talked_seconds)
        if one.talked_seconds
        else ""
    )
    opened = gettext("opened the link") if one.link_opened else ""
    score = gettext("a model's score {score:.2f}", score=one.score) if one.HasField("score") else ""
    _line("and", ", ".join(filter(None, (spoke, opened, score))))
    _line("decisions", ", ".join(map(str, one.decision_ids)))
    _line("entries", ", ".join(one.entry_ids))
    _line("from", ", ".join(f"{each.source_name} {each.reference}" for each in one.origins))


def _details(event: pb.CaseEvent) -> list[str]:
    means = (
        f"{name('means_kind', event.means.kind)} {event.means.value}" if event.means.value else ""
    )
    return [
        f"{event.origin.source_name} {event.origin.reference}".strip(),
        means,
        gettext("decision {decision_id}", decision_id=event.decision_id)
        if event.decision_id
        else "",
        gettext("to {region}", region=places().name(event.region)) if event.region else "",
        _tier(event),
        f"{event.channel} {event.message_id}".strip(),
        gettext("officer {officer}", officer=event.officer) if event.officer else "",
        gettext("not reached") if event.unreached else "",
        gettext("passed over") if event.skipped else "",
        gettext("stop payment: {step}", step=shown_word(pb.StopPaymentStep, event.stop_payment))
        if event.stop_payment
        else "",
        event.receipt,
        gettext("evidence {means}", means=_means(event.evidence)) if event.evidence else "",
        name("case_outcome", event.outcome),
        gettext("lost {lost_fen}", lost_fen=yuan(event.lost_fen))
        if event.HasField("lost_fen")
        else "",
        gettext("to {lost_to}", lost_to=_means(event.lost_to)) if event.lost_to else "",
        gettext("same as {duplicate_of}", duplicate_of=event.duplicate_of)
        if event.duplicate_of
        else "",
        gettext("due {due_at_ms}", due_at_ms=time(event.due_at_ms)) if event.due_at_ms else "",
    ]


def _tier(event: pb.CaseEvent) -> str:
    lines = f" ({', '.join(event.policy_lines)})" if event.policy_lines else ""
    return f"{name('case_tier', event.tier)}{lines}" if event.tier else ""


def _state(one: pb.Case) -> str:
    return " ".join(
        filter(None, (name("case_state", one.state), name("case_outcome", one.outcome)))
    )


def _means(some: Sequence[pb.CaseMeans]) -> str:
    return ", ".join(f"{name('means_kind', one.kind)} {one.value}" for one in some)


def _span(minutes: int) -> str:
    if minutes < _LONG_MINUTES:
        return gettext("{minutes} min", minutes=minutes)
    hours = minutes // 60
    if hours < _LONG_HOURS:
        return gettext("{hours} h", hours=hours)
    return gettext("{days} d", days=hours // 24)


def _line(title: str, text: str) -> None:
    if text:
        head = f"{padded(gettext(title), 13)} "
        # Further lines of a note stand under its first, so that none looks like an event.
        written = text.replace("\n", "\n" + " " * 14)
        out.print(f"{head}{written}", markup=False, soft_wrap=True)
