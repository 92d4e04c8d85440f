"""Import of a file: uploaded, its columns mapped, checked, imported; with progress and bad rows."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from fanzha.errors import FanzhaError, NotFound
from fanzha.translation.message import Message
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import change_state_pb2, decision_pb2, mapping_pb2
from services.console.backend.calls import ServiceCalls
from services.console.backend.faults import BackendFault
from services.console.imports.job import STALE_SECONDS, ImportJob
from services.console.imports.store import PIECE_BYTES, ImportStore, StoredImport
from services.console.lists.entry_forms import FormFields
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute
from services.list_files import first_rows
from services.list_files.bad_rows import MOST_REPORTED
from services.list_files.first_rows import FileOptions, FilePreview

FIELDS = (
    *("format", "encoding", "source", "action", "fraud_type", "mode", "legal_basis", "expires"),
    *("reason", "campaign", "region"),
)
_MOST_COLUMNS = 60
_EXAMPLES = 10
_POLL_SECONDS = 0.5
_NEEDS = ("BlocklistService/ImportEntries",)
_SAVE = "MappingService/SaveMapping"
_jobs: set["asyncio.Task[None]"] = set()


async def ask(visit: PageRequest) -> Response:
    """Ask for a file."""
    return await visit.show("imports/ask.html", wrong=None, most=_most_bytes(visit))


async def upload(visit: PageRequest) -> Response:
    """Keep the file."""
    file = visit.form.get("file")
    if not isinstance(file, UploadFile) or not file.size:
        wrong = Message("Choose a file; it must not be empty.")
        return await visit.show(
            "imports/ask.html", status=400, wrong=wrong, most=_most_bytes(visit)
        )
    content = file.file
    pieces: Iterator[bytes] = iter(lambda: content.read(PIECE_BYTES), b"")
    id_ = await _store(visit).create(visit.session.name, file.filename or "file", pieces)
    return await visit.redirect(f"/lists/import/{id_}")


async def show(visit: PageRequest) -> Response:
    """Show the file, how it would be read, and how its import goes or went."""
    stored = await _stored(visit)
    form = FormFields({name: str(stored.options.get(name, "")) for name in FIELDS})
    if not stored.options:
        form.values |= {"action": str(int(decision_pb2.ACTION_BLOCK)), "reason": stored.name}
    return await _show(visit, stored, form)


async def change(visit: PageRequest) -> Response:
    """Keep what the form says, and look again, check or import, as its button says."""
    stored = await _stored(visit)
    form = FormFields.of(visit, FIELDS)
    act = visit.field("act")
    header = _header(visit, stored, form)
    if act == "look":
        form.errors.clear()
    if form.errors or stored.is_busy:
        return await _show(visit, stored, form, status=409 if stored.is_busy else 400)
    mapping = _mapping(visit)
    options = {**form.values, "mapping": mapping, "header": not visit.field("no_header")}
    await _store(visit).set(stored.id, options=options)
    if act in {"check", "import"}:
        header.dry_run = act == "check"
        if act == "import" and visit.field("remember") and visit.may(_SAVE):
            await _remember(visit, stored, form, mapping)
        await _start(visit, stored, header, _file_options(options))
    return await visit.redirect(f"/lists/import/{stored.id}")


async def cancel(visit: PageRequest) -> Response:
    """Stop an import that is under way; nothing of it is imported."""
    stored = await _stored(visit)
    if stored.is_busy:
        await _store(visit).ask_to_cancel(stored.id)
        if _is_stale(stored):
            await _store(visit).end(stored.id, state="cancelled")
    return await visit.redirect(f"/lists/import/{stored.id}")


async def discard(visit: PageRequest) -> Response:
    """Delete the file and all that is known of it."""
    stored = await _stored(visit)
    if stored.is_busy:
        await _store(visit).ask_to_cancel(stored.id)
    await _store(visit).drop(stored.id)
    return await visit.redirect("/lists/import", message=Message("The file is deleted."))


async def bad_rows(visit: PageRequest) -> Response:
    """Download the rows that become no entry, with the reasons."""
    stored = await _stored(visit)
    try:
        file = await _store(visit).bad_rows(stored.id)
    except NotFound as error:
        raise BackendFault("NOT_FOUND", error.as_message()) from error
    headers = {"content-disposition": 'attachment; filename="bad-rows.csv"'}
    return Response(file, media_type="text/csv; charset=utf-8", headers=headers)


async def events(visit: PageRequest) -> Response:
    """Tell the progress until it ends."""
    await _stored(visit)
    return visit.events(_progress(visit))


async def _progress(visit: PageRequest) -> AsyncIterator[tuple[str, str]]:
    while True:
        stored = await _stored(visit)
        stale = _is_stale(stored)
        yield "progress", visit.part("imports/progress.html", stored=stored, stale=stale)
        if not stored.is_busy or stale:
            yield "end", "done"
            return
        await asyncio.sleep(_POLL_SECONDS)


async def _show(
    visit: PageRequest, stored: StoredImport, form: FormFields, *, status: int = 200
) -> Response:
    preview, wrong = None, None
    if not stored.is_busy and stored.state != "imported":
        try:
            preview = await _preview(visit, stored)
        except FanzhaError as error:
            wrong = error.translated(visit.language)
    answer = pb.ImportEntriesResponse.FromString(stored.answer) if stored.answer else None
    return await visit.show(
        "imports/one.html",
        status=status,
        stored=stored,
        form=form,
        preview=preview,
        wrong=wrong,
        stale=_is_stale(stored),
        answer=answer if stored.state in {"checked", "imported"} else None,
        formats=first_rows.FORMATS,
        encodings=first_rows.TEXT_ENCODINGS,
        targets=first_rows.COLUMN_TARGETS,
        pending=change_state_pb2.CHANGE_STATE_PENDING,
        Outcome=pb.RowOutcome,
        Action=decision_pb2.Action,
        Source=decision_pb2.Source,
        Fraud=decision_pb2.FraudType,
        Mode=pb.EntryMode,
    )


async def _preview(visit: PageRequest, stored: StoredImport) -> FilePreview:
    options = dict(stored.options)
    if not options.get("mapping") and options.get("source"):
        options["mapping"] = await _remembered(visit, stored, options)
    return await _read(visit, stored, _file_options(options))


async def _read(visit: PageRequest, stored: StoredImport, options: FileOptions) -> FilePreview:
    with tempfile.TemporaryDirectory(prefix="fanzha-import-") as folder:
        path = Path(folder) / ("list" + Path(stored.name).suffix[:8].replace("/", ""))
        await _store(visit).write_to(stored.id, path)
        return await asyncio.to_thread(first_rows.preview, path, options)


async def _remembered(
    visit: PageRequest, stored: StoredImport, options: dict[str, Any]
) -> dict[str, str]:
    """Return what is remembered of the columns of this source and header."""
    source: Any = int(options["source"])
    answer = await visit.calls.unary(
        "MappingService/ListMappings", mapping_pb2.ListMappingsRequest(source=source)
    )
    names = [name for name, _ in (await _read(visit, stored, _file_options(options))).columns]
    for one in answer.mappings:
        if list(one.header) == names:
            return {column.name: column.holds for column in one.columns}
    return {}


async def _remember(
    visit: PageRequest, stored: StoredImport, form: FormFields, mapping: dict[str, str]
) -> None:
    preview = await _read(visit, stored, _file_options({**form.values, "mapping": mapping}))
    if not mapping or not preview.columns:
        return
    columns = [
        mapping_pb2.MappedColumn(name=name, holds=holds)
        for name, holds in mapping.items()
        if name in dict(preview.columns)
    ]
    saved = mapping_pb2.Mapping(
        source=form.number("source"),
        header=[name for name, _ in preview.columns],
        columns=columns,
        saved_by=visit.session.by,
    )
    await visit.calls.unary(_SAVE, mapping_pb2.SaveMappingRequest(mapping=saved))


async def _start(
    visit: PageRequest, stored: StoredImport, header: pb.ImportHeader, options: FileOptions
) -> None:
    store = _store(visit)
    state = "checking" if header.dry_run else "importing"
    if not await store.begin(stored.id, state, time.time()):
        return  # another process works on it
    calls = ServiceCalls(visit.parts.channels, visit.session.token, visit.language)
    job = ImportJob(store, calls, id_=stored.id, owner=visit.session.name, language=visit.language)
    task = asyncio.create_task(job.run(header, options))
    _jobs.add(task)
    task.add_done_callback(_jobs.discard)


def _header(visit: PageRequest, stored: StoredImport, form: FormFields) -> pb.ImportHeader:
    end_s = form.end_of_day_s("expires", int(time.time()))
    defaults = pb.Entry(
        action=form.number("action"),
        source=form.number("source"),
        fraud_type=form.number("fraud_type"),
        mode=form.number("mode"),
        legal_basis=form.values["legal_basis"],
        campaign=form.values["campaign"],
        region=form.values["region"],
        expires_at_s=end_s,
    )
    return pb.ImportHeader(
        defaults=defaults,
        author=visit.session.by,
        reason=form.values["reason"] or stored.name,
        most_examples=_EXAMPLES,
        most_problems=MOST_REPORTED,
        replace=bool(visit.field("replace")),
        max_invalid_percent=100,
    )


def _mapping(visit: PageRequest) -> dict[str, str]:
    found: dict[str, str] = {}
    for place in range(_MOST_COLUMNS):
        name, holds = visit.field(f"column-{place}"), visit.field(f"holds-{place}")
        if name and holds in first_rows.COLUMN_TARGETS:
            found[name] = holds
    return found


def _file_options(options: Any) -> FileOptions:
    return FileOptions(
        format_=str(options.get("format", "")),
        encoding=str(options.get("encoding", "")),
        mapping=dict(options.get("mapping") or {}),
        header=bool(options.get("header", True)),
    )


async def _stored(visit: PageRequest) -> StoredImport:
    try:
        return await _store(visit).get(visit.path("id"), visit.session.name)
    except NotFound as error:
        raise BackendFault("NOT_FOUND", error.as_message()) from error


def _store(visit: PageRequest) -> ImportStore:
    return visit.parts.imports


def _is_stale(stored: StoredImport) -> bool:
    return stored.is_busy and time.time() - stored.beat_s > STALE_SECONDS


def _most_bytes(visit: PageRequest) -> int:
    return visit.parts.settings.console_upload_bytes


ROUTES = (
    PageRoute(path="/import", view=ask, needs=_NEEDS),
    PageRoute(path="/import", view=upload, method="POST", needs=_NEEDS),
    PageRoute(path="/import/{id}", view=show, needs=_NEEDS),
    PageRoute(path="/import/{id}", view=change, method="POST", needs=_NEEDS),
    PageRoute(path="/import/{id}/cancel", view=cancel, method="POST", needs=_NEEDS),
    PageRoute(path="/import/{id}/discard", view=discard, method="POST", needs=_NEEDS),
    PageRoute(path="/import/{id}/bad-rows", view=bad_rows, needs=_NEEDS),
    PageRoute(path="/import/{id}/events", view=events, needs=_NEEDS),
)
