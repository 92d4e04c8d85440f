"""Three hosts, their store and their network, put together."""

import shutil
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.fleet import bureau, store_node, warned
from benchmarks.fleet.cluster_store import ClusterStore
from benchmarks.fleet.disk import HostDisk
from benchmarks.fleet.host import ADMINISTRATION, DECISIONS, WARNING, Host
from benchmarks.fleet.isolation import HostNamespace, run
from benchmarks.fleet.network import CLIENTS, NetworkSwitch
from benchmarks.fleet.sentinel_store import SentinelStore
from benchmarks.fleet.store_node import FleetStore, StoreSite
from benchmarks.service import CHECKOUT
from fanzha.client import Login
from services.audit import keys
from services.auth import issuer
from services.auth.identity import Role
from services.auth.issuer import CertificateAndKey
from services.auth.local_authority import AuthorityFolder

HOSTS = {"host-1": "198.51.100.11", "host-2": "198.51.100.12", "host-3": "198.51.100.13"}
WORKERS = 2
"""Of each host."""
_DISKS_MEGABYTES = 2048
_DAYS = 1
STORES: "dict[str, Callable[[Sequence[StoreSite]], FleetStore]]" = {
    "cluster": ClusterStore,
    "sentinel": SentinelStore,
}
_ROLES = {
    bureau.EDITOR: Role.EDITOR,
    bureau.APPROVER: Role.APPROVER,
    bureau.OFFICER: Role.APPEALS_OFFICER,
    bureau.CARRIER: Role.CARRIER,
    bureau.AUDITOR: Role.AUDITOR,
}
_POLICY = """version = "fleet"
about = "Whoever is called by a confirmed fraudster is called by the voice robot at once."
[points]
medium = 30
high = 60

[[line]]
id = "confirmed"
about = "A person confirmed it."
when = { confirmed = true }
at_least = "high"
"""
_STEP = """
[[step]]
tier = "{tier}"
channel = "voice"
within_minutes = 1440
"""
_SECRET = "whsec_Zmxlb3QtdGhhdC1uZXZlci1sZWF2ZXMtdGhpcy1tYWNoaW5l"


@dataclass(frozen=True, slots=True)
class FleetFolder:
    """Files of the fleet that lie on no host's disk."""

    path: Path

    @property
    def logs(self) -> Path:
        """Return the folder of the hosts' logs."""
        return self.path / "logs"

    @property
    def identity(self) -> AuthorityFolder:
        """Return the authority of all servers and tokens."""
        return AuthorityFolder(self.path / "identity")

    def token(self, name: str) -> Path:
        """Return the file with somebody's token."""
        return self.path / f"{name}.token"

    def clock(self, host: str) -> Path:
        """Return the file with how much a host's clock is wrong."""
        return self.path / f"{host}.clock"


