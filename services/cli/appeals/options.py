"""Options of `fanzha appeals`, and the words they take, in English and Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from blocklists.importers import vocabulary as list_words
from fanzha.v1 import appeal_pb2 as pb
from fanzha.v1 import appeal_pb2_grpc
from services.cli._common.choices import one_of, refuse
from services.cli._common.console import os_fault
from services.cli._common.enum_words import LazyTable, enum_word
from services.cli._common.options import enum
from services.cli._common.server import ServerOf

server = ServerOf(lambda: appeal_pb2_grpc.AppealServiceStub)

AppealId = Annotated[int, typer.Argument(min=1, help="Number of the appeal.")]

_WORDS = LazyTable(
    lambda: {
        pb.APPEAL_STATE_RECEIVED: "received",
        pb.APPEAL_STATE_IN_REVIEW: "in review",
        pb.APPEAL_STATE_UPHELD: "upheld",
        pb.APPEAL_STATE_REJECTED: "rejected",
        pb.APPEAL_STATE_WITHDRAWN: "withdrawn",
    }
)
_STATE_WORDS = LazyTable(
    lambda: {
        "received": pb.APPEAL_STATE_RECEIVED,
        "已受理": pb.APPEAL_STATE_RECEIVED,
        "in_review": pb.APPEAL_STATE_IN_REVIEW,
        "核查中": pb.APPEAL_STATE_IN_REVIEW,
        "upheld": pb.APPEAL_STATE_UPHELD,
        "成立": pb.APPEAL_STATE_UPHELD,
        "支持": pb.APPEAL_STATE_UPHELD,
        "rejected": pb.APPEAL_STATE_REJECTED,
        "不成立": pb.APPEAL_STATE_REJECTED,
        "驳回": pb.APPEAL_STATE_REJECTED,
        "withdrawn": pb.APPEAL_STATE_WITHDRAWN,
        "已撤回": pb.APPEAL_STATE_WITHDRAWN,
    }
)
_NOTICES = LazyTable(
    lambda: {
        "restriction": pb.NOTICE_KIND_RESTRICTION,
        "receipt": pb.NOTICE_KIND_RECEIPT,
        "upheld": pb.NOTICE_KIND_UPHELD,
        "rejected": pb.NOTICE_KIND_REJECTED,
        "overdue": pb.NOTICE_KIND_OVERDUE,
    }
)
_LANGUAGES = LazyTable(
    lambda: {
        "zh": pb.LANGUAGE_ZH,
        "中文": pb.LANGUAGE_ZH,
        "en": pb.LANGUAGE_EN,
        "english": pb.LANGUAGE_EN,
    }
)


def state(word: str) -> Any:
    """Read ``--state``; 0 for an empty one."""
    return one_of(word, _STATE_WORDS, "--state") if word else 0


def state_word(number: int) -> str:
    """Return the word of a state, in the language of the user."""
    return enum_word("appeal_state", {int(one): word for one, word in _WORDS.items()}[number])


def is_open(appeal: pb.Appeal) -> bool:
    """Return whether an appeal is not decided yet."""
    return appeal.state in (pb.APPEAL_STATE_RECEIVED, pb.APPEAL_STATE_IN_REVIEW)


def outcome(word: str) -> Any:
    """Read what was decided."""
    found = one_of(word, _STATE_WORDS, "outcome")
    if found not in (pb.APPEAL_STATE_UPHELD, pb.APPEAL_STATE_REJECTED):
        refuse(word, ("upheld", "rejected"), "outcome")
    return found


def notice_kind(word: str) -> Any:
    """Read ``--kind``; 0 for an empty one."""
    return one_of(word, _NOTICES, "--kind") if word else 0


def language(word: str) -> Any:
    """Read ``--language``."""
    return one_of(word, _LANGUAGES, "--language")


def direction(word: str) -> Any:
    """Read ``--direction``; 0 for an empty one."""
    return enum(word, list_words.read_direction, "--direction")


def documents(files: Sequence[Path], *, digests_only: bool) -> list[pb.AppealDocument]:
    """Read documents to submit."""
    found = []
    for file in files:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise typer.BadParameter(f"{file}: {os_fault(error)}", param_hint="document") from None
        found.append(
            pb.AppealDocument(
                name=file.name,
                sha256=sha256(content).hexdigest(),
                content=b"" if digests_only else content,
            )
        )
    return found
