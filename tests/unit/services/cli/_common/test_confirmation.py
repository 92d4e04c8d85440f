"""What a question quotes cannot control the terminal at which it is asked."""

import os
import pty
import sys

import pytest
import typer

from services.cli._common import confirmation


def test_a_question_is_asked_without_control_characters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keyboard, terminal = pty.openpty()
    os.write(keyboard, b"n\n")
    with os.fdopen(terminal, encoding="utf-8") as typed, os.fdopen(keyboard, "wb"):
        monkeypatch.setattr(sys, "stdin", typed)
        with pytest.raises(typer.Exit):
            confirmation.agree("Remove \x1b]0;owned\x07\u202egnp?", yes=False)

    done = capsys.readouterr()
    assert "Remove ?]0;owned??gnp?" in done.out + done.err
