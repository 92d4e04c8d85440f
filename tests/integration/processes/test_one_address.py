"""One address is enough: commands find the other servers; `fanzha doctor` reports on all."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import LEAN, Running, eventually, fanzha_up, run


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service on free ports."""
    settings = {name: value for name, value in LEAN.items() if name != "FANZHA_WARNING_ENABLED"}
    with fanzha_up(tmp_path_factory.mktemp("service"), workers=1, **settings) as running:
        yield running


@pytest.mark.parametrize("line", ["blocklist status", "cases list", "check health"])
def test_any_server_tells_where_the_others_are(service: Running, line: str) -> None:
    for address in (service.interception, service.admin):
        done = run("--server", address, *line.split())

        assert done.returncode == 0, done.stderr


def test_an_option_outranks_the_server(service: Running) -> None:
    done = run("--server", service.admin, "blocklist", "status", "--target", "127.0.0.1:1")

    assert done.returncode == 3
    assert "no answer from 127.0.0.1:1" in done.stderr


def test_a_profile_names_the_server(service: Running, tmp_path: Path) -> None:
    user = {"XDG_CONFIG_HOME": str(tmp_path)}
    made = run("profile", "add", "here", "--server", service.interception, **user)
    found = run("blocklist", "status", **user)
    unknown = run("--profile", "nowhere", "blocklist", "status", **user)

    assert made.returncode == found.returncode == 0, found.stderr
    assert unknown.returncode == 1
    assert "there is no profile 'nowhere'" in unknown.stderr


def test_the_doctor_reports_every_part(service: Running) -> None:
    rows: dict[str, dict[str, str]] = {}

    def workers_have_reported() -> bool:
        # They serve a moment before they first report.
        done = run("--server", service.interception, "doctor", "--json")
        rows.update({row["what"]: row for row in json.loads(done.stdout)})
        found = [rows.get(name, {}).get("detail", "") for name in ("workers", "models")]
        return not done.returncode and found[0][:2] == "1 " and found[1][:2] == "4 "

    eventually(workers_have_reported)
    assert all(rows[name]["state"] == "ok" for name in ("decisions", "administration", "warnings"))
    assert rows["identity"]["state"] == "look"
    assert "data_dir" in rows["settings changed"]["detail"]
    assert rows["workers"]["detail"] == "1 workers, 0 behind"
    assert rows["models"]["detail"].startswith("4 models in workers")


def test_the_doctor_looks_where_variables_point(service: Running) -> None:
    done = run("doctor", "--json", FANZHA_ADMIN_TARGET=service.admin)

    rows = {row["what"]: row for row in json.loads(done.stdout)}
    assert done.returncode == 0, done.stdout
    assert rows["decisions"]["detail"].startswith(f"{service.interception}, SERVING")


def test_the_doctor_of_a_service_that_does_not_run_says_so() -> None:
    done = run("--server", "127.0.0.1:1", "doctor")

    assert done.returncode == 3
    assert done.stdout.count("no answer") == 3


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """Make a user whose profile in use names a server that is not there, with a token."""
    user = {"XDG_CONFIG_HOME": str(tmp_path)}
    (tmp_path / "t").write_text("secret")
    token = ("--token-file", str(tmp_path / "t"))
    run("profile", "add", "elsewhere", "--server", "127.0.0.1:2", *token, **user)
    return user


def test_what_is_nearer_counts(service: Running, elsewhere: dict[str, str]) -> None:
    here, lost = ("--server", service.interception), {"FANZHA_ADMIN_TARGET": "127.0.0.1:3"}
    status = ("blocklist", "status")

    by_profile = run(*status, **elsewhere)
    by_variable = run(*status, **elsewhere, **lost)
    by_option = run(*here, *status, **elsewhere, **lost)
    by_named = run("--profile", "elsewhere", *status, **elsewhere, **lost)

    assert "no answer from 127.0.0.1:2" in by_profile.stderr
    assert "no answer from 127.0.0.1:3" in by_variable.stderr
    assert by_option.returncode == 0, by_option.stderr
    assert "no answer from 127.0.0.1:2" in by_named.stderr


def test_a_token_of_a_profile_goes_to_no_other_server(elsewhere: dict[str, str]) -> None:
    # A token for a host that is not this one would be refused without TLS, with a sentence.
    done = run("--server", "203.0.113.1:1", "identity", "show", "--target", "203.0.113.1:1",
               **elsewhere, FANZHA_TOKEN_FILE="")  # fmt: skip

    assert "token is not sent" not in done.stderr


def test_a_language_nobody_speaks_is_passed_over_in_a_variable_only() -> None:
    assert run("version", FANZHA_LANGUAGE="fr").returncode == 0
    assert run("--language", "fr", "version").returncode == 2


def test_json_of_the_doctor_has_the_same_words_in_chinese() -> None:
    done = run("--language", "zh", "--server", "127.0.0.1:1", "doctor", "--json")

    assert [row["what"] for row in json.loads(done.stdout)] == [
        *("decisions", "administration", "warnings")
    ]
