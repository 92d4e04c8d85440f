import pytest
import typer

from infra.csv_cells import SafeWriter
from services.cli._common.console import PlainConsole, fail, file_output


def test_an_error_that_quotes_a_url_hides_its_password(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        fail("cannot connect to redis://fanzha:S3cret@127.0.0.1:1/0: refused")

    assert "cannot connect to redis://***@127.0.0.1:1/0: refused" in capsys.readouterr().err


def test_a_terminal_gets_the_contents_of_a_file_without_control_characters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ["\x1b]0;owned\x07", "\u202egnp", "涉诈"]

    SafeWriter(file_output()).writerow(row)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    SafeWriter(file_output()).writerow(row)

    piped, shown = capsys.readouterr().out.split("涉诈")[:2]
    assert piped == "\x1b]0;owned\x07,\u202egnp,"
    assert shown.strip() == "?]0;owned?,?gnp,"


def test_a_sentence_is_one_line_where_no_terminal_breaks_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    PlainConsole(width=20).print("words " * 10 + "end")

    assert capsys.readouterr().out == "words " * 10 + "end\n"
