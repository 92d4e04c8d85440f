"""One decision: what was decided, why, on what it depended, and what would change it.

Who may see whole numbers asks for them by POST: each time is in the audit log.
"""

from starlette.responses import Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.v1 import decision_log_pb2 as pb
from services.auth import personal_data
from services.console.decisions import search_form
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute

_GET = "DecisionLogService/GetDecision"
_MOST_FEATURES = 20
SNOOZES = {
    "1": gettext_noop("1 hour"),
    "24": gettext_noop("24 hours"),
    "168": gettext_noop("7 days"),
    "720": gettext_noop("30 days"),
}
"""How long a snooze may last, by its hours."""
DAYS = ("7", "30", "90", "180", "365")
"""How long an entry may last, in days."""


async def masked(visit: PageRequest) -> Response:
    """Show it with parties masked."""
    return await page(visit)


async def whole(visit: PageRequest) -> Response:
    """Show it with whole numbers, and what the text said."""
    return await page(visit, unmasked=True)


async def found(visit: PageRequest, *, unmasked: bool) -> pb.GetDecisionResponse:
    """Ask for the decision of the address."""
    request = pb.GetDecisionRequest(
        decision_id=visit.path_number("decision_id"), unmasked=unmasked, with_content=unmasked
    )
    answer: pb.GetDecisionResponse = await visit.calls.unary(_GET, request)
    return answer


async def page(
    visit: PageRequest,
    *,
    unmasked: bool = False,
    status: int = 200,
    **form: object,
) -> Response:
    """Show the decision, with what a form had where it was refused."""
    answer = await found(visit, unmasked=unmasked)
    return await visit.show(
        "decisions/one.html",
        status=status,
        answer=answer,
        decision=answer.decision,
        analysis=answer.analysis,
        unmasked=unmasked,
        may_unmask=may_unmask(visit),
        most_features=_MOST_FEATURES,
        snoozes=SNOOZES,
        day_choices=DAYS,
        enum=search_form.WORDS,
        **{"fault": "", "act": "", "values": {}, "errors": {}, "risks": (), **form},
    )


def may_unmask(visit: PageRequest) -> bool:
    """Return whether the reader's roles see whole numbers; the server judges again."""
    roles = {role.value for role in personal_data.READERS}
    return visit.session.development or bool(roles & set(visit.session.roles))


ROUTES = (
    PageRoute(path="/{decision_id:digits}", view=masked, needs=(_GET,)),
    PageRoute(path="/{decision_id:digits}/whole", view=whole, method="POST", needs=(_GET,)),
)
