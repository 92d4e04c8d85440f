"""What warnings say: templates in force, and the linter at work while one writes."""

from starlette.responses import Response

from fanzha.v1 import decision_pb2
from fanzha.v1 import warning_operations_pb2 as pb
from services.console.backend.faults import BackendFault
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute

_LIST, _LINT = "WarningOperationsService/ListTemplates", "WarningOperationsService/LintText"
FORMS = ("sms", "voice", "in_person")
_MOST_CHARACTERS = 4000


async def templates(visit: PageRequest) -> Response:
    """Show the templates of one form and language."""
    form = visit.query.get("form", "")
    form = form if form in FORMS else FORMS[0]
    language = visit.query.get("language", "")
    language = language if language in {"zh", "en"} else visit.language
    request = pb.ListTemplatesRequest(form=form, language=language)
    answer = await visit.calls.unary(_LIST, request)
    return await visit.show(
        "settings/templates.html",
        templates=answer.templates,
        form=form,
        shown_language=language,
        forms=FORMS,
        FraudType=decision_pb2.FraudType,
    )


async def lint(visit: PageRequest) -> Response:
    """Answer with what is wrong with the text that was typed so far."""
    text = str(visit.form.get("text", "")).replace("\r\n", "\n")[: _MOST_CHARACTERS + 1]
    found, fault = None, ""
    if text.strip():
        try:
            found = await visit.calls.unary(_LINT, pb.LintTextRequest(text=text))
        except BackendFault as error:
            fault = error.message
    return await visit.show(
        "settings/lint.html", found=found, fault=fault, parts=_marked(text, found)
    )


def _marked(text: str, found: pb.LintTextResponse | None) -> list[tuple[str, str]]:
    """Return the text in pieces, each with the rules that it breaks; no rule: none."""
    if found is None:
        return []
    pieces, place = [], 0
    for one in sorted(found.faults, key=lambda fault: fault.start):
        if one.start < place:
            continue  # inside of what is marked already
        pieces += [(text[place : one.start], ""), (text[one.start : one.end], one.rule)]
        place = one.end
    return [piece for piece in [*pieces, (text[place:], "")] if piece[0]]


ROUTES = (
    PageRoute(path="/templates", view=templates, needs=(_LIST,)),
    PageRoute(path="/templates/lint", view=lint, method="POST", needs=(_LINT,)),
)
