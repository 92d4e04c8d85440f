"""`fanzha blocklist mappings`: what the columns of a source's files hold, as it was said once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import grpc
import typer

from blocklists.importers import vocabulary
from blocklists.importers.tables import columns
from blocklists.importers.tables import headers as table_headers
from fanzha import client
from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import gettext
from fanzha.v1 import decision_pb2, mapping_pb2_grpc
from fanzha.v1 import mapping_pb2 as pb
from services.cli._common.confirmation import agree
from services.cli._common.console import err, fail, out, print_json
from services.cli._common.enum_words import shown_word
from services.cli._common.exit_status import ExitStatus
from services.cli._common.options import DEFAULT_TARGET, AsJson, Target, Yes, enum
from services.cli._common.server import ServerOf
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import written

app = typer.Typer(
    no_args_is_help=True,
    help="Remembered mappings of columns, by source and header.",
)
server = ServerOf(lambda: mapping_pb2_grpc.MappingServiceStub)

# Our enums carry the numbers of the wire; generated stubs want their own type for each.
_wire: Callable[[int], Any] = int

MappingId = Annotated[str, typer.Argument(help="Id of the mapping, as `list` shows it.")]


class MappingsOfSource:
    """What is known of the columns of a source's files: from before, and said now."""

    def __init__(
        self,
        stub: mapping_pb2_grpc.MappingServiceStub,
        source: int,
        said: columns.Chosen,
        *,
        use: bool,
    ) -> None:
        self._stub = stub
        self._source = source
        self._said = said
        self._use = use
        self._known: dict[str, dict[str, str]] | None = None

    def choose(self, names: Sequence[str]) -> columns.Chosen:
        """Return what is known of the columns of a header."""
        return self._of(names) | dict(self._said)

    def used(self, headers: Iterable[table_headers.Header]) -> dict[str, str]:
        """Return what was known from before of the headers of a file."""
        return {
            name: holds
            for header in headers
            for name, holds in self._of(header.names).items()
            if name not in self._said
        }

    def check(self, headers: Sequence[table_headers.Header]) -> None:
        """Refuse what was said of columns that no header has."""
        there = {columns.plain(name) for header in headers for name in header.names}
        for name in self._said:
            if name not in there:
                known = ", ".join(sorted(filter(None, there))) or gettext("none was found")
                raise InvalidInput(
                    "--map: no header has a column {name!r}; there are: {known}",
                    name=name,
                    known=known,
                )

    def save(self, headers: Sequence[table_headers.Header], author: str) -> None:
        """Remember what was said, for each header with such a column.

        Somebody who may not, as people with regions, is told so: their file is imported by then.
        """
        if not (self._use and self._said):
            return
        for header in headers:
            named = {columns.plain(name): name for name in header.names}
            said = self._of(header.names) | {
                name: holds for name, holds in self._said.items() if name in named
            }
            if not said:
                continue
            mapping = pb.Mapping(
                source=_wire(self._source),
                header=header.names,
                columns=[
                    pb.MappedColumn(name=named[name], holds=holds) for name, holds in said.items()
                ],
                saved_by=author,
            )
            try:
                self._stub.SaveMapping(pb.SaveMappingRequest(mapping=mapping))
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.PERMISSION_DENIED:
                    raise
                why = client.localized_message(error) or error.details()
                err.print(gettext("not remembered: {why}", why=why), markup=False)
                return

    def _of(self, names: Sequence[str]) -> dict[str, str]:
        if self._known is None:
            self._known = self._asked() if self._use else {}
        return self._known.get(columns.fingerprint(names), {})

    def _asked(self) -> dict[str, dict[str, str]]:
        request = pb.ListMappingsRequest(source=_wire(self._source))
        try:
            answer = self._stub.ListMappings(request)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                return {}  # a server from before mappings
            raise
        return {
            columns.fingerprint(one.header): {
                columns.plain(column.name): column.holds for column in one.columns
            }
            for one in answer.mappings
        }


@app.command("list")
def list_(
    source: Annotated[str, typer.Option(help="Only those of this source.")] = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List the mappings, the latest first."""
    request = pb.ListMappingsRequest()
    if source:
        request.source = enum(source, vocabulary.read_source, "--source")
    with server(target) as stub:
        answer = stub.ListMappings(request)
    if as_json:
        print_json(answer.mappings)
        return
    table = RowTable()
    for name in ("id", "source", "columns", "saved by", "on"):
        table.add_column(gettext(name), prose=name == "columns")
    for one in answer.mappings:
        table.add_row(
            one.mapping_id,
            _source(one),
            _columns(one),
            one.saved_by,
            written(one.saved_at_s * 1000),
        )
    table.print()
    out.print(gettext("{mappings} remembered", mappings=len(answer.mappings)))


@app.command()
def show(mapping_id: MappingId, target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Show one mapping, with all columns of the header."""
    found = _found(mapping_id, target)
    if as_json:
        print_json(found)
        return
    holds = {columns.plain(column.name): column.holds for column in found.columns}
    _say(
        gettext(
            "{mapping_id}: {found}, saved by {saved_by} on {found_2}",
            mapping_id=found.mapping_id,
            found=_source(found),
            saved_by=found.saved_by,
            found_2=written(found.saved_at_s * 1000),
        )
    )
    for name in found.header:
        plain = columns.plain(name)
        by_name = columns.target_of(name)
        told = holds.get(plain) or (
            gettext("{by_name} (by its name)", by_name=by_name) if by_name else gettext("not used")
        )
        _say(f"  {name} → {told}")


@app.command()
def forget(mapping_id: MappingId, yes: Yes = False, target: Target = DEFAULT_TARGET) -> None:
    """Forget one mapping; files are read by the names of their columns again."""
    if not yes:
        found = _found(mapping_id, target)
        err.print(f"  {_source(found)}: {_columns(found)}", soft_wrap=True)
        agree(gettext("Forget mapping {mapping}?", mapping=mapping_id), yes=yes)
    with server(target) as stub:
        answer = stub.ForgetMapping(pb.ForgetMappingRequest(mapping_id=mapping_id))
    _say(
        gettext(
            "forgotten: {mapping}, {mapping_2}",
            mapping=_source(answer.mapping),
            mapping_2=_columns(answer.mapping),
        )
    )


def _found(mapping_id: str, target: str) -> pb.Mapping:
    with server(target) as stub:
        answer = stub.ListMappings(pb.ListMappingsRequest())
    found: pb.Mapping | None = next(
        (one for one in answer.mappings if one.mapping_id == mapping_id), None
    )
    if found is None:
        fail(
            gettext("there is no mapping {mapping_id!r}", mapping_id=mapping_id[:50]),
            status=ExitStatus.NOT_FOUND,
        )
    return found


def _source(one: pb.Mapping) -> str:
    return shown_word(decision_pb2.Source, one.source) or gettext("said in the file")


def _columns(one: pb.Mapping) -> str:
    return ", ".join(f"{column.name} → {column.holds}" for column in one.columns)


def _say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
