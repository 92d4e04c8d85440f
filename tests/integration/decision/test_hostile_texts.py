"""What somebody wrote into a reason steers no terminal of those who look at it later."""

from collections.abc import Iterator

import pytest

from fanzha.client import channels
from fanzha.v1 import interception_pb2 as pb
from fanzha.v1 import interception_pb2_grpc
from tests.support.processes import LEAN, Running, eventually, fanzha_up

LISTED, IMPORTED, CALLEE = "+8617000000123", "+8617000000124", "+8619900000001"
HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\u202c\u2066x\u2069 [red]loud[/] "
    "[link=http://a.example]here[/link] [/]"
)
COMMANDS = [
    ("blocklist", "find", LISTED),
    ("blocklist", "find", IMPORTED),
    ("blocklist", "find", LISTED, "--json"),
    ("blocklist", "list"),
    ("blocklist", "list", "--json"),
    ("blocklist", "show", LISTED),
    ("blocklist", "due"),
    ("blocklist", "dead"),
    ("blocklist", "status"),
    ("blocklist", "mappings", "list"),
    ("changes", "list"),
    ("changes", "show", "1"),
    ("changes", "show", "1", "--json"),
    ("changes", "diff", "1"),
    ("audit", "list"),
    ("audit", "list", "--json"),
    ("appeals", "list"),
    ("appeals", "show", "1"),
    ("appeals", "notice", "--pattern", LISTED),
    ("cases", "list"),
    ("hits", "tail", "--since", "beginning", "--count", "1"),
    ("check", "call", "--from", LISTED, "--to", CALLEE),
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("hostile")
    with fanzha_up(folder, workers=1, **LEAN) as running:
        running.fanzha("blocklist", "add", LISTED, "--source", "bureau", "--reason", HOSTILE,
                       "--legal-basis", "Order 7", "--by", "li")  # fmt: skip
        listed = folder / "list.csv"
        listed.write_text(f'number,reason\n{IMPORTED},"{HOSTILE}"\n', encoding="utf-8")
        running.fanzha("blocklist", "import", str(listed), "--source", "bureau", "--by", "li")
        running.fanzha("appeals", "open", "--pattern", LISTED, "--name", "Zhang [red]San",
                       "--contact", "z@bank.example", "--grounds", "[/] ours", "--by", "wang",
                       check=False)  # fmt: skip
        eventually(lambda: _is_hit(running))
        yield running


def _is_hit(running: Running) -> bool:
    with channels.blocking(running.interception) as channel:
        stub = interception_pb2_grpc.InterceptionServiceStub(channel)
        request = pb.DecideCallRequest(call=pb.Call(caller=LISTED, callee=CALLEE))
        return bool(stub.DecideCall(request, timeout=30).decision.entry_id)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_commands_print_hostile_text_escaped(service: Running, command: tuple[str, ...]) -> None:
    done = service.fanzha(*command, check=False)

    output = done.stdout + done.stderr
    assert "Traceback" not in output
    # No warning pipeline runs here, so that `cases` reaches no server.
    assert done.returncode in ({3} if command[0] == "cases" else {0, 1}), output
    assert sorted({one for one in output if not one.isprintable() and one not in "\r\n\t"}) == []


def test_markup_is_printed_literally(service: Running) -> None:
    assert "[red]loud[/]" in service.fanzha("blocklist", "find", LISTED).stdout
