"""The adapter between service providers (SP) and a gateway (ISMG): ``fanzha-adapter cmpp``."""

from pathlib import Path

from integrations.cmpp.dialect import CmppDialect
from integrations.cmpp.settings import CmppSettings
from integrations.common import settings as adapter_settings
from integrations.messages import relay_process

SETTINGS = CmppSettings


def main(config: Path | None) -> None:
    """Run until the process is told to end."""
    settings = adapter_settings.load(CmppSettings, config)
    relay_process.run("cmpp", settings, lambda: CmppDialect(settings))
