"""The adapter between ESMEs and an SMSC: ``fanzha-adapter smpp``."""

from pathlib import Path

from integrations.common import settings as adapter_settings
from integrations.messages import relay_process
from integrations.smpp.dialect import SmppDialect
from integrations.smpp.settings import SmppSettings

SETTINGS = SmppSettings


def main(config: Path | None) -> None:
    """Run until the process is told to end."""
    settings = adapter_settings.load(SmppSettings, config)
    relay_process.run("smpp", settings, lambda: SmppDialect(settings))
