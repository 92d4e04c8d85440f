"""Shows entities and how far their exits are."""

from __future__ import annotations

from collections.abc import Iterable

from fanzha.translation.catalogue import gettext
from fanzha.v1 import blocklist_pb2
from fanzha.v1 import entity_pb2 as pb
from services.cli._common.console import out
from services.cli._common.enum_words import enum_word, wire_word
from services.cli._common.plain_text import padded
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import day, written
from services.cli.entities.options import (
    fraud_word,
    identifier_word,
    kind_word,
    state_word,
    step_state_word,
    step_word,
)


def show_list(entities: Iterable[pb.Entity]) -> None:
    """Print entities as a table."""
    table = RowTable()
    heads = ("entity", "name", "kind", "state", "steps", "overdue", "next deadline", "cleanup")
    for head in heads:
        table.add_column(gettext(head), prose=head in ("name", "cleanup"))
    for one in entities:
        settled = sum(bool(step.state) for step in one.steps)
        due = min((step.due_ms for step in one.steps if not step.state and step.due_ms), default=0)
        table.add_row(
            str(one.entity_id),
            one.name,
            kind_word(one.kind),
            state_word(one.state),
            f"{settled}/{len(one.steps)}",
            str(sum(step.overdue for step in one.steps)),
            day(due // 1000) if due else "",
            one.cleanup,
        )
    table.print()


def show_progress(answer: pb.ListEntitiesResponse) -> None:
    """Print how far each step is, over all entities of a list."""
    table = RowTable()
    for head in ("step", "open", "overdue", "done", "not needed"):
        table.add_column(gettext(head), right=head != "step")
    for one in answer.steps:
        counts = (one.open, one.overdue, one.done, one.not_needed)
        table.add_row(step_word(one.name), *map(str, counts))
    table.print()
    states = ", ".join(
        f"{state_word(state)} {count}" for state, count in sorted(answer.by_state.items())
    )
    out.print(
        gettext("{total} entities: {states}", total=answer.total, states=states or "–"),
        markup=False,
    )


def show_entity(one: pb.Entity) -> None:
    """Print one entity."""
    _line("entity", f"{one.entity_id}, {one.name}, {kind_word(one.kind)}, {state_word(one.state)}")
    _line("financial fraud", fraud_word(one.financial_fraud))
    _line("cleanup", one.cleanup)
    _line("legal basis", one.legal_basis)
    _line("region", one.region)
    for each in one.identifiers:
        _line(identifier_word(each.kind), each.value)
    for step in one.steps:
        _raw(step_word(step.name), _step(step))
    for seen in one.sightings:
        _line("seen again", _sighting(seen))
    if one.change_ids:
        _line("changes", ", ".join(f"#{change}" for change in one.change_ids))
    for event in one.events:
        note = f": {event.note}" if event.note else ""
        _line(
            written(event.at_ms),
            gettext("{what} by {by}{note}", what=gettext(event.what), by=event.by, note=note),
        )


def show_proposal(answer: pb.ProposeEntityEntriesResponse) -> None:
    """Print what became of each identifier that lists can name."""
    table = RowTable()
    for head in ("pattern", "outcome", "why"):
        table.add_column(gettext(head), prose=head == "why")
    for row in answer.rows:
        outcome = wire_word(blocklist_pb2.RowOutcome, row.outcome)
        table.add_row(row.pattern, enum_word("row_outcome", outcome), row.message)
    table.print()
    if answer.not_listable:
        out.print(
            gettext("{count} identifiers are no patterns of lists", count=answer.not_listable)
        )
    if answer.change_id:
        out.print(
            gettext(
                "proposed as change {change_id}: fanzha changes show {change_id}",
                change_id=answer.change_id,
            )
        )


def _step(step: pb.ExitStep) -> str:
    parts = [step_state_word(step.state)]
    if step.overdue:
        parts.append(gettext("overdue"))
    if not step.state:
        parts += [step.owner_name] if step.owner else []
        parts += [gettext("until {day}", day=day(step.due_ms // 1000))] if step.due_ms else []
    else:
        parts.append(gettext("{at} by {by}", at=written(step.settled_at_ms), by=step.settled_by))
        parts += [part for part in (step.document, step.document_sha256, step.note) if part]
    return ", ".join(parts)


def _sighting(seen: pb.Sighting) -> str:
    text = gettext(
        "{kind} {value}: {count:,} decisions, the latest {at} (decision {decision_id})",
        kind=identifier_word(seen.identifier.kind),
        value=seen.identifier.value,
        count=seen.decisions,
        at=written(seen.last_ms),
        decision_id=seen.decision_id,
    )
    if seen.settled_by:
        settled = gettext("settled by {by}: {note}", by=seen.settled_by, note=seen.note)
        return f"{text}; {settled}"
    return text


def _line(name: str, text: str) -> None:
    if text:
        _raw(gettext(name), text)


def _raw(name: str, text: str) -> None:
    out.print(f"{padded(name, 16)} {text}", markup=False, soft_wrap=True)
