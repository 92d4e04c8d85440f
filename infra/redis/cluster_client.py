"""A client of a cluster that follows slots while they move, and primaries that fail.

It replaces what redis-py does on four points, each found by moving slots under traffic:

- ASKING and the command that it is for go in one piece on one connection. redis-py sends them one
  after the other, each on whatever connection is free, so that with two or more connections the
  command is redirected back, over and over.
- A node that answers CLUSTERDOWN, or a connection that broke, costs the connections of that node,
  not those of all nodes, on which other tasks wait.
- A map of the cluster that lacks a slot, as one may that was read while a primary failed, is read
  anew. In redis-py it is a `KeyError`.
- What a pipeline writes, and the wait for disk and replicas after it, are on one connection of the
  node that wrote, wherever a redirection leads.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from redis import exceptions
from redis.asyncio import RedisCluster
from redis.asyncio.cluster import ClusterNode, ClusterPipeline, PipelineCommand
from redis.exceptions import (
    AskError,
    ClusterDownError,
    ClusterError,
    MovedError,
    RedisError,
    SlotNotCoveredError,
    TryAgainError,
)

REDIRECT_SECONDS = 3.0
"""How long a command is sent anew while its slot moves, or has no primary."""
_AGAIN_SECONDS = 0.05
_SENT_NOWHERE = (AskError, MovedError, TryAgainError, ClusterDownError, SlotNotCoveredError)
"""Errors that say that a command was not executed."""
_SCRIPTS = {"EVAL", "EVALSHA"}
"""Commands whose first key is their third word."""
_LOST = (exceptions.ConnectionError, exceptions.TimeoutError, OSError)


class ClusterClient(RedisCluster):
    """A cluster of Redis or Valkey."""

    def pipeline(self, transaction: bool | None = None, shard_hint: object = None) -> Any:
        """Return a pipeline; without *transaction*, its commands may be of several slots."""
        return super().pipeline(transaction, shard_hint) if transaction else _slot_pipeline(self)

    async def _execute_command(self, target_node: ClusterNode, *args: Any, **kwargs: Any) -> Any:
        """Execute a command of no pipeline on a node, or where this node says."""
        command = PipelineCommand(0, *args, **kwargs)
        sends = _Sends(self)
        await sends.follow([command], {target_node.name: (target_node, [command])})
        if isinstance(command.result, Exception):
            raise command.result
        return command.result

    async def get_nodes_from_slot(self, command: str, *args: Any) -> list[ClusterNode]:
        """Return the node of a command's slot, in a list."""
        return [await self._node_of(command, *args)]

    async def send_by_slot(
        self, commands: Sequence[PipelineCommand], then: Sequence[tuple[Any, ...]] = ()
    ) -> list[Any]:
        """Send commands to the nodes of their slots; their answers, or errors, are in them.

        The commands *then* follow on each connection that was used; return their answers.
        """
        sends = _Sends(self, then)
        await sends.follow(commands, await self.by_node(commands))
        if lost := [one for one in commands if isinstance(one.result, _LOST)]:
            # As other clients do: once more, on new connections, and where the slots are now.
            await sends.follow(lost, await self.by_node(lost))
        return sends.answers

    async def by_node(
        self, commands: Sequence[PipelineCommand]
    ) -> "Mapping[str, tuple[ClusterNode, list[PipelineCommand]]]":
        """Return the node of each command's slot, and the commands for it in order."""
        found: dict[str, tuple[ClusterNode, list[PipelineCommand]]] = {}
        for command in commands:
            node = await self._node_of(*command.args)
            found.setdefault(node.name, (node, []))[1].append(command)
        return found

    async def moved(self, error: MovedError) -> None:
        """Learn where a slot is."""
        try:
            await self.nodes_manager.move_slot(error)
        except KeyError:  # it was nowhere before
            self._initialize = True

    async def _node_of(self, *args: Any) -> ClusterNode:
        for _ in range(2):
            if self._initialize:
                await self.initialize()
            slot = await self._determine_slot(*args)
            with suppress(KeyError):
                return self.nodes_manager.get_node_from_slot(slot)
            self._initialize = True
        raise SlotNotCoveredError(f"no node of the cluster has the slot of {args[0]}")

    async def lost(self, node: ClusterNode) -> None:
        """Forget the connections of a node; before the next command others say where slots are."""
        node.update_active_connections_for_reconnect()
        await node.disconnect_free_connections()
        self.nodes_manager.move_node_to_end_of_cached_nodes(node.name)
        self._initialize = True

    async def node_at(self, error: AskError | MovedError) -> ClusterNode:
        """Return the node that an error leads to."""
        found = self.get_node(host=error.host, port=error.port)
        if found is None:
            self._initialize = True
            await self.initialize()
            found = self.get_node(host=error.host, port=error.port)
        if found is None:
            raise ClusterError(f"redirected to {error.host}:{error.port}, which nobody knows")
        return found


