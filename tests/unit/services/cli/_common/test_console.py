import pytest
import typer

from services.cli._common.console import fail


def test_an_error_that_quotes_a_url_hides_its_password(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        fail("cannot connect to redis://fanzha:S3cret@127.0.0.1:1/0: refused")

    assert "cannot connect to redis://***@127.0.0.1:1/0: refused" in capsys.readouterr().err
