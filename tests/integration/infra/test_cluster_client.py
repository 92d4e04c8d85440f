"""A client of a cluster whose map of slots has holes, as one read while a primary failed."""

from collections.abc import AsyncIterator

import pytest
from redis.exceptions import MovedError

from infra.redis.client import connect
from infra.redis.cluster_client import ClusterClient

KEY = "fanzha:{cluster-client}"


@pytest.fixture
async def client(cluster_url: str) -> AsyncIterator[ClusterClient]:
    made = connect(cluster_url)
    assert isinstance(made, ClusterClient)
    await made.set(KEY, "1")
    yield made
    await made.delete(KEY)
    await made.aclose()


def forget_slot(client: ClusterClient) -> int:
    slot = client.keyslot(KEY)
    del client.nodes_manager.slots_cache[slot]
    return slot


async def test_a_command_of_a_slot_that_the_map_lacks_is_sent(client: ClusterClient) -> None:
    forget_slot(client)

    assert await client.get(KEY) == "1"


async def test_a_pipeline_of_a_slot_that_the_map_lacks_is_sent(client: ClusterClient) -> None:
    forget_slot(client)

    assert await client.pipeline(transaction=False).get(KEY).incr(KEY).execute() == ["1", 2]


async def test_a_redirection_of_a_slot_that_the_map_lacks_is_followed(
    client: ClusterClient,
) -> None:
    node = client.get_node_from_key(KEY)
    assert node is not None
    slot = forget_slot(client)

    await client.moved(MovedError(f"{slot} {node.host}:{node.port}"))

    assert await client.get(KEY) == "1"
