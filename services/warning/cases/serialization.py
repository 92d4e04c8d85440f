"""Writes records, events and cases as JSON for the store, and reads them back."""

from typing import TypeVar

from pydantic import TypeAdapter

from services.warning.cases.events import CaseEvent
from services.warning.cases.model import Case
from services.warning.model import WarningRecord

T = TypeVar("T")

_CASE = TypeAdapter(Case)
_EVENT = TypeAdapter(CaseEvent)
_WARNED = TypeAdapter(WarningRecord)


def case_text(case: Case) -> str:
    """Write a case."""
    return _text(_CASE, case)


def read_case(text: str | bytes) -> Case:
    """Read a case."""
    return _CASE.validate_json(text)


def event_text(event: CaseEvent) -> str:
    """Write an event."""
    return _text(_EVENT, event)


def read_event(text: str | bytes) -> CaseEvent:
    """Read an event."""
    return _EVENT.validate_json(text)


def warned_text(warned: WarningRecord) -> str:
    """Write a record."""
    return _text(_WARNED, warned)


def _text(form: TypeAdapter[T], value: T) -> str:
    return form.dump_json(value, exclude_defaults=True).decode()
