"""Options of `fanzha policy`, and what they propose."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import policy_pb2 as pb
from fanzha.v1 import policy_pb2_grpc
from services.cli._common.console import fail, fault_text
from services.cli._common.server import ServerOf

server = ServerOf(lambda: policy_pb2_grpc.PolicyServiceStub, deadline_seconds=60.0)

MAX_BYTES = 65_536
"""The longest document the server takes."""

PolicyFile = Annotated[
    Path | None, typer.Argument(help="TOML file: the whole policy. None: --set changes settings.")
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="CARRIER.CHANNEL.SETTING=VALUE, such as cmcc.call.threshold=0.97; without a value the "
        "setting is removed. May be repeated.",
    ),
]
ExpectedPolicy = Annotated[
    int | None,
    typer.Option(
        "--expected-version", min=0, help="Change nothing unless the policy is at this version."
    ),
]
VersionNumber = Annotated[int, typer.Argument(metavar="VERSION", min=0, help="The version.")]


def request(file: Path | None, assignments: list[str] | None) -> pb.ProposePolicyRequest:
    """Return a request that proposes the file or the settings; one of the two is needed."""
    if (file is None) == (not assignments):
        fail(gettext("FILE or --set: one of them says what is to be in force"))
    if file is None:
        return pb.ProposePolicyRequest(set=pb.PolicyAssignments(assignments=assignments or []))
    try:
        if file.stat().st_size > MAX_BYTES:
            fail(gettext("{file}: longer than {most} bytes", file=file, most=MAX_BYTES))
        return pb.ProposePolicyRequest(document=file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        fail(gettext("{file}: cannot be read: {error}", file=file, error=fault_text(error)))
