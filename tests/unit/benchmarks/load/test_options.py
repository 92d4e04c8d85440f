"""Wrong options end the command with a sentence and status 2, before anything is started."""

from argparse import ArgumentTypeError

import pytest
import typer

from benchmarks.load import options


def ended(capsys: pytest.CaptureFixture[str], status: int) -> str:
    output = capsys.readouterr().err
    assert status == 2
    return output


@pytest.mark.parametrize(
    "target", ["10.0.0.1:7361", "gateway.example:7361", "[2001:db8::1]:7361", "0.0.0.0:7361"]
)
def test_load_is_sent_to_this_machine_only(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as exit_:
        options.check_target(target)

    assert "load goes to this machine only" in ended(capsys, exit_.value.exit_code)


@pytest.mark.parametrize("target", ["127.0.0.1:7361", "127.8.9.1:1", "localhost:7361", "[::1]:80"])
def test_a_server_of_this_machine_may_be_measured(target: str) -> None:
    options.check_target(target)


@pytest.mark.parametrize("target", ["nonsense", "127.0.0.1", "127.0.0.1:http", ":7361"])
def test_an_invalid_target_error_shows_the_expected_form(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as exit_:
        options.check_target(target)

    assert "looks like 127.0.0.1:7361" in ended(capsys, exit_.value.exit_code)


def test_an_error_of_a_measured_command_is_printed_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with (
        pytest.raises(typer.Exit) as exit_,
        options.server(target="127.0.0.1:1", server_pid=0, workers=1, listed=0, cores=""),
    ):
        options.wrong("rows: too many")

    assert ended(capsys, exit_.value.exit_code) == "error: rows: too many\n"


@pytest.mark.parametrize("text", ["0", "4097", "-1", "many"])
def test_a_whole_number_out_of_range_is_refused(text: str) -> None:
    with pytest.raises((ValueError, ArgumentTypeError)):
        options.whole(1, 4096)(text)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "fast"])
def test_a_number_below_the_least_is_refused(text: str) -> None:
    with pytest.raises((ValueError, ArgumentTypeError)):
        options.at_least(0.1)(text)
