"""People at the console over plain HTTP, for tests that need no browser."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from tests.support.browser import ConsoleService

_CSRF = re.compile(r'<meta name="csrf" content="([^"]+)">')
SECONDS = 60.0


class HttpPerson:
    """Somebody who is signed in."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers=headers)

    def csrf(self) -> str:
        """Return the token that forms repeat."""
        found = _CSRF.search(self.client.get("/settings").text)
        assert found is not None
        return found[1]

    def post(self, path: str, fields: Mapping[str, str]) -> httpx.Response:
        """Send a form as a page would."""
        return self.client.post(path, data={"csrf": self.csrf(), **fields})


@contextmanager
def http_person(service: ConsoleService, name: str, *roles: str) -> Iterator[HttpPerson]:
    """Sign *name* in with *roles*."""
    with httpx.Client(base_url=service.url, timeout=SECONDS) as client:
        fields = {"name": name}
        if service.issuer is not None:
            fields["token"] = service.issuer.token(*roles, sub=name)
        answer = client.post("/sign-in", data=fields)
        assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
        yield HttpPerson(client)
