"""JSON of warnings, events and cases, as the store keeps them. Defaults are left out."""

from typing import TypeVar

from pydantic import TypeAdapter

from services.warning.cases.events import CaseEvent
from services.warning.cases.model import Case

T = TypeVar("T")

_CASE = TypeAdapter(Case)
_EVENT = TypeAdapter(CaseEvent)


def case_text(case: Case) -> str:
    """Serialize a case."""
    return _text(_CASE, case)


def read_case(text: str | bytes) -> Case:
    """Parse a case. Raises `pydantic.ValidationError`."""
    return _CASE.validate_json(text)


def event_text(event: CaseEvent) -> str:
    """Serialize an event."""
    return _text(_EVENT, event)


def read_event(text: str | bytes) -> CaseEvent:
    """Parse an event. Raises `pydantic.ValidationError`."""
    return _EVENT.validate_json(text)


def _text(adapter: TypeAdapter[T], value: T) -> str:
    return adapter.dump_json(value, exclude_defaults=True).decode()
