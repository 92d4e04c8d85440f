"""Real roles on a real service: made, tried, refused, and told, by the commands a person uses."""

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from fanzha.client import Login, channels
from fanzha.v1 import change_pb2, change_pb2_grpc
from services.auth.identity import Role
from services.auth.local_authority import FIRST_CLIENT, AuthorityFolder
from tests.support.identities import now
from tests.support.processes import LEAN, Running, eventually, fanzha_up, run

LISTED = "+8617000000123"
ADD = ("blocklist", "add", LISTED, "--reason", "test", "--source")


@dataclass(frozen=True)
class Site:
    """A service that authenticates callers, and the folder of its identities."""

    service: Running
    folder: AuthorityFolder

    def as_(
        self,
        *roles: str,
        name: str = "wang",
        regions: tuple[str, ...] = (),
        sources: tuple[str, ...] = (),
    ) -> dict[str, str]:
        """Return the variables of somebody with *roles*, *sources* and *regions*."""
        token = self.folder.token(
            name,
            [Role(role) for role in roles],
            regions=regions,
            sources=sources,
            now=now(),
            days=1,
        )
        return {"FANZHA_TOKEN": token, "FANZHA_TLS_CA": str(self.folder.authority)}

    def gateway(self, host: str = FIRST_CLIENT) -> dict[str, str]:
        """Return the variables of a machine with a certificate."""
        certificate, key = self.folder.client(host)
        return {
            "FANZHA_TLS_CA": str(self.folder.authority),
            "FANZHA_TLS_CLIENT_CERTIFICATE": str(certificate),
            "FANZHA_TLS_CLIENT_KEY": str(key),
        }

    def approve(self, who: dict[str, str], change: str) -> None:
        """Approve a change to the lists as *who*."""
        with channels.blocking(self.service.admin, Login.from_environment(who)) as channel:
            stub = change_pb2_grpc.ChangeServiceStub(channel)
            stub.ApproveChange(change_pb2.ApproveChangeRequest(id=int(change)), timeout=60)

    def run(self, who: dict[str, str], *arguments: str) -> "tuple[int, str]":
        done = run(
            *arguments,
            FANZHA_TARGET=self.service.interception,
            FANZHA_ADMIN_TARGET=self.service.admin,
            **who,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    base = Path(tmp_path_factory.mktemp("site"))
    folder = AuthorityFolder(base / "identity")
    made = run("identity", "init", str(folder.path))
    assert made.returncode == 0, made.stderr
    data = base / "data"
    data.mkdir()
    # Machines show certificates where decisions are made; people have tokens.
    certificates = {
        "FANZHA_TLS_CLIENT_CA": str(folder.authority),
        "FANZHA_TLS_CLIENT_PORTS": "decisions",
    }
    settings = {"FANZHA_CONFIG": str(folder.settings)} | certificates | LEAN
    with fanzha_up(data, workers=1, **settings) as service:
        yield Site(service, folder)


def test_private_keys_are_readable_by_their_owner_only(site: Site) -> None:
    keys = [*site.folder.path.glob("private/*.key"), *site.folder.path.glob("clients/*.key")]

    assert {path.stem for path in keys} >= {"ca", "server", "token"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in keys)


def test_existing_files_are_not_overwritten(site: Site) -> None:
    done = run("identity", "init", str(site.folder.path))

    assert done.returncode == 2
    assert "is there already" in done.stderr


def test_show_prints_the_identity_of_the_caller(site: Site) -> None:
    made = run(
        "identity", "token", "--dir", str(site.folder.path), "--name", "wang", "--role", "editor",
        "--region", "33", "--source", "bureau",
    )  # fmt: skip
    who = site.as_("editor") | {"FANZHA_TOKEN": made.stdout}

    status, output = site.run(who, "identity", "show", "--json")

    shown = json.loads(output)
    assert status == 0
    assert (shown["name"], shown["roles"], shown["regions"]) == ("wang", ["editor"], ["33"])
    assert (shown["sources"], shown["credential"]) == (["bureau"], "token")


def test_an_editor_changes_the_lists_and_a_carrier_gets_decisions(site: Site) -> None:
    editor, approver = site.as_("editor"), site.as_("approver", name="li")
    _, output = site.run(editor, *ADD, "bureau", "--by", "somebody else", "--json")
    change = json.loads(output)
    # Without a decision log of a day the impact is not known, so a second person is needed.
    assert change["change_state"] == "pending", change
    with pytest.raises(grpc.RpcError) as own:
        site.approve(editor, change["change_id"])
    assert own.value.code() is grpc.StatusCode.PERMISSION_DENIED
    site.approve(approver, change["change_id"])

    def blocked() -> bool:
        _, output = site.run(
            site.gateway(), "check", "call", "--from", LISTED, "--to", "+8619900000001", "--json"
        )
        return bool(json.loads(output)["action"] == "block")

    eventually(blocked)
    _, found = site.run(site.as_("auditor"), "blocklist", "find", LISTED, "--json")
    [entry] = json.loads(found)["entries"]
    assert entry["created_by"] == "wang"


@pytest.mark.parametrize("role", ["carrier", "approver", "auditor", "appeals_officer", "operator"])
def test_only_an_editor_changes_the_lists(site: Site, role: str) -> None:
    status, output = site.run(site.as_(role), *ADD, "bureau")

    assert status == 4
    assert "does not allow it: BlocklistService/UpdateEntries takes the role editor" in output


def test_an_editor_held_to_sources_adds_entries_of_no_other(site: Site) -> None:
    held = site.as_("editor", sources=("carrier",))

    status, output = site.run(held, *ADD, "ministry")

    assert status == 4
    assert "wang has the scope carrier, not ministry" in " ".join(output.split())


def test_a_command_without_credentials_says_to_send_a_token(site: Site) -> None:
    unknown = {"FANZHA_TLS_CA": str(site.folder.authority)}

    status, output = site.run(unknown, "blocklist", "status")

    assert status == 4
    assert "cannot authenticate you: no credentials: send a token" in " ".join(output.split())


def test_replay_and_health_present_the_client_certificate(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "links.csv"
    file.write_text("url\nhttp://shop.example/\n")

    health = site.run(site.gateway(), "check", "health")
    status, output = site.run(site.gateway(), "replay", "url", str(file), "--json")

    assert health == (0, "SERVING\n")
    assert (status, json.loads(output)["rows"]) == (0, 1)


def test_who_is_no_carrier_checks_without_recording(site: Site) -> None:
    def statuses(role: str) -> list[int]:
        who, check = site.gateway() | site.as_(role), ("check", "url", "shop.example")
        return [site.run(who, *check)[0], site.run(who, *check, "--live")[0]]

    found = {
        role: statuses(role) for role in ("carrier", "editor", "auditor", "dispatcher", "source")
    }

    assert found == {
        "carrier": [0, 0],
        "editor": [0, 4],
        "auditor": [0, 4],
        "dispatcher": [4, 4],
        "source": [4, 4],
    }


def test_a_plaintext_connection_error_suggests_tls(site: Site) -> None:
    status, output = site.run({}, "blocklist", "status")

    assert status == 3
    assert "it may require TLS" in " ".join(output.split())


def test_a_host_without_a_certificate_does_not_connect(site: Site) -> None:
    status, output = site.run(site.as_("carrier"), "check", "url", "shop.example")

    assert status == 3
    assert "no answer from" in output


def test_a_new_certificate_is_accepted_once_the_identities_file_names_it(site: Site) -> None:
    made = run(
        "identity", "certificate", "gateway-2.carrier.example", "--role", "carrier",
        "--dir", str(site.folder.path),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    who = site.gateway("gateway-2.carrier.example")

    eventually(lambda: site.run(who, "check", "url", "shop.example")[0] == 0)


def test_lists_are_imported_and_exported(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "numbers.txt"
    file.write_text("+8617000000201\n+8617000000202\n")

    imported, _ = site.run(
        site.as_("editor"), "blocklist", "import", str(file), "--source", "bureau",
        "--dry-run", "--json",
    )  # fmt: skip
    exported, output = site.run(site.as_("auditor"), "blocklist", "export")
    refused, why = site.run(site.as_("operator"), "blocklist", "export")

    assert (imported, exported, refused) == (0, 0, 4)
    assert "entries written" in output
    assert "BlocklistService/ExportEntries takes the role" in why


def test_options_and_environment_variables_are_equivalent(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "token"
    made = run(
        "identity", "token", "--dir", str(site.folder.path), "--name", "li", "--role", "operator",
        "--out", str(file),
    )  # fmt: skip
    assert made.returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    done = run(
        "--token-file", str(file), "--tls-ca", str(site.folder.authority),
        "identity", "show", "--target", site.service.admin,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "operator" in done.stdout


def test_a_token_is_not_sent_in_plaintext_to_another_host() -> None:
    done = run("identity", "show", "--target", "fanzha.example:7362", FANZHA_TOKEN="secret")

    assert done.returncode == 2
    assert "the token is not sent" in done.stderr
    assert "secret" not in done.stderr


def test_refusals_of_every_process_are_in_the_audit_log(site: Site) -> None:
    unknown = {"FANZHA_TLS_CA": str(site.folder.authority)}
    site.run(unknown, "blocklist", "status")
    site.run(site.as_("carrier"), "blocklist", "status")
    site.run(site.gateway() | site.as_("operator"), "check", "url", "shop.example", "--live")
    auditor = site.as_("auditor")

    def subjects(kind: str) -> set[str]:
        status, output = site.run(auditor, "audit", "list", "--kind", kind, "--json")
        return set() if status else {record["subject"] for record in json.loads(output)}

    lists, link = "method:BlocklistService/GetStatus", "method:InterceptionService/DecideLink"
    eventually(lambda: lists in subjects("login_failed"))
    eventually(lambda: {lists, link} <= subjects("refused"))
    assert 'fanzha_rpc_errors_total{code="permission_denied"}' in site.service.metrics_page()


def test_a_development_service_warns_that_authentication_is_off(tmp_path: Path) -> None:
    with fanzha_up(tmp_path, workers=1, **LEAN) as service:
        shown = service.fanzha("identity", "show")

    assert "developer" in shown.stdout
    assert "does not authenticate callers" in shown.stderr
    output = (tmp_path / "up.log").read_text().splitlines()
    assert any(line.split()[:2] == ["identity", "authentication"] for line in output)


@pytest.mark.parametrize("name", ["up", "admin"])
def test_list_administration_is_not_served_outside_without_tls(name: str, tmp_path: Path) -> None:
    done = run(
        name, FANZHA_DATA_DIR=str(tmp_path), FANZHA_ADMIN_HOST="0.0.0.0",
        FANZHA_REDIS_URL="redis://127.0.0.1:1",
    )  # fmt: skip

    assert done.returncode == 2
    assert "TLS is off" in " ".join(done.stderr.split())
