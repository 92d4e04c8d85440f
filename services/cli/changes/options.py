"""Options of `fanzha changes`, and the words they take, in English and Chinese."""

from typing import Annotated

import typer

from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import gettext
from fanzha.v1 import change_pb2 as pb
from fanzha.v1 import change_pb2_grpc, change_state_pb2
from services.cli._common.enum_words import LazyTable
from services.cli._common.options import read
from services.cli._common.server import ServerOf

server = ServerOf(lambda: change_pb2_grpc.ChangeServiceStub, deadline_seconds=300.0)
"""A million rows take up to a minute to read, preview and write."""

ChangeId = Annotated[int, typer.Argument(min=1, help="Number of the change.")]
StateWord = Annotated[
    str,
    typer.Option(
        "--state",
        help="draft 草稿, pending 待审, approved 已批准, applied 已生效, rejected 已驳回 or "
        "reverted 已撤销; empty: all.",
    ),
]
EmergencyWhy = Annotated[
    str,
    typer.Option(
        "--emergency",
        help="Apply alone and at once, and why it cannot wait; entries end soon unless a second "
        "person confirms.",
    ),
]

STATES = LazyTable(
    lambda: {
        change_state_pb2.CHANGE_STATE_DRAFT: ("draft", "草稿"),
        change_state_pb2.CHANGE_STATE_PENDING: ("pending", "待审"),
        change_state_pb2.CHANGE_STATE_APPROVED: ("approved", "已批准"),
        change_state_pb2.CHANGE_STATE_APPLIED: ("applied", "已生效"),
        change_state_pb2.CHANGE_STATE_REJECTED: ("rejected", "已驳回"),
        change_state_pb2.CHANGE_STATE_REVERTED: ("reverted", "已撤销"),
    }
)
KINDS = LazyTable(
    lambda: {
        pb.CHANGE_KIND_NORMAL: "normal",
        pb.CHANGE_KIND_EMERGENCY: "emergency",
        pb.CHANGE_KIND_REVERT: "revert",
        pb.CHANGE_KIND_IMPORT: "import",
        pb.CHANGE_KIND_APPEAL: "appeal",
        pb.CHANGE_KIND_RETIREMENT: "retirement",
        pb.CHANGE_KIND_POLICY: "policy",
    }
)
_NOW = frozenset({"now", "head", "现在", "当前"})


def state(word: str) -> int:
    """Read ``--state``; 0 for all."""
    known = {name: number for number, names in STATES.items() for name in names}

    def one(text: str) -> int:
        found = known.get(text.strip().lower())
        if found is None:
            raise InvalidInput(
                "state: none of {known}: {text!r}", known=", ".join(known), text=text[:50]
            )
        return int(found)

    return read(word, one, "--state") or 0


def version(word: str) -> int | None:
    """Read a version of the lists; None for what they are now."""
    text = word.strip().lower()
    if text in _NOW:
        return None
    if not text.isdecimal():
        raise typer.BadParameter(
            gettext("a version such as 12, or now 现在; not {word!r}", word=word[:50])
        )
    return int(text)
