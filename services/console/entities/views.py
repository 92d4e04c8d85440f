"""The Entities page: who must leave, how far each is, what was seen again."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from starlette.responses import Response

from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from fanzha.v1 import blocklist_pb2
from fanzha.v1 import entity_pb2 as pb
from services.console.backend.faults import BackendFault
from services.console.entities import forms
from services.console.web.form_numbers import enum_choice, whole_number
from services.console.web.formats import in_china
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, KeyHelp, PageRoute

_LIST, _GET = "EntityService/ListEntities", "EntityService/GetEntity"
_REGISTER, _EDIT = "EntityService/RegisterEntity", "EntityService/EditEntity"
_ASSIGN, _SETTLE = "EntityService/AssignExitStep", "EntityService/SettleExitStep"
_CLOSE, _PROPOSE = "EntityService/CloseEntity", "EntityService/ProposeEntityEntries"
_SETTLE_SIGHTING = "EntityService/SettleSighting"
_PAGE = 50
_ONE = "/{entity_id}"


async def index(visit: PageRequest) -> Response:
    """Show a page of entities, the nearest deadline first, and how far all steps are."""
    query = visit.query
    kept = {
        name: query[name]
        for name in ("state", "cleanup", "overdue", "owner", "q")
        if query.get(name)
    }
    text = str(visit.remembered(kept.get("q", "")).get("text", ""))
    answer = await visit.calls.unary(
        _LIST,
        pb.ListEntitiesRequest(
            state=enum_choice(kept.get("state", ""), pb.EntityState.values()),
            cleanup=kept.get("cleanup", "")[:200],
            owner=kept.get("owner", "")[:200],
            overdue_only=bool(kept.get("overdue")),
            text=text,
            page_size=_PAGE,
            page_token=query.get("page", ""),
        ),
    )
    return await visit.show("entities/list.html", answer=answer, query=kept, text=text, pb=pb)


async def search(visit: PageRequest) -> Response:
    """Keep what is searched for out of the address: it may be a number."""
    text = visit.field("text")[:200]
    if not text:
        return await visit.redirect("/entities")
    return await visit.redirect("/entities", q=await visit.remember({"text": text}))


async def ask(visit: PageRequest) -> Response:
    """Show the form of a new entity."""
    return await _form(visit, None, {})


async def register(visit: PageRequest) -> Response:
    """Register an entity."""
    request = pb.RegisterEntityRequest(entity=forms.entity(visit), by=visit.session.by)
    try:
        answer = await visit.calls.unary(_REGISTER, request)
    except BackendFault as fault:
        if not fault.is_input:
            raise
        return await _form(visit, None, _typed(visit), fault.message)
    said = Message("Registered.") if answer.first else Message("It was registered already.")
    return await visit.redirect(f"/entities/{answer.entity.entity_id}", message=said)


async def show(visit: PageRequest) -> Response:
    """Show an entity."""
    return await _page(visit)


async def ask_edit(visit: PageRequest) -> Response:
    """Show the form of what is known of an entity."""
    entity = await _entity(visit)
    return await _form(visit, entity, forms.typed(entity))


async def edit(visit: PageRequest) -> Response:
    """Replace what is known of an entity."""
    entity = forms.entity(visit)
    entity.entity_id, entity.revision = _id(visit), forms.number(visit, "revision")
    try:
        await visit.calls.unary(_EDIT, pb.EditEntityRequest(entity=entity, by=visit.session.by))
    except BackendFault as fault:
        if not fault.is_input:
            raise
        now, mine = await _entity(visit), _typed(visit)
        if fault.status != "ABORTED":
            return await _form(visit, now, mine, fault.message)
        # What they typed stays in the form, beside what somebody else has saved meanwhile.
        return await _form(visit, now, mine, fault.message, status=409, theirs=forms.typed(now))
    return await visit.redirect(f"/entities/{_id(visit)}", message=Message("Saved."))


async def assign(visit: PageRequest) -> Response:
    """Say who owes a step, and by when."""
    try:
        due = forms.due_ms(visit)
    except InvalidInput as error:
        return await _page(visit, status=400, fault=error.translated(visit.language))
    request = pb.AssignExitStepRequest(
        entity_id=_id(visit),
        step=visit.path("step"),
        owner=visit.field("owner"),
        due_ms=due,
        by=visit.session.by,
    )
    return await _done(visit, _ASSIGN, request, Message("The step is assigned."))


async def settle(visit: PageRequest) -> Response:
    """Settle a step, or open it again."""
    request = pb.SettleExitStepRequest(
        entity_id=_id(visit),
        step=visit.path("step"),
        state=enum_choice(visit.field("state"), pb.ExitStepState.values()),
        document=visit.field("document"),
        document_sha256=visit.field("document_sha256"),
        note=visit.field("note"),
        by=visit.session.by,
    )
    said = Message("The step is settled.") if request.state else Message("The step is open again.")
    return await _done(visit, _SETTLE, request, said)


async def close(visit: PageRequest) -> Response:
    """Close an entity as it was shown."""
    request = pb.CloseEntityRequest(
        entity_id=_id(visit),
        revision=forms.number(visit, "revision"),
        note=visit.field("note"),
        by=visit.session.by,
    )
    return await _done(visit, _CLOSE, request, Message("The entity is closed."))


async def settle_sighting(visit: PageRequest) -> Response:
    """Record what was done about something that was seen again."""
    request = pb.SettleSightingRequest(
        entity_id=_id(visit),
        identifier=pb.EntityIdentifier(
            kind=enum_choice(visit.field("kind"), pb.IdentifierKind.values()),
            value=visit.field("value"),
        ),
        note=visit.field("note"),
        by=visit.session.by,
    )
    return await _done(visit, _SETTLE_SIGHTING, request, Message("The sighting is settled."))


async def propose(visit: PageRequest) -> Response:
    """Show what entries would be proposed; or propose them."""
    request = pb.ProposeEntityEntriesRequest(
        entity_id=_id(visit),
        days=forms.number(visit, "days"),
        dry_run=visit.field("sure") != "1",
        by=visit.session.by,
        confirmed_risks=[str(one) for one in visit.form.getlist("confirmed")],
    )
    try:
        answer = await visit.calls.unary(_PROPOSE, request)
    except BackendFault as fault:
        if not fault.is_input and not fault.risks:
            raise
        return await _page(visit, status=400, fault=fault.message, risks=fault.risks)
    if not answer.change_id:
        return await _page(visit, proposal=answer, days=visit.field("days"))
    message = Message("Proposed as change {change_id}.", change_id=answer.change_id)
    return await visit.redirect(f"/entities/{_id(visit)}", message=message)


async def _done(visit: PageRequest, method: str, request: Any, said: Message) -> Response:
    try:
        await visit.calls.unary(method, request)
    except BackendFault as fault:
        if not fault.is_input and fault.status not in {"PERMISSION_DENIED", "NOT_FOUND"}:
            raise
        return await _page(visit, status=400, fault=fault.message)
    return await visit.redirect(f"/entities/{_id(visit)}", message=said)


async def _page(visit: PageRequest, *, status: int = 200, **values: Any) -> Response:
    entity = await _entity(visit)
    defaults = {"fault": "", "risks": (), "proposal": None, "days": ""}
    return await visit.show(
        "entities/one.html",
        status=status,
        entity=entity,
        day_of=_day,
        all_settled=all(step.state for step in entity.steps),
        outcomes=blocklist_pb2.RowOutcome,
        pb=pb,
        **{**defaults, **values},
    )


async def _form(
    visit: PageRequest,
    entity: pb.Entity | None,
    typed: Mapping[str, str],
    fault: str = "",
    *,
    status: int = 400,
    theirs: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    return await visit.show(
        "entities/form.html",
        status=status if fault else 200,
        entity=entity,
        typed=typed,
        theirs=theirs,
        differing=[name for name in theirs if name in typed and typed[name] != theirs[name]],
        fault=fault,
        kinds=[one for one in pb.EntityKind.values() if one],
        frauds=[one for one in pb.FinancialFraud.values() if one],
        fields=tuple(forms.IDENTIFIER_FIELDS.items()),
        pb=pb,
    )


async def _entity(visit: PageRequest) -> pb.Entity:
    answer = await visit.calls.unary(_GET, pb.GetEntityRequest(entity_id=_id(visit)))
    found: pb.Entity = answer.entity
    return found


def _id(visit: PageRequest) -> int:
    return whole_number(visit.path("entity_id")) or 0


def _typed(visit: PageRequest) -> dict[str, str]:
    return {name: visit.field(name).replace("\r\n", "\n") for name in visit.form}


def _day(ms: int) -> str:
    """Write a day as an input of the type date takes it."""
    return in_china(ms).date().isoformat() if ms else ""


PAGE = ConsolePage(
    name="entities",
    title=gettext_noop("Entities"),
    key="e",
    needs=(_LIST,),
    routes=(
        PageRoute(path="", view=index),
        PageRoute(path="/search", view=search, method="POST"),
        PageRoute(path="/new", view=ask, needs=(_REGISTER,)),
        PageRoute(path="/new", view=register, method="POST", needs=(_REGISTER,)),
        PageRoute(path=_ONE, view=show, needs=(_GET,)),
        PageRoute(path=f"{_ONE}/edit", view=ask_edit, needs=(_EDIT,)),
        PageRoute(path=f"{_ONE}/edit", view=edit, method="POST", needs=(_EDIT,)),
        PageRoute(path=f"{_ONE}/steps/{{step}}/assign", view=assign, method="POST",
                  needs=(_ASSIGN,)),
        PageRoute(path=f"{_ONE}/steps/{{step}}/settle", view=settle, method="POST",
                  needs=(_SETTLE,)),
        PageRoute(path=f"{_ONE}/close", view=close, method="POST", needs=(_CLOSE,)),
        PageRoute(path=f"{_ONE}/propose", view=propose, method="POST", needs=(_PROPOSE,)),
        PageRoute(path=f"{_ONE}/sightings", view=settle_sighting, method="POST",
                  needs=(_SETTLE_SIGHTING,)),
    ),
    keys=(KeyHelp(key="s", does=gettext_noop("Search the entities")),),
)  # fmt: skip
