"""Options of `fanzha assessment`, and the words they take."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fanzha.v1 import assessment_pb2 as pb
from fanzha.v1 import assessment_pb2_grpc
from services.cli._common.choices import enum_number
from services.cli._common.enum_words import shown_word
from services.cli._common.server import ServerOf

server = ServerOf(lambda: assessment_pb2_grpc.AssessmentServiceStub)

TaskId = Annotated[int, typer.Argument(min=1, help="Number of the task.")]
MonthName = Annotated[
    str, typer.Argument(metavar="[MONTH]", help="Such as 2026-11; empty: last month.")
]
UnitCode = Annotated[str, typer.Option("--unit", help="Code of the unit; `units` lists them.")]
KindWord = Annotated[
    str, typer.Option("--kind", help="problem, task or responsibility: which of the three lists.")
]


def kind(text: str) -> Any:
    """Read a list; 0 for an empty one."""
    return enum_number(text, pb.UnitTaskKind, "--kind")


def state(text: str) -> Any:
    """Read a state; 0 for an empty one."""
    return enum_number(text, pb.UnitTaskState, "--state")


def kind_word(number: int) -> str:
    """Return the word of a list, in the language of the user."""
    return shown_word(pb.UnitTaskKind, number)


def state_word(number: int) -> str:
    """Return the word of a state."""
    return shown_word(pb.UnitTaskState, number)
