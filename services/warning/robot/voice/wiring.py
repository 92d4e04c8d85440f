"""Builds the robot's calls from settings."""

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter

from fanzha.errors import InvalidConfiguration
from infra.redis.client import Client
from infra.sip.digest import SipCredentials
from infra.sip.link import SipPeerAddress
from infra.sip.user_agent import SipIdentity, SipUserAgent
from services.settings.settings import Settings
from services.warning.cases.store import CaseStore
from services.warning.channels.channel import OnReceipt
from services.warning.dispatch.limit_store import LimitStore
from services.warning.dispatch.permits import LimitPermit
from services.warning.robot import script_files
from services.warning.robot.script import RobotScript
from services.warning.robot.store import RobotStore
from services.warning.robot.voice import prompts
from services.warning.robot.voice.call_records import CallRecords
from services.warning.robot.voice.calls import CallRules, PhoneCaller
from services.warning.robot.voice.prompts import NO_RECORDINGS, PromptSource
from services.warning.robot.voice.sender import RedialRules, VoiceSender
from services.warning.robot.voice.speech import EspeakSpeech

SPOKEN = "voice-prompts"
"""Folder of spoken texts, in ``data_dir``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceParts:
    """What is read once, before any channel starts."""

    settings: Settings
    scripts: Sequence[RobotScript]
    prompts: PromptSource


def build(settings: Settings) -> VoiceParts | None:
    """Read scripts and recordings; None where no trunk is set. Blocking.

    Raises `ValueError` for a wrong script or recording, and where a text can be neither played nor
    spoken.
    """
    if not settings.warning_voice_sip_address:
        return None
    language = settings.warning_language
    scripts = [
        one
        for one in script_files.by_voice(settings.warning_robot_scripts_dir)
        if one.language == language
    ]
    if not scripts:
        raise InvalidConfiguration(
            "warning_robot_scripts_dir: no script for calls in {language}", language=language
        )
    return VoiceParts(settings=settings, scripts=scripts, prompts=_prompts(settings, scripts))


def _prompts(settings: Settings, scripts: Sequence[RobotScript]) -> PromptSource:
    folder = settings.warning_voice_recordings_dir
    recordings = prompts.read_recordings(folder, scripts) if folder else NO_RECORDINGS
    missing = [place for one in scripts for place in recordings.missing(one)]
    if not missing:
        return PromptSource(recordings, None)
    try:
        return PromptSource(recordings, EspeakSpeech(settings.data_dir / SPOKEN))
    except InvalidConfiguration as error:
        if folder is None:
            raise
        raise InvalidConfiguration(
            "warning_voice_recordings_dir: no recording of {places}. {error}",
            places=", ".join(missing),
            error=error,
        ) from error


def sender(
    parts: VoiceParts,
    client: Client,
    *,
    cases: CaseStore,
    limits: LimitStore,
    on_receipt: OnReceipt,
    registry: CollectorRegistry,
    now_ms: Callable[[], int],
) -> VoiceSender:
    """Build the channel; it connects when it is first ready."""
    settings = parts.settings
    calls = Counter(
        "fanzha_warning_voice_calls", "Calls of the robot, by their end.", ["end"],
        registry=registry,
    )  # fmt: skip
    return VoiceSender(
        line=PhoneCaller(_agent(settings), _rules(settings)),
        scripts=parts.scripts,
        language=settings.warning_language,
        prompts=parts.prompts,
        records=CallRecords(cases=cases, store=RobotStore(client), opt_outs=limits, now_ms=now_ms),
        permit=LimitPermit(limits),
        limit=limits,
        redial=RedialRules(
            rounds=settings.warning_voice_rounds, minutes=settings.warning_voice_round_minutes
        ),
        on_receipt=on_receipt,
        now_ms=now_ms,
        width=settings.warning_voice_calls_at_once,
        counted=lambda end: calls.labels(end).inc(),
    )


def _agent(settings: Settings) -> SipUserAgent:
    host, _, port = settings.warning_voice_sip_address.rpartition(":")
    host = host.strip("[]")
    tls = None
    if settings.warning_voice_sip_transport == "tls":
        tls = _authorities(settings.warning_voice_sip_ca_file)
    peer = SipPeerAddress(
        host=host,
        port=int(port),
        transport=settings.warning_voice_sip_transport.upper(),
        tls=tls,
    )
    caller = settings.warning_voice_sip_caller
    domain = settings.warning_voice_sip_domain or (f"[{host}]" if ":" in host else host)
    return SipUserAgent(
        peer, SipIdentity(user=caller, domain=domain, credentials=_credentials(settings))
    )


def _authorities(file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:  # also of what is no certificate
        raise InvalidConfiguration("warning_voice_sip_ca_file: {error}", error=error) from error


def _credentials(settings: Settings) -> SipCredentials | None:
    file = settings.warning_voice_sip_password_file
    if file is None:
        return None
    try:
        password = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise InvalidConfiguration(
            "warning_voice_sip_password_file: {error}", error=error
        ) from error
    if not password:
        raise InvalidConfiguration("warning_voice_sip_password_file: is empty")
    user = settings.warning_voice_sip_user or settings.warning_voice_sip_caller
    return SipCredentials(user=user, password=password)


def _rules(settings: Settings) -> CallRules:
    ports: Sequence[int] = (0,)
    if settings.warning_voice_sip_media_ports:
        first, last = map(int, settings.warning_voice_sip_media_ports.split("-"))
        ports = range(first, last + 1)
        if not ports or last > 65_535:  # noqa: PLR2004 - ports
            raise InvalidConfiguration("warning_voice_sip_media_ports: is no range of ports")
    return CallRules(
        ring_seconds=settings.warning_voice_ring_seconds,
        machine_seconds=settings.warning_voice_machine_seconds,
        with_plus=settings.warning_voice_sip_number_form == "e164",
        media_ports=ports,
    )
