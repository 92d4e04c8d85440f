"""Shows appeals and evidence to people, and as JSON to programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fanzha.translation.catalogue import gettext, gettext_noop
from fanzha.v1 import appeal_pb2 as pb
from fanzha.v1 import blocklist_pb2
from services.cli._common.console import out
from services.cli._common.enum_words import LazyTable, enum_word, shown_word
from services.cli._common.plain_text import padded
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import last_day, written
from services.cli.appeals.options import state_word
from services.cli.lists import display

_HOUR_MS = 3_600_000
_SHORT_SECONDS = 120
_FOUND = LazyTable(
    lambda: {
        pb.DECISION_FOUND_HITS: gettext_noop("kept"),
        pb.DECISION_FOUND_LOG: gettext_noop("in the decision log"),
        pb.DECISION_FOUND_APPELLANT: gettext_noop("stored nowhere; as the appellant describes it"),
    }
)


def show_queue(appeals: Iterable[pb.Appeal], now_ms: int) -> None:
    """Print appeals as a table."""
    table = RowTable()
    for name in ("appeal", "state", "deadline", "about", "blocked", "appellant", "officer"):
        table.add_column(gettext(name), prose=name in ("deadline", "appellant"))
    for one in appeals:
        table.add_row(
            str(one.appeal_id),
            state_word(one.state),
            _deadline(one, now_ms),
            one.subject.pattern,
            gettext("decision {decision_id}", decision_id=one.decision_id)
            if one.decision_id
            else gettext("entry"),
            one.appellant,
            one.officer,
        )
    table.print()


def show_appeal(one: pb.Appeal, now_ms: int) -> None:
    """Print one appeal."""
    _line("appeal", f"{one.appeal_id}, {state_word(one.state)}, {_deadline(one, now_ms)}")
    _line("about", one.subject.pattern)
    if one.decision_id:
        _line("decision", f"{one.decision_id}, {gettext(_FOUND.get(one.decision_found, ''))}")
    _line("appellant", f"{one.appellant}, {one.contact}")
    _line("grounds", one.grounds or (gettext("masked") if one.masked else ""))
    for document in one.documents:
        where = (
            gettext("{size} bytes", size=document.size)
            if document.stored
            else gettext("content stored elsewhere")
        )
        _line("document", f"{document.name}, {where}, {document.sha256}")
    _line(
        "handed in",
        gettext(
            "{received_at_ms} by {opened_by}",
            received_at_ms=written(one.received_at_ms),
            opened_by=one.opened_by,
        ),
    )
    _line("officer", one.officer)
    _line("reason", one.reason)
    _line("remedy", one.remedy)
    _line("documents", one.documents_required)
    if one.previous_appeal_id:
        _line(
            "before",
            gettext("appeal {previous_appeal_id}", previous_appeal_id=one.previous_appeal_id),
        )
    show_lift(one)
    for event in one.events:
        note = f": {event.note}" if event.note else ""
        _line(
            written(event.at_ms),
            gettext("{what} by {by}{note}", what=gettext(event.what), by=event.by, note=note),
        )


def show_evidence(found: pb.AppealEvidence, now_s: int) -> None:
    """Print the file of an appeal."""
    out.print(gettext("\nevidence"))
    _fields("decision", found.decision)
    _line("verdict", found.verdict)
    if found.protected_because:
        _line("protected", found.protected_because)
    for title, entries in (
        (gettext("entries then"), found.entries_then),
        (gettext("now"), found.entries_now),
    ):
        if entries:
            out.print(f"\n{title}")
            display.show_entries(entries, now_s)
            for entry in entries:
                _line(entry.entry_id, _provenance(entry, found.change_ids.get(entry.entry_id, "")))
    if found.recent_known:
        _line(
            "decisions",
            gettext(
                "{recent_total} about this, the latest {recent}:",
                recent_total=found.recent_total,
                recent=len(found.recent),
            ),
        )
        for decision in found.recent:
            _line("", _decision(decision.fields))
    else:
        _line("decisions", gettext("unknown: no decision log is configured"))
    _show_consequences(found)


def _show_consequences(found: pb.AppealEvidence) -> None:
    for other in found.others:
        _line(
            "other",
            gettext(
                "appeal {appeal_id}, {states}, {appellant}",
                appeal_id=other.appeal_id,
                states=state_word(other.state),
                appellant=other.appellant,
            ),
        )
    for reference in found.would_remove:
        _line("upheld", gettext("removes the block of {reference}", reference=_named(reference)))
    if found.would_allow:
        _line("upheld", gettext("allows {would_allow}", would_allow=found.would_allow))


def _decision(fields: Mapping[str, str]) -> str:
    parties = " → ".join(filter(None, (fields.get("from_party"), fields.get("to_party"))))
    words = [enum_word(name, fields.get(name, "")) for name in ("channel", "action", "reason")]
    parts = (
        written(int(fields.get("decided_at_ms") or fields.get("occurred_at_ms") or 0)),
        " ".join(filter(None, words)),
        parties or fields.get("url", ""),
        gettext("score {fields}", fields=fields["score"]) if "score" in fields else "",
        gettext("decision {fields}", fields=fields.get("decision_id", "")),
    )
    return "; ".join(filter(None, parts))


def _provenance(entry: blocklist_pb2.Entry, change_id: str) -> str:
    parts = (
        gettext("by {created_by}", created_by=entry.created_by),
        written(entry.created_at_s * 1000),
        change_id,
        entry.legal_basis or gettext("no legal basis"),
    )
    return "; ".join(filter(None, parts))


def is_lifted(one: pb.Appeal) -> bool:
    """Return whether all reporting workers have lifted the block."""
    return any(event.what == "lift_done" for event in one.events)


def show_lift(one: pb.Appeal) -> None:
    """Print how the block was lifted."""
    if one.state != pb.APPEAL_STATE_UPHELD:
        return
    lift = one.lift
    for reference in lift.removed:
        _line("removed", gettext("block of {reference}", reference=_named(reference)))
    if lift.HasField("allowed"):
        ends = last_day(lift.allowed.expires_at_s)
        _line("allowed", gettext("{pattern} until {ends}", pattern=lift.allowed.pattern, ends=ends))
    if lift.HasField("seconds"):
        _line(
            "lifted",
            gettext(
                "version {list_version} in all {workers} workers after {seconds:.2f} s",
                list_version=lift.list_version,
                workers=lift.workers,
                seconds=lift.seconds,
            ),
        )
        _line("entry kept", lift.pending_reason)
    elif is_lifted(one):
        _line(
            "lifted",
            gettext(
                "version {list_version}; not measured: no worker reported",
                list_version=lift.list_version,
            ),
        )
    else:
        _line("lifting", lift.pending_reason or gettext("under way"))


def show_report(found: pb.GetAppealReportResponse) -> None:
    """Print counts."""
    _line("received", str(found.received))
    for title, counts, kind in (
        (gettext("state"), found.by_state, "appeal_state"),
        (gettext("handed in by"), found.by_opener, ""),
        (gettext("blocked by"), found.by_blocked_by, "source"),
        (gettext("upheld of"), found.upheld_by_blocked_by, "source"),
    ):
        for name, number in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            _line(title, f"{number:>7,} {enum_word(kind, name) if kind else name}")
    for one in found.regions:
        kept = gettext(
            "{received:,} received, {rejected:,} kept, {upheld:,} lifted",
            received=one.received,
            rejected=one.rejected,
            upheld=one.upheld,
        )
        _line("region", f"{one.region or gettext('the whole province')}: {kept}")
    _line("due soon", str(found.due_soon))
    _line(
        "overdue",
        gettext(
            "{overdue} open, {decided_late} decided late",
            overdue=found.overdue,
            decided_late=found.decided_late,
        ),
    )
    _line("to decision", _durations(found.decision_seconds))
    _line("to lift", _durations(found.lift_seconds))
    _line(
        "lifts",
        gettext(
            "{lifts_pending} under way, {lifts_unmeasured} not measured",
            lifts_pending=found.lifts_pending,
            lifts_unmeasured=found.lifts_unmeasured,
        ),
    )


def _durations(took: pb.Durations) -> str:
    if not took.count:
        return gettext("none")
    middle, p95, longest = map(_duration, (took.median, took.p95, took.longest))
    return gettext(
        "median {middle}, 95 % within {p95}, longest {longest}; of {count}",
        middle=middle,
        p95=p95,
        longest=longest,
        count=took.count,
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < _SHORT_SECONDS else f"{seconds / 3600:.1f} h"


def _deadline(one: pb.Appeal, now_ms: int) -> str:
    if one.closed_at_ms:
        return gettext("closed {closed_at_ms}", closed_at_ms=written(one.closed_at_ms))
    hours = (one.deadline_ms - now_ms) / _HOUR_MS
    if one.overdue:
        return gettext("overdue by {value:.1f} h", value=-hours)
    return gettext(
        "{hours:.1f} h left{value}",
        hours=hours,
        value=gettext(" (due soon)") if one.due_soon else "",
    )


def _named(reference: blocklist_pb2.EntryRef) -> str:
    kind = shown_word(blocklist_pb2.EntryKind, reference.kind)
    return f"{kind} {reference.pattern}"


def _fields(title: str, fields: Mapping[str, str]) -> None:
    if fields:
        _line(title, ", ".join(f"{name} {fields[name]}" for name in sorted(fields)))


def _line(title: str, text: str) -> None:
    if text:
        out.print(f"{padded(gettext(title), 13)} {text}", markup=False, soft_wrap=True)
