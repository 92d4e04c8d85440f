"""What `fanzha check` prints of a decision."""

import pytest
from typer.testing import CliRunner

from fanzha.v1 import decision_pb2
from services.cli.check.commands import app, as_words


def test_a_block_by_an_entry_shows_source_and_legal_basis() -> None:
    decision = decision_pb2.Decision(
        action=decision_pb2.ACTION_BLOCK,
        reason=decision_pb2.REASON_BLOCKLISTED,
        entry_id="e1",
        pattern="+86170*",
        source=decision_pb2.SOURCE_PROVINCE,
        legal_basis="Art. 32",
    )

    shown = as_words(decision)

    assert (shown["source"], shown["legal_basis"]) == ("province", "Art. 32")


def test_a_decision_without_an_entry_shows_neither() -> None:
    shown = as_words(decision_pb2.Decision(reason=decision_pb2.REASON_SCORED))

    assert not {"source", "legal_basis"} & shown.keys()


def test_what_was_not_read_is_shown() -> None:
    shown = as_words(decision_pb2.Decision(truncated=True, read_bytes=512))

    assert (shown["truncated"], shown["read_bytes"]) == (True, 512)
    assert "truncated" not in as_words(decision_pb2.Decision())


@pytest.mark.parametrize("text", ["not a url", "foo", "", "http://", "mailto:a@b.example", "tel:1"])
def test_what_names_no_host_ends_with_a_sentence(text: str) -> None:
    done = CliRunner().invoke(app, ["url", text, "--target", "127.0.0.1:9"])

    assert done.exit_code == 2
    assert "neither a URL nor a host name" in done.stderr


@pytest.mark.parametrize(
    "text", ["a.example", "localhost", "192.0.2.1", "http://intranet/", "http%3A%2F%2Fa.example"]
)
def test_what_names_a_host_is_asked_about(text: str) -> None:
    done = CliRunner().invoke(app, ["url", text, "--target", "127.0.0.1:9", "--timeout", "0.1"])

    assert "neither a URL" not in done.stderr
