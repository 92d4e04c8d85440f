"""The store as a cluster: three primaries, each with a replica on the next host.

With a password. A write counts once the primary and its replica have it on disk. Each node begins
with a ``nodes.conf`` that knows all, as after a restart.
"""

import secrets
import time
from collections.abc import Sequence

import redis
from redis.crc import key_slot

from benchmarks.fleet.store_node import (
    DURABLE,
    PAUSE_SECONDS,
    PORTS,
    START_SECONDS,
    StoreNode,
    StoreSite,
    silent,
)
from blocklists.store.store import HEAD

WAIT_REPLICAS = 1
_SLOTS = 16384
_BUS = 10_000
"""Added to the port of a node: its port for other nodes."""
_TIMEOUT_MS = 2000
_NODE = """cluster-enabled yes
cluster-config-file nodes.conf
cluster-node-timeout {timeout}
cluster-announce-ip {address}
cluster-require-full-coverage no
cluster-allow-replica-migration no
"""


class ClusterStore:
    """All nodes."""

    kind = "cluster"

    def __init__(self, sites: Sequence[StoreSite]) -> None:
        """Prepare the nodes; at first, the one at the lower port of each host is a primary."""
        self.password = secrets.token_hex(16)
        self._hosts = len(sites)
        self.nodes = [
            StoreNode(
                site,
                port,
                (DURABLE + _NODE).format(
                    password=self.password, address=site.address, timeout=_TIMEOUT_MS
                ),
                password=self.password,
            )
            for port in PORTS
            for site in sites
        ]
        for place, node in enumerate(self.nodes):
            (node.folder / "nodes.conf").write_text(self._known_to(place))

    @property
    def url(self) -> str:
        """Return the address of the store as the settings of a host name it."""
        # One address, of the host itself, is enough: a node knows all others. A client that starts
        # while this node is away finds none.
        return (
            f"redis+cluster://:{self.password}@{{address}}:{PORTS[0]}?wait_replicas={WAIT_REPLICAS}"
        )

    def start(self) -> None:
        """Start all, and wait until each is linked with its replica or primary."""
        for node in self.nodes:
            node.start()
        until = time.monotonic() + START_SECONDS
        while missing := self.missing():
            if time.monotonic() > until:
                raise RuntimeError(f"the store did not start: {missing}")
            time.sleep(PAUSE_SECONDS)

    def everything(self) -> Sequence[StoreNode]:
        """Return all nodes."""
        return self.nodes

    def primary(self) -> StoreNode:
        """Return the primary of the lists, as most nodes know it."""
        slot, votes = key_slot(HEAD.encode()), dict[str, int]()
        for node in self.nodes:
            name = _owner(node, slot)
            if name:
                votes[name] = votes.get(name, 0) + 1
        if not votes:
            raise RuntimeError("no node answers")
        chosen = max(votes, key=lambda one: votes[one])
        return next(one for one in self.nodes if one.name == chosen)

    def missing(self) -> str:
        """Say which node has no replica, or follows none; empty: each primary may be lost."""
        if ended := silent(self.nodes):
            return ended
        states = {node: node.replication() for node in self.nodes}
        for node, state in states.items():
            if state.get("role") != "master" and state.get("master_link_status") != "up":
                return f"{node.name} is not linked with its primary"
        for node, state in states.items():
            if state["role"] == "master" and state.get("connected_slaves") != 1:
                return f"the primary {node.name} has {state.get('connected_slaves')} replicas"
            try:
                if node.ask("CLUSTER INFO")["cluster_state"] != "ok":
                    return f"{node.name} misses slots"
            except (redis.RedisError, OSError):
                return f"no answer from {node.name}"
        return ""

    def _known_to(self, own: int) -> str:
        """Return the nodes as the one at place *own* knows them."""
        lines = []
        for place, node in enumerate(self.nodes):
            shard = (place if place < self._hosts else place + self._hosts - 1) % self._hosts
            first, last = _SLOTS * shard // self._hosts, _SLOTS * (shard + 1) // self._hosts - 1
            myself = "myself," if place == own else ""
            address = f"{_name(place)} {node.name}@{node.port + _BUS}"
            if place < self._hosts:
                lines.append(f"{address} {myself}master - 0 0 {shard + 1} connected {first}-{last}")
            else:
                lines.append(f"{address} {myself}slave {_name(shard)} 0 0 {shard + 1} connected")
        return "\n".join((*lines, f"vars currentEpoch {self._hosts} lastVoteEpoch 0", ""))


def _name(place: int) -> str:
    return f"{place + 1:040x}"


def _owner(node: StoreNode, slot: int) -> str:
    """Return who has a slot, as a node knows it; empty where it does not answer."""
    try:
        ranges = node.ask("CLUSTER SLOTS")
    except (redis.RedisError, OSError):
        return ""
    for first, last, (host, port, *_), *_replicas in ranges:
        if first <= slot <= last:
            return f"{host}:{port}"
    return ""
