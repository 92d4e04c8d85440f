"""The HTTP response to a request that is refused."""

from dataclasses import dataclass

from fanzha.client import Answer
from integrations.http.web_request import WebRequest

DECISION_HEADER = "x-fanzha-decision-id"
_NO_STORE = ("cache-control", "no-store")
_UNANSWERED = 503


@dataclass(frozen=True, slots=True)
class HttpRefusal:
    """Status, headers (names in lower case) and body in UTF-8."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


def refusal_of(answer: Answer, request: WebRequest, block_page_url: str) -> HttpRefusal:
    """Return the response; where nobody answered and the policy refuses, 503 (RFC 9110)."""
    if answer.failed_open:
        return HttpRefusal(_UNANSWERED, (_NO_STORE, ("retry-after", "5")), "")
    decision = (DECISION_HEADER, str(answer.decision_id))
    if block_page_url and request.is_page_load:
        # Never the blocked URL: it is hostile text.
        mark = "&" if "?" in block_page_url else "?"
        place = f"{block_page_url}{mark}decision={answer.decision_id}"
        return HttpRefusal(302, (("location", place), _NO_STORE, decision), "")
    if answer.protocol_answer is None:
        return HttpRefusal(403, (_NO_STORE, decision), "")
    http = answer.protocol_answer.http
    headers = tuple((one.name.lower(), one.value) for one in http.headers)
    return HttpRefusal(http.status or 403, (*headers, decision), http.body)
