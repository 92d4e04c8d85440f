"""What the shadow of a kind would have decided, beside what was decided."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from fanzha.translation.message import Message
from fanzha.v1 import model_pb2 as pb
from services.console.web.page_request import PageRequest

_WORDS: Mapping[str, Message] = {
    "same": Message("have decided the same"),
    "would_block": Message("have blocked what was let through"),
    "would_allow": Message("have let through what was blocked"),
    "would_mark": Message("have marked what was not marked"),
    "would_clear": Message("have left what was marked"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedDecisions:
    """Rows of traffic for which the shadow would have done one thing."""

    words: str
    rows: int
    share: float
    """Of all that it scored, in [0, 1]."""


def of(visit: PageRequest, model: pb.ModelStatus) -> list[ComparedDecisions]:
    """Add up what the workers report of the desired shadow; nothing before it scored any row."""
    counted: Counter[str] = Counter()
    for worker in model.workers:
        if worker.shadow == model.desired.shadow:
            counted.update(worker.shadow_decisions)
    scored = counted.total()
    if not scored:
        return []
    return [
        ComparedDecisions(
            words=visit.formats.localized(words), rows=counted[name], share=counted[name] / scored
        )
        for name, words in _WORDS.items()
        if name in counted
    ]
