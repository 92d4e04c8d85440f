"""A test that needs a server of somebody else never passes without it."""

from pathlib import Path

import pytest

from tests.support.checkout import CHECKOUT
from tests.support.external_servers import needed_message_centre, program


def test_where_a_program_is_missing_its_test_is_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="apt install no-such-package"):
        program("no-such-program", package="no-such-package")


def test_in_ci_a_missing_program_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed"):
        program("no-such-program", package="no-such-package")


async def test_in_ci_a_missing_message_centre_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(pytest.fail.Exception, match="apt install nodejs npm"):
        async with needed_message_centre():
            pass


def test_no_test_skips_itself_for_a_missing_program() -> None:
    skips = ("pytest.skip" + "(", "skipif" + "(shutil.which")
    found = {
        str(file.relative_to(CHECKOUT))
        for file in (CHECKOUT / "tests").rglob("*.py")
        if any(skip in file.read_text() for skip in skips)
    }

    assert found == {"tests/support/external_servers.py"}
