"""HTTP endpoint for warnings as CloudEvents, in structured, batched and binary mode.

``POST /warnings`` with ``application/cloudevents+json`` (one event), with
``application/cloudevents-batch+json`` (several), or with ``application/json`` and ``ce-`` headers.
The id of an event is the reference of the warning, its type is `TYPE`, and its data has the fields
of `parser.FIELDS`. The answer has one result for each event, in order. Its status is 200 whenever
the request as a whole could be parsed: a refused record does not affect the others.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from cloudevents.core.bindings.http import HTTPMessage, from_binary_event, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from blocklists.entries import Source
from fanzha.errors import InvalidInput, NotAllowed, Unauthenticated, Unavailable
from services.auth import identity, roles
from services.auth.identity import Identity
from services.warning.intake import parser
from services.warning.intake.parser import RawWarning
from services.warning.intake.service import IntakeResult
from services.warning.intake.submission import WarningSubmission, source_kind, source_name

TYPE = "cn.fanzha.warning.v1"
MOST_BYTES = 4 * 2**20
MOST_EVENTS = 1000
_METHOD = "/fanzha.v1.WarningService/SubmitWarnings"
_BATCH = "application/cloudevents-batch+json"
_ONE = "application/cloudevents+json"
_KINDS = {source.name.lower(): source for source in Source}

_LONGEST_ID = 256
"""Characters of an event id that the answer echoes."""
_ParsedEvent: TypeAlias = "tuple[str, CloudEvent | InvalidInput]"
"""The id of an event (empty where it cannot be parsed), and the event or the parse error."""

Authenticate = Callable[[str], Identity]
"""Returns the identity of a token, or raises `Unauthenticated`."""


def app(submission: WarningSubmission, authenticate: Authenticate | None) -> Starlette:
    """Build the application; *authenticate* is None where authentication is off."""
    endpoint = _WarningsEndpoint(submission, authenticate)
    return Starlette(routes=[Route("/warnings", endpoint.post, methods=["POST"])])


class _WarningsEndpoint:
    def __init__(self, submission: WarningSubmission, authenticate: Authenticate | None) -> None:
        self._submission = submission
        self._authenticate = authenticate

    async def post(self, request: Request) -> Response:
        try:
            caller = self._caller(request)
            with identity.acting_as(caller):
                return await self._submit(request, await _body(request))
        except Unauthenticated as error:
            return _error(401, str(error))
        except NotAllowed as error:
            return _error(403, str(error))
        except InvalidInput as error:
            return _error(413 if "larger" in str(error) else 400, str(error))
        except Unavailable as error:
            return _error(503, str(error))

    def _caller(self, request: Request) -> Identity:
        if self._authenticate is None:
            return identity.DEVELOPER
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("send a token (authorization: Bearer …)")
        caller = self._authenticate(token.strip())
        allowed = roles.access_of(_METHOD)
        if allowed is None or not roles.is_allowed(caller, allowed):
            raise roles.refusal(caller, _METHOD)
        return caller

    async def _submit(self, request: Request, body: bytes) -> Response:
        events = _events(request.headers, body)
        kind = _kind(request.query_params.get("kind", ""))
        name_parameter = request.query_params.get("source_name", "")
        source, name = source_kind(kind), source_name(name_parameter)
        raw_warnings = [_raw_warning(event) for _id, event in events]
        results = await self._submission.submit(raw_warnings, source, name)
        answers = [
            _answer(event_id, result) for (event_id, _), result in zip(events, results, strict=True)
        ]
        return _json(200, {"results": answers})


def _kind(word: str) -> Source | None:
    if word and word.casefold() not in _KINDS:
        raise InvalidInput(
            "kind: one of {kinds}, not {word!r}", kinds=", ".join(_KINDS), word=word[:40]
        )
    return _KINDS.get(word.casefold())


async def _body(request: Request) -> bytes:
    parts, size = list[bytes](), 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise InvalidInput(
                "request: larger than {most_bytes} MiB", most_bytes=MOST_BYTES // 2**20
            )
        parts.append(part)
    return b"".join(parts)


def _events(headers: Mapping[str, str], body: bytes) -> list[_ParsedEvent]:
    mode = headers.get("content-type", "").partition(";")[0].strip().lower()
    if mode == _BATCH:
        parsed = _parsed(body)
        if not isinstance(parsed, list):
            raise InvalidInput("request: a batch is a list of events")
        if len(parsed) > MOST_EVENTS:
            raise InvalidInput("request: larger than {most_events} events", most_events=MOST_EVENTS)
        return [_structured(one) for one in parsed]
    if mode == _ONE:
        return [_structured(_parsed(body))]
    if "ce-id" in headers:
        message = HTTPMessage(dict(headers), body)
        return [(headers["ce-id"], _v1(lambda: from_binary_event(message, JSONFormat())))]
    raise InvalidInput("content-type: {one}, {batch}, or ce- headers", one=_ONE, batch=_BATCH)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("request: not JSON in UTF-8, or nested too deeply") from error


def _structured(one: Any) -> _ParsedEvent:
    if not isinstance(one, dict):
        return "", InvalidInput("event: not a JSON object")
    message = HTTPMessage({"content-type": _ONE}, json.dumps(one).encode())
    return str(one.get("id", "")), _v1(lambda: from_structured_event(message, JSONFormat()))


def _v1(parsed: Callable[[], Any]) -> "CloudEvent | InvalidInput":
    try:
        event = parsed()
    except Exception as error:  # the library raises exception groups and errors of many kinds
        return InvalidInput("event: {error}", error=_parse_error(error))
    if not isinstance(event, CloudEvent):
        return InvalidInput("specversion: 1.0")
    return event


def _raw_warning(event: "CloudEvent | InvalidInput") -> RawWarning | InvalidInput:
    if isinstance(event, InvalidInput):
        return event
    if event.get_type() != TYPE:
        return InvalidInput(
            "type: {type}, not {event!r}", type=TYPE, event=str(event.get_type())[:80]
        )
    data: Any = event.get_data()
    if not isinstance(data, dict):
        return InvalidInput("data: must be a JSON object")
    time = event.get_time()
    fields = {"reference": event.get_id()} | data
    if "occurred_at" not in fields and time is not None:
        fields["occurred_at"] = time.isoformat()
    try:
        return parser.parse_fields(fields)
    except InvalidInput as error:
        return error


def _parse_error(error: Exception) -> str:
    """Describe a parse error without quoting the event."""
    inner = getattr(error, "errors", None)
    if isinstance(inner, dict) and inner:
        return "; ".join(f"{name} is missing or invalid" for name in sorted(inner))
    if isinstance(error, ValueError):
        return "time or data cannot be parsed"
    return f"cannot be parsed as a CloudEvent ({type(error).__name__})"


def _answer(raw_warnings: str, result: IntakeResult) -> dict[str, str]:
    answer = {"id": raw_warnings[:_LONGEST_ID], "result": result.status.value}
    optional = {"reason": result.reason, "case_id": result.case_id}
    return answer | {name: value for name, value in optional.items() if value}


def _error(status: int, message: str) -> Response:
    return _json(status, {"error": message})


def _json(status: int, content: object) -> Response:
    # JSON can escape a lone surrogate, which UTF-8 cannot encode.
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, status, media_type="application/json")
