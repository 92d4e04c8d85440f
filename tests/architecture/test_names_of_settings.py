"""Variables that code, tests and pages name are settings, or variables of clients."""

import re
import subprocess

from integrations.common.settings import AdapterSettings
from services.settings.settings import Settings
from tests.support.checkout import CHECKOUT
from tools.reference import adapters

OF_CLIENTS = {
    "FANZHA_PROFILE",
    "FANZHA_SERVER",
    "FANZHA_ADMIN_TARGET",
    "FANZHA_CONFIG",
    "FANZHA_LANGUAGE",
    "FANZHA_TARGET",
    "FANZHA_TLS_CA",
    "FANZHA_TLS_CLIENT_CERTIFICATE",
    "FANZHA_TLS_CLIENT_KEY",
    "FANZHA_TOKEN",
    "FANZHA_TOKEN_FILE",
    "FANZHA_WARNING_TARGET",
}
OTHERS = {
    "FANZHA_NUMBER": "a route of examples/kamailio.cfg",
    "FANZHA_PORT": "unknown on purpose, in a test",
    "FANZHA_REDIS_URI": "unknown on purpose, in a test",
    "FANZHA_UNKNOWN": "unknown on purpose, in command lines of a test",
    "FANZHA_WORKER_NAME": "from a parent to its workers",
}


def test_no_variable_is_named_that_nothing_reads() -> None:
    command = [
        "git",
        "grep",
        "-hoIE",
        "FANZHA_[A-Z0-9_]*[A-Z0-9]",
        "--",
        ":!CHANGELOG.md",
        ":!docs/adr",
    ]
    found = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    known = {f"FANZHA_{name.upper()}" for name in Settings.model_fields} | OF_CLIENTS | set(OTHERS)
    kinds: list[type[AdapterSettings]] = [AdapterSettings, *adapters.kinds_of_settings().values()]
    for kind in kinds:
        known |= {adapters.variable(kind, name) for name in kind.model_fields}

    named = set(re.findall(r"\S+", found.stdout))
    assert {
        name for name in named if name not in known and not any(k.startswith(name) for k in known)
    } == set()
