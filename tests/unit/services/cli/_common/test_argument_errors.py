"""What the output goes to may be full, or of an encoding that lacks characters."""

import io
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest
import typer

from services.cli._common.argument_errors import as_sentences


def test_a_full_disk_behind_the_output_is_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with (
        Path("/dev/full").open("w") as full,
        redirect_stdout(full),
        pytest.raises(typer.Exit) as ended,
        as_sentences(),
    ):
        sys.stdout.write("one row\n")

    assert ended.value.exit_code == 2
    assert "what was written is not whole: No space left on device" in capsys.readouterr().err


def test_an_output_without_chinese_characters_is_no_wrong_argument(
    capsys: pytest.CaptureFixture[str],
) -> None:
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")

    with redirect_stdout(latin), pytest.raises(typer.Exit) as ended, as_sentences():
        sys.stdout.write("反诈\n")

    assert ended.value.exit_code == 2
    assert "the output is latin-1, which has no" in capsys.readouterr().err
