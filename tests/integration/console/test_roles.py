"""Every page with every role, over HTTP, with identities on."""

import re

import httpx
import pytest

from services.auth.identity import Role
from services.console import app
from services.console.web import role_table
from services.console.web.pages import ConsolePage
from tests.support.browser import ConsoleService
from tests.support.console_http import http_person

pytestmark = pytest.mark.slow


def test_each_role_opens_the_pages_of_its_methods_and_sees_no_other_link(
    service: ConsoleService,
) -> None:
    answers: dict[tuple[str, str], int] = {}
    links: dict[tuple[str, str], bool] = {}
    for role in Role:
        with http_person(service, f"wang-{role.value}", role.value) as person:
            navigation = person.get("/settings").text
            for page in app.PAGES:
                answers[page.name, role.value] = person.get(page.path).status_code
                links[page.name, role.value] = f'href="{page.path}"' in navigation

    expected = {
        (page.name, role.value): 200 if role in role_table.roles_of(page.needs) else 403
        for page in app.PAGES
        for role in Role
    }
    assert answers == expected
    assert links == {cell: status == httpx.codes.OK for cell, status in expected.items()}


def test_a_refusal_says_which_role_it_takes(service: ConsoleService) -> None:
    with http_person(service, "wang", "source") as person:
        for page in (one for one in app.PAGES if Role.SOURCE not in role_table.roles_of(one.needs)):
            answer = person.get(page.path, **{"accept-language": "en"})

            takes = _takes(page)
            assert all(
                role.replace("_", " ") in answer.text or role in answer.text for role in takes
            )


def _takes(page: ConsolePage) -> list[str]:
    return [role.value for role in role_table.roles_of(page.needs)]


def test_no_address_of_a_page_works_without_signing_in(service: ConsoleService) -> None:
    with httpx.Client(base_url=service.url, timeout=60) as visitor:
        for page in app.PAGES:
            for route in page.routes:
                path = page.path + re.sub(r"{[^}]*}", "1", route.path)
                answer = visitor.request(route.method, path)

                assert answer.status_code == httpx.codes.SEE_OTHER, path
                assert answer.headers["location"].startswith("/sign-in"), path
