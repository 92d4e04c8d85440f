"""The store as one primary, five replicas, and a Sentinel on each host.

With a password. A write counts once the primary and two replicas have it on disk: as a host has two
nodes, at least one of the three is on another host, and a Sentinel promotes the replica that is
furthest ahead.
"""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

import redis

from benchmarks.fleet.store_node import (
    DURABLE,
    PAUSE_SECONDS,
    PORTS,
    START_SECONDS,
    StoreNode,
    StoreSite,
    silent,
)

NAME = "lists"
SENTINEL_PORT = 26379
WAIT_REPLICAS = 2
_DOWN_MS = 2000
_FAILOVER_MS = 6000

_NODE = """min-replicas-to-write 1
min-replicas-max-lag 3
replica-announce-ip {address}
replica-announce-port {port}
"""
_SENTINEL = """sentinel announce-ip {address}
sentinel monitor {name} {primary} {port} 2
sentinel auth-pass {name} {password}
sentinel down-after-milliseconds {name} {down}
sentinel failover-timeout {name} {failover}
sentinel parallel-syncs {name} 5
"""


class SentinelStore:
    """All nodes and Sentinels."""

    kind = "sentinel"

    def __init__(self, sites: Sequence[StoreSite]) -> None:
        """Prepare them; the first node of the first site is the first primary."""
        self.password = secrets.token_hex(16)
        primary = sites[0].address
        self.nodes = list(self._nodes(sites, primary))
        watch = _SENTINEL.format(
            address="{address}", name=NAME, primary=primary, port=PORTS[0], password=self.password,
            down=_DOWN_MS, failover=_FAILOVER_MS,
        )  # fmt: skip
        self.sentinels = [
            StoreNode(site, SENTINEL_PORT, watch.format(address=site.address)) for site in sites
        ]

    def _nodes(self, sites: Sequence[StoreSite], primary: str) -> Iterator[StoreNode]:
        for site in sites:
            for port in PORTS:
                lines = (DURABLE + _NODE).format(
                    password=self.password, address=site.address, port=port
                )
                if (site.address, port) != (primary, PORTS[0]):
                    lines += f"replicaof {primary} {PORTS[0]}\n"
                yield StoreNode(site, port, lines, password=self.password)

    @property
    def url(self) -> str:
        """Return the address of the store as the settings of a host name it."""
        hosts = ",".join(one.name for one in self.sentinels)
        return f"redis+sentinel://:{self.password}@{hosts}/{NAME}?wait_replicas={WAIT_REPLICAS}"

    def start(self) -> None:
        """Start all, and wait until they have found each other."""
        for one in self.everything():
            one.start()
        self._until_whole()

    def everything(self) -> list[StoreNode]:
        """Return nodes and Sentinels."""
        return [*self.nodes, *self.sentinels]

    def primary(self) -> StoreNode:
        """Return the node that most Sentinels call the primary."""
        votes: dict[str, int] = {}
        for sentinel in self.sentinels:
            with suppress(redis.RedisError, OSError, TypeError, ValueError):
                host, port = sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)
                votes[f"{host}:{port}"] = votes.get(f"{host}:{port}", 0) + 1
        if not votes:
            raise RuntimeError("no Sentinel answers")
        chosen = max(votes, key=lambda one: votes[one])
        return next(one for one in self.nodes if one.name == chosen)

    def missing(self) -> str:
        """Say what keeps it from having one primary that all others follow; empty: nothing."""
        states = {one.name: one.replication() for one in self.nodes}
        if not all(states.values()):
            return silent(self.nodes)
        primaries = [name for name, state in states.items() if state["role"] == "master"]
        if len(primaries) != 1:
            return f"{len(primaries)} primaries"
        apart = [
            name
            for name, state in states.items()
            if name not in primaries and state.get("master_link_status") != "up"
        ]
        if apart or states[primaries[0]]["connected_slaves"] != len(self.nodes) - 1:
            return f"not following: {', '.join(apart) or 'some node'}"
        return self._disagreement(primaries[0])

    def _disagreement(self, primary: str) -> str:
        """Say which Sentinel takes another for the primary, or misses somebody."""
        for sentinel in self.sentinels:
            try:
                known = sentinel.ask("SENTINEL", "MASTER", NAME)
            except (redis.RedisError, OSError):
                return f"no answer from the Sentinel {sentinel.name}"
            if f"{known['ip']}:{known['port']}" != primary:
                return f"the Sentinel {sentinel.name} has another primary"
            down = {"s_down", "o_down"} & set(str(known["flags"]).split(","))
            others = int(known["num-other-sentinels"])
            if down or others != len(self.sentinels) - 1:
                return f"the Sentinel {sentinel.name} knows {others} others, {' '.join(down)}"
        return ""

    def _until_whole(self) -> None:
        until = time.monotonic() + START_SECONDS
        while missing := self.missing():
            if time.monotonic() > until:
                raise RuntimeError(f"the store did not start: {missing}")
            time.sleep(PAUSE_SECONDS)
