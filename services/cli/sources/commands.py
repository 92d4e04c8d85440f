"""`fanzha sources`: where lists, warnings and reports are pulled from, and how that goes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext, language
from fanzha.translation.message import localized
from fanzha.v1 import source_pb2 as pb
from fanzha.v1 import source_pb2_grpc
from services.cli._common.console import err, fail, out, print_json
from services.cli._common.exit_status import ExitStatus
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Target
from services.cli._common.server import ServerOf
from services.cli.sources import display

app = typer.Typer(
    no_args_is_help=True,
    help="Sources: servers and folders that lists, warnings and reports are pulled from.",
)
_server = ServerOf(lambda: source_pb2_grpc.SourceServiceStub)
_LOOK_SECONDS = 0.5
_Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the source.")]
_File = Annotated[
    Path, typer.Argument(metavar="FILE", help="File of sources.", exists=True, dir_okay=False)
]
_NoSecrets = Annotated[
    bool, typer.Option("--no-secrets", help="Do not open the files of credentials.")
]
_Count = Annotated[int, typer.Option("--count", min=1, max=100, help="How many pulls.")]
_Accept = Annotated[
    str,
    typer.Option("--accept", help="SHA-256 of a held file to accept."),
]
_Reason = Annotated[
    str, typer.Option("--reason", help="Why the held file is accepted; it is audited.")
]
_Wait = Annotated[
    float,
    typer.Option("--wait", min=0, max=86_400, help="Seconds to wait for the pull; 0: do not."),
]


@app.command()
def check(file: _File, no_secrets: _NoSecrets = False) -> None:
    """Check a file of sources, here and without a server; status 1 if something is wrong."""
    from services.sources import definitions

    found, problems = definitions.check(file, secrets=not no_secrets)
    for one in problems:
        where = f"{file.name}: {one.source}" if one.source else file.name
        out.print(f"{where}: {localized(one.why, language())}", soft_wrap=True)
    if problems:
        raise typer.Exit(ExitStatus.NOT_FOUND)
    out.print(gettext("{sources} sources are in order", sources=len(found.sources)))


@app.command()
def status(target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """List the sources and their state; status 1 unless all are in order."""
    with _server(target) as stub:
        answer = stub.ListDataSources(pb.ListDataSourcesRequest())
    if as_json:
        print_json(answer)
    else:
        display.show_sources(answer.sources)
    if any(map(_needs_somebody, answer.sources)):
        raise typer.Exit(ExitStatus.NOT_FOUND)


@app.command()
def pulls(
    name: _Name, count: _Count = 20, target: Target = DEFAULT_TARGET, as_json: AsJson = False
) -> None:
    """List the latest pulls of a source, the newest first."""
    with _server(target) as stub:
        answer = stub.ListPulls(pb.ListPullsRequest(name=name, count=count))
    if as_json:
        print_json(answer)
    else:
        display.show_pulls(answer.pulls)


@app.command()
def pull(
    name: _Name,
    accept: _Accept = "",
    reason: _Reason = "",
    wait: _Wait = 60.0,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Pull a source now; with --accept, take a file that was held."""
    request = pb.PullSourceRequest(name=name, accept_sha256=accept, reason=reason, by=by)
    with _server(target) as stub:
        before = stub.PullSource(request).source
        now, asked = before, True
        end = time.monotonic() + wait
        while asked and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)
            all_ = stub.ListDataSources(pb.ListDataSourcesRequest()).sources
            now = next((one for one in all_ if one.name == name), before)
            asked = now.asked
    if as_json:
        print_json(now)
    elif asked and wait:
        fail(gettext("{name} is not pulled yet; `fanzha sources status` tells", name=name))
    elif asked:
        err.print(gettext("{name} will be pulled", name=name))
    else:
        display.show_sources([now])
    if _needs_somebody(now):
        raise typer.Exit(ExitStatus.NOT_FOUND)


def _needs_somebody(one: pb.SourceStatus) -> bool:
    refused = one.last.outcome == pb.PULL_OUTCOME_REFUSED
    return bool(one.late or one.held or one.failures or refused)
