"""One address is enough: commands find the other servers; `fanzha doctor` reports on all."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import LEAN, Running, fanzha_up, run


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
    done = run("doctor", "--server", service.interception, "--json")

    rows = {row["what"]: row for row in json.loads(done.stdout)}
    assert done.returncode == 0, done.stdout
    assert all(rows[name]["state"] == "ok" for name in ("decisions", "administration", "warnings"))
    assert rows["identity"]["state"] == "look"
    assert "data_dir" in rows["settings changed"]["detail"]
    assert rows["workers"]["detail"] == "1 workers, 0 behind"


def test_the_doctor_of_a_service_that_does_not_run_says_so() -> None:
    done = run("doctor", "--server", "127.0.0.1:1")

    assert done.returncode == 3
    assert done.stdout.count("no answer") == 3
