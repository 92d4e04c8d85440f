"""A real provider of OpenID Connect (oidc-provider, in node), and a console that uses it."""

import json
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.browser import ConsoleService
from tests.support.external_servers import program, started
from tests.support.node_packages import node_packages
from tests.support.processes import LEAN, fanzha_up
from tests.support.reserved_ports import reserved_port

TOKEN_SECONDS = 3600


@contextmanager
def console_with_provider(
    folder: Path,
    roles: Mapping[str, Sequence[str]],
    *,
    seconds: int = TOKEN_SECONDS,
    **settings: str,
) -> Iterator[ConsoleService]:
    """Run a provider that knows the *roles* of people by name, and a console that trusts it.

    Its tokens live *seconds*.
    """
    issuer = f"http://127.0.0.1:{reserved_port()}"
    console = reserved_port()
    options = {
        "issuer": issuer,
        "port": int(issuer.rpartition(":")[2]),
        "console": f"http://127.0.0.1:{console}",
        "roles": roles,
        "seconds": seconds,
    }
    script = node_packages() / "provider.mjs"
    command = [program("node", package="nodejs"), str(script), json.dumps(options)]
    with started(command, folder, lambda: "listening" in (folder / "node.log").read_text()):
        keys = folder / "jwks.json"
        keys.write_text(json.dumps(_public(_fetched(f"{issuer}/jwks"))))
        data = folder / "data"
        data.mkdir(mode=0o700)
        given = {
            **LEAN,
            "FANZHA_CONSOLE": "true",
            "FANZHA_CONSOLE_PORT": str(console),
            "FANZHA_CONSOLE_OIDC_ISSUER": issuer,
            "FANZHA_CONSOLE_OIDC_CLIENT_ID": "console",
            "FANZHA_JWKS_FILE": str(keys),
            "FANZHA_TOKEN_ISSUER": issuer,
            **settings,
        }
        with fanzha_up(data, workers=1, **given) as running:
            yield ConsoleService(running=running)


def _fetched(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - a loopback address
        return json.loads(answer.read())


def _public(keys: Any) -> Any:
    # The provider also lists keys of other uses.
    return {"keys": [key for key in keys["keys"] if key.get("use") == "sig"]}
