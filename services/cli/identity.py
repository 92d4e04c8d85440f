"""`fanzha identity`: keys and tokens to try real roles with, and what a server takes one for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import access_pb2 as pb
from fanzha.v1 import access_pb2_grpc, decision_pb2
from services.auth import identity
from services.cli._common import addresses
from services.cli._common.console import err, fail, fault_text, os_fault, out, print_json
from services.cli._common.enum_words import enum_word, field_label, wire_word
from services.cli._common.options import DEFAULT_TARGET, AsJson
from services.cli._common.server import ServerOf
from services.cli._common.tables import FieldTable
from services.cli._common.time_arguments import written

app = typer.Typer(
    no_args_is_help=True, help="Make identities to try roles with; ask who a server takes you for."
)

_server = ServerOf(lambda: access_pb2_grpc.AccessServiceStub, deadline_seconds=10.0)
DEFAULT_FOLDER = Path("identity")

Where = Annotated[
    Path, typer.Option("--dir", file_okay=False, help="Folder that `fanzha identity init` made.")
]
Roles = Annotated[
    list[identity.Role], typer.Option("--role", help="What they may do; several times for several.")
]
Carrier = Annotated[
    str, typer.Option(help="Carrier whose policy decides on their requests (cmcc); none named.")
]
Days = Annotated[int, typer.Option(min=1, max=3650, help="Days until certificates expire.")]
Target = Annotated[
    str,
    typer.Option(
        envvar="FANZHA_ADMIN_TARGET",
        callback=addresses.resolved,
        help="Address of any server of Fanzha.",
    ),
]


@app.command()
def init(
    folder: Annotated[
        Path, typer.Argument(file_okay=False, help="Folder to create; it must not exist.")
    ] = DEFAULT_FOLDER,
    hosts: Annotated[
        list[str] | None,
        typer.Option("--host", help="Name or address of the server, besides this machine's own."),
    ] = None,
    days: Days = 365,
) -> None:
    """Make an authority, certificates for a server and a client, and a key that signs tokens.

    Enough to try roles, or for one small site; what a bureau does instead: docs/how-to/identity.md.
    """
    from services.auth.local_authority import AuthorityFolder

    made = AuthorityFolder(folder)
    with _files():
        made.make(hosts or [], now=_now(), days=days)
    _show_made(folder, made)


def _show_made(folder: Path, made: Any) -> None:
    from services.auth.local_authority import FIRST_CLIENT

    certificate, key = made.client(FIRST_CLIENT)
    out.print(
        gettext("made {folder}. A server that authenticates callers:", folder=folder), markup=False
    )
    out.print(
        f"  fanzha up --config {made.settings}",
        markup=False,
        soft_wrap=True,
    )
    out.print(gettext("a client of it, in another terminal:"))
    for line in (
        f"export FANZHA_TLS_CA={made.authority}",
        f"export FANZHA_TOKEN=$(fanzha identity token --dir {folder} --name wang --role approver)",
        "fanzha identity show",
    ):
        out.print(f"  {line}", markup=False, soft_wrap=True)
    out.print(
        gettext(
            "A gateway shows {certificate} with {key} where the settings name tls_client_ca.",
            certificate=certificate,
            key=key,
        ),
        markup=False,
        soft_wrap=True,
    )


@app.command()
def token(
    name: Annotated[str, typer.Option(help="Who it speaks for: the name that goes on record.")],
    roles: Roles,
    folder: Where = DEFAULT_FOLDER,
    regions: Annotated[
        list[str] | None,
        typer.Option("--region", help="Region they reach (33, 3301); none: all."),
    ] = None,
    sources: Annotated[
        list[str] | None,
        typer.Option("--source", help="List source they may change (bureau, …); none: all."),
    ] = None,
    carrier: Carrier = "",
    days: Annotated[float, typer.Option(min=0.0001, max=400, help="Days until it expires.")] = 1,
    file: Annotated[
        Path | None,
        typer.Option("--out", dir_okay=False, help="File to write it to, for you alone."),
    ] = None,
) -> None:
    """Sign a token with the key of a folder, and print it."""
    from services.auth import claims, issuer
    from services.auth.local_authority import AuthorityFolder

    with _files():
        claims.name(name)
        claims.regions(regions or None)
        claims.sources(sources or None)
        signed = AuthorityFolder(folder).token(
            name,
            roles,
            regions=regions or [],
            sources=sources or [],
            carrier=claims.carrier(carrier or None),
            now=_now(),
            days=days,
        )
        if file is not None:
            file.unlink(missing_ok=True)
            issuer.write_private(file, f"{signed}\n".encode())
    _show_token(signed, file)


def _show_token(signed: str, file: Path | None) -> None:
    if file is None:
        out.print(signed, soft_wrap=True)
    else:
        err.print(
            gettext("written to {file}; name it with FANZHA_TOKEN_FILE or --token-file", file=file)
        )


@app.command()
def certificate(
    host: Annotated[str, typer.Argument(help="Host name it shows: gateway-2.carrier.example.")],
    roles: Roles,
    name: Annotated[str, typer.Option(help="Name on record.", show_default="the host's")] = "",
    carrier: Carrier = "",
    folder: Where = DEFAULT_FOLDER,
    days: Days = 365,
) -> None:
    """Make a client certificate, and the line of identities.toml that says who it is."""
    from services.auth.local_authority import AuthorityFolder

    made = AuthorityFolder(folder)
    with _files():
        made.add_client(
            host, name or host.split(".")[0], roles, now=_now(), days=days, carrier=carrier
        )
    shown, key = made.client(host)
    out.print(
        gettext(
            "made {shown} and {key}; {roster} has its line",
            shown=shown,
            key=key,
            roster=made.roster,
        ),
        markup=False,
        soft_wrap=True,
    )


@app.command()
def rotate(folder: Where = DEFAULT_FOLDER) -> None:
    """Sign tokens with a new key from now on.

    Tokens of the key before live on until they expire, or until the next rotation; running servers
    follow within a second or two.
    """
    from services.auth.local_authority import AuthorityFolder

    with _files():
        kid = AuthorityFolder(folder).rotate()
    out.print(
        gettext("new tokens are signed with the key {kid}", kid=kid), markup=False, soft_wrap=True
    )


@app.command()
def show(
    methods: Annotated[bool, typer.Option("--methods", help="Also what you may call.")] = False,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show who a server takes you for."""
    with _server(target) as stub:
        who = stub.WhoAmI(pb.WhoAmIRequest())
    words = _as_words(who)
    if as_json:
        print_json(words)
        return
    table = FieldTable()
    for field in ("name", "roles", "regions", "sources", "carrier", "credential", "expires"):
        table.add_row(field_label(field), _shown(field, words[field]))
    table.print()
    if who.development:
        err.print(
            gettext("{target} does not authenticate callers: development", target=target),
            soft_wrap=True,
        )
    for method in words["methods"] if methods else ():
        out.print(method, markup=False)


