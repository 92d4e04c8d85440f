"""Wrong settings of calls are said by name, before anything starts."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from infra.redis.client import connect
from services.settings.settings import Settings
from services.warning.cases.store import CaseStore
from services.warning.channels.channel import Receipt
from services.warning.dispatch.limit_store import LimitStore, never_stopped
from services.warning.dispatch.limits import LimitRules
from services.warning.robot import script_files
from services.warning.robot.voice import prompts, wav_files, wiring
from services.warning.robot.voice.sender import VoiceSender
from tests.support.sip_phone import tone


def settings(folder: Path, **more: object) -> Settings:
    """Return settings of a trunk, with recordings of all places: nothing needs to be spoken."""
    for script in script_files.by_voice():
        place_of = folder / "recordings" / prompts.folder_of(script)
        place_of.mkdir(parents=True, exist_ok=True)
        for place in script.places:
            (place_of / f"{place}.wav").write_bytes(wav_files.written(tone(0.3)))
    return Settings.model_validate(
        {
            "data_dir": folder,
            "warning_voice_sip_address": "127.0.0.1:5061",
            "warning_voice_recordings_dir": folder / "recordings",
        }
        | more
    )


async def sender(chosen: Settings) -> VoiceSender:
    parts = wiring.build(chosen)
    assert parts is not None
    client = connect("redis://127.0.0.1:1")

    async def on_receipt(receipt: Receipt) -> None:
        raise AssertionError(receipt)

    try:
        return wiring.sender(
            parts,
            client,
            cases=CaseStore(client),
            limits=LimitStore(client, rules=LimitRules(), stopped=never_stopped, now_ms=lambda: 1),
            on_receipt=on_receipt,
            registry=CollectorRegistry(),
            now_ms=lambda: 1,
        )
    finally:
        await client.aclose()


async def test_with_all_recordings_nothing_has_to_be_installed(tmp_path: Path) -> None:
    built = await sender(settings(tmp_path, warning_voice_calls_at_once=7))

    assert (built.width, built.repeatable) == (7, False)


def test_without_a_trunk_there_are_no_calls(tmp_path: Path) -> None:
    assert wiring.build(settings(tmp_path, warning_voice_sip_address="")) is None


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"warning_voice_sip_ca_file": "/none.pem"}, "warning_voice_sip_ca_file: "),
        ({"warning_voice_sip_password_file": "/none"}, "warning_voice_sip_password_file: "),
        ({"warning_voice_sip_media_ports": "30000-20000"}, "is no range of ports"),
        ({"warning_voice_sip_media_ports": "60000-70000"}, "is no range of ports"),
    ],
)
async def test_a_wrong_setting_is_said_by_its_name(
    tmp_path: Path, more: dict[str, object], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        await sender(settings(tmp_path, **more))
