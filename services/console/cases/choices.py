"""What templates of cases choose from: the words of enums, and spans of time."""

from collections.abc import Sequence
from typing import Any

from fanzha.v1 import case_pb2, decision_pb2, warning_pb2
from services.console.cases import forms
from services.console.web.formats import ReaderFormats

_HOUR_SECONDS = 3600


def for_templates(formats: ReaderFormats) -> dict[str, Any]:
    """Return what the templates of cases use."""

    def pairs(numbers: Sequence[int], enum: Any) -> list[tuple[int, str]]:
        return [(number, formats.word(number, enum)) for number in numbers]

    def due_choices(hours: Sequence[int]) -> list[tuple[int, str]]:
        return [(one, formats.duration(one * _HOUR_SECONDS)) for one in hours]

    return {
        "pb": case_pb2,
        "forms": forms,
        "fraud_types": decision_pb2.FraudType,
        "means_kinds": warning_pb2.MeansKind,
        "pairs": pairs,
        "due_choices": due_choices,
    }
