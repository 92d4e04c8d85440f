"""Commands take the URL of a store from where other users of the machine cannot see it."""

import logging
from pathlib import Path

import pytest
import typer
from pydantic import ValidationError
from typer.testing import CliRunner, Result

from fanzha.errors import InvalidInput
from infra.redis.client import connect
from services.cli._common.console import fail
from services.cli._common.stores import RedisUrl
from services.cli.audit import commands
from services.settings.settings import Settings
from services.telemetry import logging_setup
from tests.support.audit_logs import a_log

URL = "redis://fanzha:S3cret@127.0.0.1:1/0"
app = typer.Typer()


@app.command()
def show(redis_url: RedisUrl = "") -> None:
    typer.echo(f"url {redis_url}")


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"FANZHA_REDIS_URL": "", **environment})


def test_a_password_among_the_arguments_is_refused_with_a_hint() -> None:
    found = run("--redis-url", URL)

    assert found.exit_code == 2
    assert "S3cret" not in found.output
    assert "FANZHA_REDIS_URL" in found.output
    assert "@FILE" in found.output


def test_a_url_without_a_password_may_be_said() -> None:
    assert run("--redis-url", "redis://127.0.0.1:1/0").stdout == "url redis://127.0.0.1:1/0\n"


def test_the_environment_and_a_file_may_hold_it(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(f"{URL}\n")

    shown = [
        run("--redis-url", "env", FANZHA_REDIS_URL=URL),
        run(FANZHA_REDIS_URL=URL),
        run("--redis-url", f"@{file}"),
    ]

    assert [one.stdout for one in shown] == [f"url {URL}\n"] * 3


@pytest.mark.parametrize("said", ["env", "@no-such-file"])
def test_where_there_is_no_url_is_told(said: str) -> None:
    found = run("--redis-url", said)

    assert (found.exit_code, "Traceback" in found.output) == (2, False)
    assert "error: " in found.output


def test_verify_refuses_it_too(tmp_path: Path) -> None:
    found = CliRunner().invoke(commands.app, ["verify", str(tmp_path), "--store", URL])

    assert found.exit_code == 2
    assert "--store: a password among arguments" in " ".join(found.output.split())
    assert "S3cret" not in found.output


@pytest.mark.parametrize("url", [URL, "redis://:S3/cret@127.0.0.1:1", "http://:S3cret@a.example"])
def test_no_error_tells_the_password(url: str, tmp_path: Path) -> None:
    a_log(tmp_path, [1])
    asked = ["verify", str(tmp_path), "--store", "env"]
    found = CliRunner().invoke(commands.app, asked, env={"FANZHA_REDIS_URL": url})

    assert found.exit_code == 1
    assert "error: " in found.output
    assert "S3" not in found.output


def test_an_error_that_quotes_a_url_hides_its_password(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        fail(f"cannot connect to {URL}: refused")

    assert "cannot connect to redis://***@127.0.0.1:1/0: refused" in capsys.readouterr().err


def test_a_url_that_cannot_be_read_is_not_quoted() -> None:
    with pytest.raises(InvalidInput, match="cannot be read") as caught:
        connect("redis://:S3cret/x@127.0.0.1:1")

    assert caught.value.__suppress_context__
    assert "S3" not in str(caught.value)


def test_no_log_line_tells_the_password(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        logging_setup.configure(form="json")
        logging.getLogger("services.example").warning("no answer from %s", URL)
    finally:
        root.handlers[:], root.level = before
    told = capsys.readouterr().err

    assert "no answer from redis://***@127.0.0.1:1/0" in told


def test_no_wrong_setting_tells_the_password() -> None:
    with pytest.raises(ValidationError, match="cannot be read") as caught:
        Settings(redis_url="redis://:S3cret/x@127.0.0.1:1")

    assert "S3" not in caught.value.errors()[0]["msg"]
