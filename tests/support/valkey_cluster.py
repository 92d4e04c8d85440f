"""A Valkey cluster of three primaries and three replicas: real processes on loopback.

Its nodes need no introduction: each begins with a ``nodes.conf`` that knows them all, as after a
restart, so that the cluster is whole within a second.
"""

import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from redis.crc import key_slot

from services.processes.embedded_valkey import server_binary
from tests.support.processes import PATIENCE_SECONDS, eventually
from tests.support.reserved_ports import reserved_port

PRIMARIES = 3
SLOTS = 16384
NODE_TIMEOUT_MS = 3000
"""After this a node counts as down."""


@dataclass(slots=True)
class ClusterNode:
    """One server of a cluster."""

    number: int
    port: int
    bus_port: int
    folder: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """Its id in the cluster."""
        return f"{self.number:040x}"

    def start(self) -> None:
        """Run the server in its folder."""
        self.process = subprocess.Popen(
            [str(server_binary()), "server.conf"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
        )

    def kill(self) -> None:
        """End the server as a crash does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(PATIENCE_SECONDS)

    def ask(self, *command: object) -> Any:
        """Return the answer of this server to a command."""
        with redis.Redis(port=self.port, socket_timeout=30, decode_responses=True) as client:
            return client.execute_command(*command)

    def is_whole(self) -> bool:
        """Return whether it finds all slots served, and is linked with its replica or primary."""
        if self.ask("CLUSTER INFO")["cluster_state"] != "ok":
            return False
        linked = self.ask("INFO", "replication")
        if linked["role"] == "master":
            # A replica counts once it follows; before, a write waits in vain for it.
            return bool(linked.get("slave0", {}).get("state") == "online")
        return bool(linked["master_link_status"] == "up")


@dataclass(frozen=True, slots=True)
class ValkeyCluster:
    """A running cluster."""

    nodes: Sequence[ClusterNode]

    @property
    def url(self) -> str:
        """Where a client that names one node finds all; a write counts once a replica has it."""
        return f"redis+cluster://127.0.0.1:{self.nodes[0].port}?wait_replicas=1&wait_for=memory"

    def whole(self) -> bool:
        """Return whether all nodes are, so that any primary may fail."""
        try:
            return all(node.is_whole() for node in self.nodes)
        except redis.RedisError:
            return False

    def primary_of(self, key: str) -> ClusterNode:
        """Return the node that serves a key, as the first that answers knows it."""
        slot = key_slot(key.encode())
        for node in self.nodes:
            try:
                ranges = node.ask("CLUSTER SLOTS")
            except redis.RedisError:
                continue
            for first, last, (_host, port, *_), *_replicas in ranges:
                if first <= slot <= last:
                    return next(one for one in self.nodes if one.port == port)
        raise AssertionError(f"nobody serves slot {slot}")

    def primaries(self) -> list[ClusterNode]:
        """Return the nodes that serve slots."""
        return [node for node in self.nodes if node.ask("ROLE")[0] == "master"]

    def flush(self) -> None:
        """Delete all keys."""
        for node in self.primaries():
            node.ask("FLUSHALL")

    def move_slot(self, key: str, to: ClusterNode, between: Callable[[], None]) -> None:
        """Move the slot of a key to another primary; call *between* after each key that went.

        Meanwhile the old primary answers ASK for what went, and TRYAGAIN to commands over both;
        afterwards MOVED.
        """
        slot, source = key_slot(key.encode()), self.primary_of(key)
        to.ask("CLUSTER SETSLOT", slot, "IMPORTING", source.name)
        source.ask("CLUSTER SETSLOT", slot, "MIGRATING", to.name)
        while keys := source.ask("CLUSTER GETKEYSINSLOT", slot, 1):
            source.ask("MIGRATE", "127.0.0.1", to.port, keys[0], 0, 30_000)
            between()
        for node in (to, source):
            node.ask("CLUSTER SETSLOT", slot, "NODE", to.name)


@contextmanager
def valkey_cluster(folder: Path, *lines: str) -> Iterator[ValkeyCluster]:
    """Run a cluster, whose servers also have *lines* in their configuration, until it is left."""
    nodes = [
        ClusterNode(number, reserved_port(), reserved_port(), folder / f"node-{number}")
        for number in range(1, 2 * PRIMARIES + 1)
    ]
    cluster = ValkeyCluster(nodes)
    with ExitStack() as running:
        for node in nodes:
            node.folder.mkdir(parents=True)
            (node.folder / "server.conf").write_text(_configuration(node, lines))
            (node.folder / "nodes.conf").write_text(_known_nodes(node, nodes))
            running.callback(node.kill)
            node.start()
        eventually(cluster.whole)
        yield cluster


def _configuration(node: ClusterNode, lines: Sequence[str]) -> str:
    return "\n".join(
        (
            f"port {node.port}\ncluster-port {node.bus_port}\nbind 127.0.0.1\nprotected-mode no",
            "dir ./\nlogfile server.log\ncluster-enabled yes\ncluster-config-file nodes.conf",
            f"cluster-node-timeout {NODE_TIMEOUT_MS}\ncluster-replica-validity-factor 0",
            "repl-diskless-sync-delay 0\nrepl-ping-replica-period 1",
            'appendonly yes\nappendfsync everysec\nsave ""',
            *lines,
            "",
        )
    )


def _known_nodes(own: ClusterNode, nodes: Sequence[ClusterNode]) -> str:
    lines = []
    for node in nodes:
        group = (node.number - 1) % PRIMARIES
        first, last = SLOTS * group // PRIMARIES, SLOTS * (group + 1) // PRIMARIES - 1
        myself = "myself," if node is own else ""
        role = (
            f"{myself}master - 0 0 {node.number} connected {first}-{last}"
            if node.number <= PRIMARIES
            else f"{myself}slave {nodes[group].name} 0 0 {group + 1} connected"
        )
        lines.append(f"{node.name} 127.0.0.1:{node.port}@{node.bus_port} {role}")
    return "\n".join((*lines, f"vars currentEpoch {PRIMARIES} lastVoteEpoch 0", ""))
