"""Mappings of columns in Redis: what is kept, refused and forgotten."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from blocklists.entries import Source
from fanzha.errors import InvalidInput, NotAllowed, NotFound
from infra.redis.client import connect
from services.auth import identity
from services.auth.identity import Identity, Role
from services.lists.column_mappings import ColumnMapping, ColumnMappings
from tests.support.builders import NINE_O_CLOCK_MS, NINE_O_CLOCK_S

HEADER = ("涉案标识", "登记人")


@pytest_asyncio.fixture
async def mappings(redis_url: str) -> AsyncIterator[ColumnMappings]:
    client = connect(redis_url)
    yield ColumnMappings(client, now_ms=lambda: NINE_O_CLOCK_MS)
    await client.aclose()


async def saved(
    mappings: ColumnMappings, source: int = Source.CARRIER, **holds: str
) -> ColumnMapping:
    return await mappings.save(
        source=source, header=HEADER, holds=holds or {"涉案标识": "number"}, author="li"
    )


async def test_a_mapping_is_stored_by_source_and_header(mappings: ColumnMappings) -> None:
    first = await saved(mappings)
    other = await saved(mappings, Source.BUREAU)

    again = await saved(mappings, 登记人="ignore")

    assert again.mapping_id == first.mapping_id != other.mapping_id
    assert (again.saved_by, again.saved_at_s) == ("li", NINE_O_CLOCK_S)
    assert await mappings.all(Source.CARRIER) == [again]
    assert {one.source for one in await mappings.all()} == {Source.CARRIER, Source.BUREAU}


async def test_a_deleted_mapping_is_gone(mappings: ColumnMappings) -> None:
    stored = await saved(mappings)

    assert await mappings.forget(stored.mapping_id) == stored
    assert await mappings.all() == []
    with pytest.raises(NotFound):
        await mappings.forget(stored.mapping_id)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"holds": {"涉案标识": "colour"}}, "holds"),
        ({"holds": {"号码": "number"}}, "has no '号码'"),
        ({"holds": {}}, "at least one"),
        ({"header": ()}, "header"),
        ({"header": ("x" * 201,)}, "at most 200"),
        ({"source": 77}, "source"),
        ({"author": "x" * 201}, "saved_by"),
    ],
)
async def test_an_invalid_mapping_is_refused(
    mappings: ColumnMappings, wrong: dict[str, object], why: str
) -> None:
    fields: dict[str, object] = {
        "source": Source.CARRIER, "header": HEADER, "holds": {"涉案标识": "number"}, "author": "li",
    }  # fmt: skip

    with pytest.raises(InvalidInput, match=why):
        await mappings.save(**fields | wrong)  # type: ignore[arg-type]


async def test_an_editor_held_to_a_source_changes_no_mapping_of_another(
    mappings: ColumnMappings,
) -> None:
    stored = await saved(mappings)
    who = Identity(name="wang", roles=frozenset({Role.EDITOR}), sources=frozenset({Source.BUREAU}))

    with identity.acting_as(who):
        mine = await saved(mappings, Source.BUREAU)
        with pytest.raises(NotAllowed):
            await saved(mappings, Source.CARRIER)
        with pytest.raises(NotAllowed):
            await mappings.forget(stored.mapping_id)

    assert mine.saved_by == "wang"
