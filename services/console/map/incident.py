"""One incident along one line: monitoring, warning, disposal, tracking, each with its times."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.v1 import case_pb2, decision_pb2
from services.console.web.page_request import PageRequest

_CASE, _HISTORY = "CaseService/GetCase", "CaseService/GetCaseHistory"
NEEDS = (_CASE, _HISTORY)
_EVENTS = 500
_KINDS = {
    "monitoring": ("opened", "joined", "routed", "tiered"),
    "warning": ("queued", "sent", "delivered", "failed", "escalated"),
    "disposal": ("taken", "noted"),
    "tracking": ("closed",),
}
EVENT_WORDS = {
    "opened": gettext_noop("First warning came in"),
    "joined": gettext_noop("Another warning came in"),
    "routed": gettext_noop("Region found"),
    "tiered": gettext_noop("Tier given"),
    "queued": gettext_noop("Message queued"),
    "sent": gettext_noop("Message sent"),
    "delivered": gettext_noop("Message delivered"),
    "failed": gettext_noop("Message not delivered"),
    "escalated": gettext_noop("Next step taken"),
    "taken": gettext_noop("Taken by an officer"),
    "noted": gettext_noop("Written down"),
    "closed": gettext_noop("Case closed"),
}
_TITLES = {
    "monitoring": gettext_noop("Monitoring"),
    "warning": gettext_noop("Warning"),
    "disposal": gettext_noop("Disposal"),
    "tracking": gettext_noop("Tracking"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStage:
    """One of the four stages."""

    name: str
    title: str
    events: Sequence[case_pb2.CaseEvent]
    began_ms: int
    """When it began; 0: not yet."""
    after_s: float | None
    """Seconds from the beginning of the incident; None: not yet."""


def stages(case: case_pb2.Case, events: Iterable[case_pb2.CaseEvent]) -> Sequence[IncidentStage]:
    """Sort the events of a case into the stages."""
    known = list(events)
    start_ms = case.occurred_at_ms or case.opened_at_ms
    found = []
    for name, kinds in _KINDS.items():
        some = [one for one in known if one.what in kinds]
        began = some[0].at_ms if some else 0
        if name == "monitoring":
            began = start_ms
        found.append(
            IncidentStage(
                name=name,
                title=_TITLES[name],
                events=some,
                began_ms=began,
                after_s=(began - start_ms) / 1000 if began else None,
            )
        )
    return found


async def show(visit: PageRequest) -> Response:
    """Show the line of one case, people masked."""
    case_id = visit.path("case_id")
    answer = await visit.calls.unary(_CASE, case_pb2.GetCaseRequest(case_id=case_id, masked=True))
    history = await visit.calls.unary(
        _HISTORY, case_pb2.GetCaseHistoryRequest(case_id=case_id, page_size=_EVENTS, masked=True)
    )
    return await visit.show(
        "map/incident.html",
        case=answer.found,
        stages=stages(answer.found, history.events),
        words=EVENT_WORDS,
        more=bool(history.next_page_token),
        FraudType=decision_pb2.FraudType,
        CaseTier=case_pb2.CaseTier,
        CaseState=case_pb2.CaseState,
        CaseOutcome=case_pb2.CaseOutcome,
    )