class _Sends:
    """Sends commands of a client until each was executed, or failed."""

    def __init__(self, client: ClusterClient, then: Sequence[tuple[Any, ...]] = ()) -> None:
        self._client = client
        self._then = then
        self.answers = list[Any]()

    async def follow(
        self,
        commands: Sequence[PipelineCommand],
        by_node: "Mapping[str, tuple[ClusterNode, list[PipelineCommand]]]",
    ) -> None:
        """Send commands to nodes; follow redirections for `REDIRECT_SECONDS`."""
        clock, until = asyncio.get_running_loop().time, math.inf
        while True:
            await asyncio.gather(*(self._send(node, some) for node, some in by_node.values()))
            # Counted from here: a read that blocks may be redirected long after it began.
            until = min(until, clock() + REDIRECT_SECONDS)
            await self._redirect(_refused(commands))
            left = _refused(commands)
            if not left or clock() > until:
                break
            by_node = await self._client.by_node(left)
        for command in left:
            kind = type(command.result).__name__
            command.result = ClusterError(f"slots have been on the move for too long: {kind}")

    async def _redirect(self, left: Sequence[PipelineCommand]) -> None:
        """Learn where slots went; send what is told ASK right there."""
        again = False
        for command in left:
            error = command.result
            if isinstance(error, MovedError):
                await self._client.moved(error)
            elif isinstance(error, AskError):
                await self._send(await self._client.node_at(error), [command], asking=True)
                again |= isinstance(command.result, TryAgainError)
            else:
                again = True
        if again:
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _send(
        self, node: ClusterNode, commands: Sequence[PipelineCommand], *, asking: bool = False
    ) -> None:
        line = list[PipelineCommand]()
        for command in commands:
            line += [PipelineCommand(0, "ASKING"), command] if asking else [command]
        then = [PipelineCommand(0, *command) for command in self._then]
        try:
            await node.execute_pipeline([*line, *then])
        except _LOST as error:
            for command in commands:
                command.result = error
        if any(isinstance(one.result, _LOST) for one in commands):
            await self._client.lost(node)
        elif len(_refused(commands)) < len(commands):
            self.answers += [one.result for one in then]


def _slot_pipeline(client: ClusterClient) -> "SlotPipeline":
    make: Any = SlotPipeline  # to mypy, redis-py's own pipeline is abstract
    made: SlotPipeline = make(client)
    return made


def _refused(commands: Sequence[PipelineCommand]) -> list[PipelineCommand]:
    """Return the commands that were not executed where they were sent."""
    return [command for command in commands if isinstance(command.result, _SENT_NOWHERE)]


def _hash_tag(key: str) -> str:
    """Return the part of a key that its slot follows from."""
    _, opened, rest = key.partition("{")
    tag, closed, _ = rest.partition("}")
    return tag if opened and closed and tag else key


class SlotPipeline(ClusterPipeline):
    """A pipeline whose commands go to the nodes of their slots, in order for each node."""

    def __init__(self, client: ClusterClient) -> None:
        super().__init__(client)
        self._client = client
        self._commands = list[PipelineCommand]()

    def __len__(self) -> int:
        return len(self._commands)

    def execute_command(self, *args: Any, **kwargs: Any) -> "SlotPipeline":
        """Queue a command."""
        self._commands.append(PipelineCommand(len(self._commands), *args, **kwargs))
        return self

    def hash_tags(self) -> list[str]:
        """Return what the slots of the queued commands follow from: a hash tag or a whole key."""
        found: dict[str, None] = {}
        for command in self._commands:
            name, *words = map(str, command.args)
            key = words[2] if name.upper() in _SCRIPTS else words[0]
            found[_hash_tag(key)] = None
        return list(found)

    async def execute(
        self,
        raise_on_error: bool = True,
        allow_redirections: bool = True,  # noqa: ARG002 - the signature is redis-py's
    ) -> list[Any]:
        """Execute the commands; return their answers."""
        answers, _ = await self.execute_then(())
        if raise_on_error:
            for answer in answers:
                if isinstance(answer, RedisError | OSError):
                    raise answer
        return answers

    async def execute_then(self, then: Sequence[tuple[Any, ...]]) -> tuple[list[Any], list[Any]]:
        """Execute the commands, and those of *then* after them on each connection used.

        Return the answers and errors of the commands, and those of *then*.
        """
        commands, self._commands = self._commands, []
        if not commands:
            return [], []
        after = await self._client.send_by_slot(commands, then)
        return [command.result for command in commands], after