class Fleet:
    """All hosts, running until the end of a ``with``."""

    def __init__(self, folder: Path, store: str, code: Path = CHECKOUT) -> None:
        """Prepare hosts that run *code*, and a store of a kind of `STORES`; start nothing."""
        self.folder = FleetFolder(folder)
        self.folder.logs.mkdir()
        self._code = code
        self._stack = ExitStack()
        namespaces = {address: HostNamespace(name) for name, address in HOSTS.items()}
        self.switch = self._stack.enter_context(NetworkSwitch(namespaces))
        self._make_identities()
        disks = folder / "disks"
        disks.mkdir()
        run("mount", "-t", "tmpfs", "-o", f"size={_DISKS_MEGABYTES}m", "tmpfs", str(disks))
        sites = []
        for name, address in HOSTS.items():
            disk = HostDisk(folder / name, disks / f"{name}.img")
            clock = self._clock(name)
            site = StoreSite(namespaces[address], address, disk.folder, self.folder.logs, clock)
            sites.append((name, disk, site))
        self.store = STORES[store]([site for _, _, site in sites])
        self.hosts = [self._host(name, disk, site) for name, disk, site in sites]
        self._make_audit_keys()
        for _, disk, _ in sites:
            disk.synchronise()

    def __enter__(self) -> Self:
        self.store.start()
        for host in self.hosts:
            host.start()
        for host in self.hosts:
            host.wait_ready()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for host in self.hosts:
            host.kill()
        store_node.kill(self.store)
        self._stack.close()

    @property
    def logins(self) -> dict[str, Login]:
        """Return the credentials of the people."""
        ca = str(self.folder.identity.authority)
        return {name: Login(token_file=str(self.folder.token(name)), ca=ca) for name in _ROLES}

    def host_of(self, address: str) -> Host:
        """Return the host at an address."""
        return next(host for host in self.hosts if host.address == address)

    def others(self, *but: Host) -> list[Host]:
        """Return the hosts besides some."""
        return [host for host in self.hosts if host not in but]

    def _host(self, name: str, disk: HostDisk, site: StoreSite) -> Host:
        return Host(
            name=name, address=site.address, network=site.network, disk=disk,
            settings=self._settings(name, site.address), logs=self.folder.logs,
            clock=self._clock(name), code=self._code,
        )  # fmt: skip

    def _settings(self, name: str, address: str) -> Mapping[str, str]:
        identity, path = self.folder.identity, self.folder.path
        return {
            "FANZHA_REDIS_URL": self.store.url.replace("{address}", address),
            "FANZHA_WORKERS": str(WORKERS),
            "FANZHA_LISTEN_HOST": address, "FANZHA_LISTEN_PORT": str(DECISIONS),
            "FANZHA_ADMIN_HOST": address, "FANZHA_ADMIN_PORT": str(ADMINISTRATION),
            "FANZHA_WARNING_HOST": address, "FANZHA_WARNING_PORT": str(WARNING),
            "FANZHA_TLS_CERTIFICATE": str(path / f"{name}.pem"),
            "FANZHA_TLS_KEY": str(path / f"{name}.key"),
            "FANZHA_JWKS_FILE": str(identity.keys),
            "FANZHA_IDENTITIES_FILE": str(identity.roster),
            "FANZHA_TOKEN_ISSUER": "fanzha-local",
            # Each host has an audit log and a key of its own; all trust the keys of all.
            "FANZHA_AUDIT_KEY_FILE": str(path / f"{name}-audit" / "key"),
            "FANZHA_AUDIT_PUBLIC_KEYS_FILE": str(path / "audit-keys.pem"),
            "FANZHA_UNAUDITED_CHANGES": "refuse",
            "FANZHA_METRICS_ENABLED": "false",
            "FANZHA_CONSOLE": "false",
            # No sentence encoder: it would take 250 MB of each worker.
            "FANZHA_CASCADE_SHARE": "0",
            "FANZHA_ACTIVITY_SLOTS": str(2**14),
            "FANZHA_WARNING_POLICY_FILE": str(path / "policy.toml"),
            "FANZHA_WARNING_QUIET_FROM": "00:00", "FANZHA_WARNING_QUIET_UNTIL": "00:00",
            "FANZHA_WARNING_WEBHOOK_URL": f"http://{CLIENTS}:{warned.PORT}/",
            "FANZHA_WARNING_WEBHOOK_SECRETS_FILE": str(path / "webhook.secret"),
            "FANZHA_WARNING_WEBHOOK_NETWORKS": f"{CLIENTS}/32",
        }  # fmt: skip

    def _make_identities(self) -> None:
        path, identity, now = self.folder.path, self.folder.identity, datetime.now(UTC)
        identity.make(list(HOSTS.values()), now=now, days=_DAYS)
        authority = CertificateAndKey.read(identity.authority, identity.private("ca"))
        for name, address in HOSTS.items():
            made = issuer.server(authority, [address], now=now, days=_DAYS)
            made.write(path / f"{name}.pem", path / f"{name}.key")
        for name, role in _ROLES.items():
            token = identity.token(name, [role], regions=[], sources=[], now=now, days=_DAYS)
            issuer.write_private(self.folder.token(name), token.encode())
        issuer.write_private(path / "webhook.secret", _SECRET.encode())
        steps = "".join(_STEP.format(tier=tier) for tier in ("low", "medium", "high"))
        (path / "policy.toml").write_text(_POLICY + steps)

    def _make_audit_keys(self) -> None:
        path = self.folder.path
        public = []
        for name in HOSTS:
            (path / f"{name}-audit").mkdir(mode=0o700)
            public.append(keys.open_key(path / f"{name}-audit" / "key").public_pem)
        (path / "audit-keys.pem").write_text("".join(public))

    def _clock(self, name: str) -> dict[str, str]:
        """Return variables by which a file says how wrong a host's clock is, where that is had."""
        library = fake_time()
        if library is None:
            return {}
        file = self.folder.clock(name)
        file.write_text("+0\n")
        return {
            "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip


def fake_time() -> Path | None:
    """Return the library that puts a process's clock wrong (Debian: libfaketime), if it is here."""
    triplet = sysconfig.get_config_var("MULTIARCH") or ""
    found = Path("/usr/lib", triplet, "faketime", "libfaketimeMT.so.1")
    return found if found.exists() else None


def addresses(hosts: Sequence[Host]) -> frozenset[str]:
    """Return the addresses of hosts."""
    return frozenset(host.address for host in hosts)


def remove(folder: Path) -> None:
    """Remove what a fleet left in its folder."""
    shutil.rmtree(folder, ignore_errors=True)
