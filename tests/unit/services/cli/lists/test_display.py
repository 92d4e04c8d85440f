"""What others wrote into an entry is shown as they wrote it."""

import pytest

from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import decision_pb2
from services.cli.lists import display


def entry(reason: str) -> pb.Entry:
    return pb.Entry(
        pattern="+8617000000001", kind=pb.ENTRY_KIND_NUMBER, reason=reason, no_end=True,
        action=decision_pb2.ACTION_BLOCK, source=decision_pb2.SOURCE_BUREAU, entry_id="e1",
    )  # fmt: skip


@pytest.mark.parametrize(
    "reason",
    ["see [/case 7]", "[red]not red[/]", "smile :100:", "a reason " + "of many words " * 9],
)
def test_a_reason_is_shown_letter_by_letter_in_a_pipe(
    reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    display.show_entries([entry(reason)], now_s=0)
    display.show_entry(entry(reason), now_s=0)

    assert capsys.readouterr().out.count(reason.rstrip()) == 2
