"""Sources of regions: a county sees its own and the province's, and asks for its own."""

from collections.abc import AsyncIterator

import pytest

from blocklists.entries import Source
from fanzha.errors import NotAllowed, NotFound
from infra.redis.client import connect
from services.audit.audited_actions import AuditedActions
from services.audit.events import NoAudit
from services.auth.identity import Identity, Role, acting_as
from services.sources.model import Brings, Connector, DataSource, EntryTerms
from services.sources.service import SourceControl
from services.sources.store import SourceStore

NOW_MS = 1_767_603_600_000
REGIONS = {"all": "", "hangzhou": "330100", "xihu": "330106", "ningbo": "3302"}
HANGZHOU = Identity(name="wang", roles=frozenset({Role.EDITOR}), regions=frozenset({"3301"}))


def a_source(name: str, region: str) -> DataSource:
    return DataSource(
        name=name, connector=Connector.FOLDER, address="/none", brings=Brings.ENTRIES,
        source=Source.BUREAU, every_seconds=60, expected_lag_seconds=600,
        entries=EntryTerms(region=region),
    )  # fmt: skip


@pytest.fixture
async def control(redis_url: str) -> AsyncIterator[SourceControl]:
    client = connect(redis_url)
    yield SourceControl(
        {name: a_source(name, region) for name, region in REGIONS.items()},
        SourceStore(client),
        trail=AuditedActions(NoAudit(), "source"),
        now_ms=lambda: NOW_MS,
    )
    await client.aclose()


async def test_a_source_of_another_region_is_not_there(control: SourceControl) -> None:
    with acting_as(HANGZHOU):
        seen = [one.definition.name for one in await control.all()]
        with pytest.raises(NotFound, match="there is no source 'ningbo'"):
            await control.pulls("ningbo", 1)
        with pytest.raises(NotFound, match="there is no source 'ningbo'"):
            await control.pull("ningbo")

    assert seen == ["all", "hangzhou", "xihu"]
    assert len(await control.all()) == len(REGIONS)


async def test_a_source_is_pulled_by_those_who_may_change_its_entries(
    control: SourceControl,
) -> None:
    with acting_as(HANGZHOU):
        with pytest.raises(NotAllowed, match="3301"):
            await control.pull("all")
        asked = await control.pull("xihu")

    assert asked.asked
