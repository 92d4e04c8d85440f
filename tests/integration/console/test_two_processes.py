"""Two console processes on one service: a session of one is known to the other, ends in both."""

import os
from pathlib import Path

import httpx
import pytest

from tests.support.browser import console_up
from tests.support.console_http import SECONDS
from tests.support.processes import eventually, role
from tests.support.reserved_ports import reserved_port

pytestmark = pytest.mark.slow
SEE_OTHER = httpx.codes.SEE_OTHER


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=SECONDS).is_success
    except httpx.HTTPError:
        return False


def test_any_process_serves_any_session(tmp_path: Path) -> None:
    with console_up(tmp_path) as service:
        assert service.issuer is not None
        folder = tmp_path / "second"
        folder.mkdir(mode=0o700)
        second = f"http://127.0.0.1:{reserved_port()}"
        settings = {
            "FANZHA_REDIS_URL": service.running.redis_url,
            "FANZHA_CONSOLE_PORT": second.rpartition(":")[2],
            "FANZHA_CONSOLE_ADMIN_TARGET": service.running.admin,
        }
        assert not any(name in os.environ for name in settings)
        with role("console", folder, **settings):
            eventually(lambda: answers(second))
            with (
                httpx.Client(base_url=service.url, timeout=SECONDS) as here,
                httpx.Client(base_url=second, timeout=SECONDS) as there,
            ):
                here.post("/sign-in", data={"token": service.issuer.token("editor", sub="wang")})
                there.cookies = here.cookies

                assert there.get("/settings").status_code == httpx.codes.OK
                # It has no settings of authentication: the servers tell it.
                assert 'name="token"' in httpx.get(f"{second}/sign-in", timeout=SECONDS).text

                page = there.get("/settings").text
                csrf = page.partition('name="csrf" content="')[2].partition('"')[0]
                there.post("/sign-out", data={"csrf": csrf})

                assert here.get("/settings").status_code == SEE_OTHER
