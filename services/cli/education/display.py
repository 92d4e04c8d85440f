"""Shows campaigns, previews and reports; writes a report as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from fanzha.translation.catalogue import gettext
from fanzha.v1 import decision_pb2, entity_pb2
from fanzha.v1 import education_pb2 as pb
from infra import atomic_file
from infra.csv_cells import SafeWriter
from services.cli._common.console import out
from services.cli._common.enum_words import shown_word, wire_word
from services.cli._common.plain_text import padded
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import day, written
from services.cli.education.options import occasion_word, person_word, state_word

_TIMES = ("sent_before", "sent_after", "held_before", "held_after")


def show_list(campaigns: Iterable[pb.EducationCampaign]) -> None:
    """Print campaigns as a table."""
    table = RowTable()
    for head in ("campaign", "name", "occasion", "theme", "region", "state", "recipients", "until"):
        table.add_column(gettext(head), prose=head == "name", right=head == "recipients")
    for one in campaigns:
        table.add_row(
            str(one.campaign_id),
            one.name,
            occasion_word(one.occasion),
            _theme(one),
            one.region,
            state_word(one.state),
            f"{one.recipients:,}",
            day(one.end_ms // 1000),
        )
    table.print()


def show_campaign(one: pb.EducationCampaign) -> None:
    """Print one campaign."""
    _line("campaign", f"{one.campaign_id}, {one.name}, {state_word(one.state)}")
    _line("occasion", occasion_word(one.occasion))
    _line("theme", _theme(one))
    _line("region", one.region)
    meant = one.segment
    _line("age bands", ", ".join(meant.age_bands))
    _line("occupations", ", ".join(meant.occupations))
    _line("areas", ", ".join(meant.areas))
    _line("groups", ", ".join(meant.groups))
    _line("text", one.text)
    _line("template", f"{one.template}, {one.template_version}, {_parts(one.parts)}")
    days = gettext("{days} days compared", days=one.outcome_days)
    _line("hold-out", f"{one.hold_out_percent} %, {days}")
    _line("daily cap", f"{one.daily_cap:,}")
    _line("time", f"{written(one.start_ms)} – {written(one.end_ms)}")
    _line("recipients", f"{one.recipients:,}")
    _line("without consent", f"{one.without_consent:,}" if one.without_consent else "")
    _line("approved by", one.approved_by)
    show_people(one.people)
    for event in one.events:
        _line(event.day, _event(event))
    for happened in one.history:
        note = f": {happened.note}" if happened.note else ""
        what = gettext(happened.what)
        _line(
            written(happened.at_ms),
            gettext("{what} by {by}{note}", what=what, by=happened.by, note=note),
        )


def show_added(counts: Mapping[str, int]) -> None:
    """Print what became of the rows of a file."""
    out.print(
        gettext(
            "{added:,} added, {replaced:,} replaced an earlier row, {without:,} without "
            "consent, {wrong:,} cannot be read",
            added=counts["added"],
            replaced=counts["replaced"],
            without=counts["without"],
            wrong=counts["wrong"],
        ),
        markup=False,
    )


def show_people(people: Mapping[str, int]) -> None:
    """Print recipients by what became of them."""
    for name, count in sorted(people.items()):
        _line(person_word(name), f"{count:,}")


def show_preview(found: pb.PreviewEducationCampaignResponse) -> None:
    """Print whom a campaign would reach, and what it would cost."""
    one = found.campaign
    _line("campaign", f"{one.campaign_id}, {one.name}, {state_word(one.state)}")
    _line("recipients", f"{one.recipients:,}")
    _line("without consent", f"{one.without_consent:,}")
    show_people(found.people)
    _line("SMS", f"{found.total_parts:,} ({found.parts} × {found.people.get('to_send', 0):,})")
    _line("days", f"{found.days:,}")
    if not found.in_time:
        out.print(gettext("the campaign ends before all are written to"), markup=False)
    out.print(
        gettext(
            "approve what you have read: fanzha education approve {campaign} --revision {revision}",
            campaign=one.campaign_id,
            revision=one.revision,
        ),
        markup=False,
    )


def show_report(report: pb.EducationReport) -> None:
    """Print a report."""
    one = report.campaign
    _line("campaign", f"{one.campaign_id}, {one.name}, {state_word(one.state)}")
    _line("text", f"{one.template}, {one.template_version}")
    _line("sent", f"{report.sent:,} / {report.to_send:,}, {_parts(report.sent_parts)}")
    _line("delivered", f"{report.delivered:,}")
    _line("held out", f"{report.held_out:,}")
    _line("before", _span(report.before_from_ms, report.before_until_ms))
    _line("after", _span(report.after_from_ms, report.after_until_ms))
    table = RowTable()
    heads = ("outcome", "sent before", "sent after", "held before", "held after", "difference")
    for head in heads:
        table.add_column(gettext(head), right=head != "outcome")
    for name, outcome in (("exposed", report.exposed), ("lost money", report.lost)):
        cells = [_count(getattr(outcome, time)) for time in _TIMES]
        table.add_row(gettext(name), *cells, _difference(outcome))
    table.print()
    out.print(
        gettext(
            "difference: sent less held out, after; 95 % interval; *: chance hardly explains it"
        ),
        markup=False,
    )
    if not report.complete:
        out.print(gettext("not final: the days after are not over"), markup=False)
    if report.events:
        out.print(
            gettext(
                "events in person: {events:,}; people reached: {people:,}; material: {material:,}",
                events=report.events,
                people=report.event_people,
                material=report.event_material,
            ),
            markup=False,
        )


def write_csv(report: pb.EducationReport, file: Path) -> None:
    """Write all figures, a row each; what may not be told is empty."""
    one = report.campaign
    rows: list[tuple[str, object]] = [
        ("campaign_id", one.campaign_id),
        ("name", one.name),
        ("occasion", wire_word(pb.EducationOccasion, one.occasion)),
        ("fraud_type", wire_word(decision_pb2.FraudType, one.fraud_type)),
        ("financial_fraud", wire_word(entity_pb2.FinancialFraud, one.financial_fraud)),
        ("region", one.region),
        ("state", wire_word(pb.EducationState, one.state)),
        ("template", one.template),
        ("template_version", one.template_version),
        ("approved_by", one.approved_by),
        ("recipients", one.recipients),
        ("without_consent", one.without_consent),
        *((f"people_{name}", count) for name, count in sorted(one.people.items())),
        ("to_send", report.to_send),
        ("sent", report.sent),
        ("delivered", report.delivered),
        ("held_out", report.held_out),
        ("sent_parts", report.sent_parts),
        ("before_from", _written(report.before_from_ms)),
        ("before_until", _written(report.before_until_ms)),
        ("after_from", _written(report.after_from_ms)),
        ("after_until", _written(report.after_until_ms)),
        ("complete", int(report.complete)),
        *_outcome_rows("exposed", report.exposed),
        *_outcome_rows("lost", report.lost),
        ("events", report.events),
        ("event_people", report.event_people),
        ("event_material", report.event_material),
        *((f"event_{event.event_id}", _event(event)) for event in one.events),
    ]
    # With a mark at its beginning, spreadsheets read it as what it is: UTF-8.
    with atomic_file.replacing_text(file, encoding="utf-8-sig") as lines:
        table = SafeWriter(lines)
        table.writerow(["figure", "value"])
        for name, value in rows:
            table.writerow([name, value])


def _outcome_rows(name: str, outcome: pb.EducationOutcome) -> Iterable[tuple[str, object]]:
    for time in _TIMES:
        count: pb.EducationCount = getattr(outcome, time)
        yield f"{name}_{time}", count.people if count.HasField("people") else ""
        yield f"{name}_{time}_share", f"{count.share:.6f}" if count.HasField("share") else ""
    known = outcome.HasField("difference")
    yield f"{name}_difference", f"{outcome.difference:.6f}" if known else ""
    yield f"{name}_difference_low", f"{outcome.interval.low:.6f}" if known else ""
    yield f"{name}_difference_high", f"{outcome.interval.high:.6f}" if known else ""
    yield f"{name}_beyond_chance", int(outcome.beyond_chance) if known else ""


def _theme(one: pb.EducationCampaign) -> str:
    if one.financial_fraud:
        return shown_word(entity_pb2.FinancialFraud, one.financial_fraud)
    return shown_word(decision_pb2.FraudType, one.fraud_type) or gettext("fraud in general")


def _event(event: pb.EducationEvent) -> str:
    text = gettext(
        "{occasion}, {place}: {people:,} people, {material:,} pieces of material",
        occasion=occasion_word(event.occasion),
        place=event.place,
        people=event.people,
        material=event.material,
    )
    return f"{text}, {event.note}" if event.note else text


def _count(count: pb.EducationCount) -> str:
    if not count.HasField("people"):
        return "<10"
    return f"{count.people:,} ({count.share:.2%})" if count.HasField("share") else str(count.people)


def _difference(outcome: pb.EducationOutcome) -> str:
    if not outcome.HasField("difference"):
        return "–"
    sure = "*" if outcome.beyond_chance else ""
    found = outcome.interval
    return f"{outcome.difference:+.2%} ({found.low:+.2%} … {found.high:+.2%}){sure}"


def _span(from_ms: int, until_ms: int) -> str:
    return f"{written(from_ms)} – {written(until_ms)}"


def _written(at_ms: int) -> str:
    return written(at_ms) if at_ms else ""


def _line(name: str, text: str) -> None:
    if text:
        out.print(f"{padded(gettext(name), 16)} {text}", markup=False, soft_wrap=True)


def _parts(count: int) -> str:
    return gettext("{count:,} SMS", count=count)
