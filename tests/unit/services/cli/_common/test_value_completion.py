"""A shell completes words of options without a server, and ids of one that answers."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from blocklists.exporters.writer import FORMS
from fanzha.v1 import decision_log_pb2 as pb
from services.__main__ import app
from services.cli._common.value_completion import OPTIONS
from services.cli.report.options import BY

COMPLETE = f"_{'fanzha'.upper()}_COMPLETE"
"""How typer is told to complete."""
LIBRARIES = ("numpy", "grpc", "google.protobuf", "redis", "onnxruntime", "pyarrow", "asyncio")
"""What commands work with, and their declarations do not."""


def completed(line: str, **environment: str) -> list[str]:
    """Return what bash would offer for the last word of *line*."""
    words = line.split(" ")
    variables = {
        COMPLETE: "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = CliRunner().invoke(app, [], env=variables | environment, prog_name="fanzha")
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("fanzha blocklist add x --fraud-type fake_l", "fake_loan"),
        ("fanzha blocklist add x --source min", "ministry"),
        ("fanzha blocklist import x --format dns", "dnsmasq"),
        ("fanzha blocklist export --format rp", "rpz"),
        ("fanzha check call --ingress inte", "interconnect"),
        ("fanzha changes list --state pen", "pending"),
        ("fanzha decisions find --channel te", "text"),
        ("fanzha decisions stats --group-by ho", "hour"),
        ("fanzha eval li", "link"),
        ("fanzha incidents clusters --kind sa", "same_handset"),
        ("fanzha models activate ve", "velocity"),
        ("fanzha train ca", "call"),
        ("fanzha warnings examples export x.csv --for te", "text"),
        ("fanzha bl", "blocklist"),
    ],
)
def test_a_word_is_completed(line: str, word: str) -> None:
    assert word in completed(line)


def test_other_words_are_not_offered() -> None:
    assert completed("fanzha blocklist add x --source min") == ["ministry"]


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_has_words_that_are_found_without_a_server(name: str) -> None:
    words = list(OPTIONS[name]())

    assert words
    assert all(word == word.strip() != "" for word in words)


def test_the_groups_of_figures_are_those_of_the_server() -> None:
    names = pb.DecisionGrouping.DESCRIPTOR.values_by_name
    groups = {name.removeprefix("DECISION_GROUPING_").lower() for name in names}

    assert set(OPTIONS["decisions stats --group-by"]()) == groups - {"unspecified"}
    assert set(OPTIONS["report warnings --group-by"]()) == set(BY)


def test_the_formats_that_are_written_are_those_of_the_writer() -> None:
    assert set(OPTIONS["blocklist export --format"]()) == set(FORMS)


def test_completion_of_words_imports_no_library_of_servers() -> None:
    program = (
        "import sys\n"
        "from services.__main__ import app\n"
        "try: app(prog_name='fanzha')\n"
        "except SystemExit: pass\n"
        f"print(set({LIBRARIES!r}) & set(sys.modules))\n"
    )
    line = "fanzha blocklist export --format rp"
    variables = {COMPLETE: "complete_bash", "COMP_WORDS": line, "COMP_CWORD": "4"}

    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, env=os.environ | variables, capture_output=True, text=True, check=False
    )

    assert done.stdout.split("\n")[:2] == ["rpz", "set()"], done.stderr


def test_a_server_that_does_not_answer_offers_no_ids() -> None:
    assert completed("fanzha changes show ", FANZHA_ADMIN_TARGET="127.0.0.1:1") == []


def test_names_of_commands_are_completed_without_loading_them() -> None:
    program = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from services.__main__ import app\n"
        "CliRunner().invoke(app, [], prog_name='fanzha')\n"
        "print({'numpy', 'services.cli.lists.commands'} & set(sys.modules))\n"
    )
    variables = {
        COMPLETE: "complete_bash",
        "COMP_WORDS": "fanzha ",
        "COMP_CWORD": "1",
    }
    command = [sys.executable, "-c", program]

    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | variables
    )

    assert done.stdout.splitlines() == ["set()"], done.stderr