@app.command("list")
def list_(target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """List who has rights, and when they last called; takes the role auditor or operator."""
    from services.cli._common.tables import RowTable

    with _server(target) as stub:
        answer = stub.ListIdentities(pb.ListIdentitiesRequest())
    if as_json:
        print_json([_identity_words(one) for one in answer.identities])
        return
    table = RowTable(
        gettext("name"), gettext("roles"), gettext("regions"), gettext("certificate"),
        gettext("last seen"),
    )  # fmt: skip
    for one in answer.identities:
        roles = ", ".join(enum_word("role", role) for role in one.roles) or gettext("none")
        regions = ", ".join(one.regions) or gettext("all")
        seen = written(one.last_seen_ms) if one.last_seen_ms else ""
        table.add_row(one.name, roles, regions, one.certificate, seen)
    table.print()
    since = written(answer.since_ms)
    err.print(gettext("callers are noted since {since}", since=since), soft_wrap=True)


def _identity_words(one: pb.KnownIdentity) -> dict[str, Any]:
    return {
        "name": one.name,
        "roles": list(one.roles),
        "regions": list(one.regions),
        "sources": [wire_word(decision_pb2.Source, source) for source in one.sources],
        "carrier": one.carrier,
        "credential": wire_word(pb.Credential, one.credential),
        "certificate": one.certificate,
        "last_seen_ms": one.last_seen_ms,
        "expires": one.expires_at_s,
    }


def _as_words(who: pb.WhoAmIResponse) -> dict[str, Any]:
    from services.rpc.access.handler import ROLES

    named = {number: role.value for role, number in ROLES.items()}
    return {
        "name": who.name,
        "roles": [named.get(role, str(role)) for role in who.roles],
        "regions": list(who.regions),
        "sources": [wire_word(decision_pb2.Source, source) for source in who.sources],
        "carrier": who.carrier,
        "credential": wire_word(pb.Credential, who.credential),
        "expires": who.expires_at_s,
        "development": who.development,
        "methods": list(who.methods),
    }


def _shown(field: str, value: Any) -> str:
    if field == "expires":
        if not value:
            return gettext("never")
        when = written(value * 1000)
        return gettext("{when}, in {value:,.1f} h", when=when, value=(value - time.time()) / 3600)
    if isinstance(value, list):
        words = [enum_word(field.removesuffix("s"), word) for word in value]
        return ", ".join(words) or (gettext("none") if field == "roles" else gettext("all"))
    if field == "credential":
        return enum_word(field, value) or gettext("none")
    return str(value) or gettext("none")


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _files() -> Iterator[None]:
    """Turn what is wrong with files or words into a sentence."""
    try:
        yield
    except FileExistsError as error:
        fail(
            gettext(
                "{filename}: is there already, and is not written over", filename=error.filename
            ),
        )
    except OSError as error:
        fail(f"{error.filename}: {os_fault(error)}")
    except ValueError as error:
        fail(fault_text(error))
