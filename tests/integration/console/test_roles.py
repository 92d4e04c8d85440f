"""Every page with every role, over HTTP, with identities on."""

import re
from collections.abc import Iterator

import httpx
import pytest

from services.auth.identity import Role
from services.console import app
from services.console.web import role_table
from services.console.web.pages import ConsolePage
from tests.support.browser import ConsoleService
from tests.support.console_http import http_person
from tests.support.processes import run

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


def test_who_may_list_changes_but_open_none_gets_no_links_to_them(service: ConsoleService) -> None:
    entry = ("blocklist", "add", "+8617000000655", "--source", "bureau", "--reason", "a test")
    assert service.issuer is not None
    token = service.issuer.token("editor", sub="li")
    added = run(*entry, FANZHA_ADMIN_TARGET=service.running.admin, FANZHA_TOKEN=token)

    pages = {}
    for role in ("operator", "editor"):
        with http_person(service, f"wang-{role}", role) as person:
            pages[role] = person.get("/changes?tab=all").text

    assert "waits for a second person" in added.stdout + added.stderr
    assert all("a test" in page for page in pages.values())
    assert {role: "/changes/1" in page for role, page in pages.items()} == {
        "operator": False,
        "editor": True,
    }


def test_no_address_of_a_page_works_without_signing_in(service: ConsoleService) -> None:
    with httpx.Client(base_url=service.url, timeout=60) as visitor:
        for page in app.PAGES:
            for route in page.routes:
                path = page.path + re.sub(r"{[^}]*}", "1", route.path)
                answer = visitor.request(route.method, path)

                assert answer.status_code == httpx.codes.SEE_OTHER, path
                assert answer.headers["location"].startswith("/sign-in"), path


def test_numbers_that_no_field_holds_are_no_fault_of_the_console(service: ConsoleService) -> None:
    numbers = ("9" * 5000, "18446744073709551616", "4294967296")
    with http_person(service, "wang", *(role.value for role in Role)) as person:
        faults = [
            (path[:80], answer.status_code)
            for path in {*_paths_with(numbers), *_queries_with(numbers)}
            if (answer := person.get(path)).status_code >= httpx.codes.INTERNAL_SERVER_ERROR
        ]

    assert faults == []


def _paths_with(numbers: tuple[str, ...]) -> Iterator[str]:
    for page in app.PAGES:
        for route in page.routes:
            if route.method == "GET" and "{" in route.path:
                for number in numbers:
                    yield page.path + re.sub(r"{[^}]*}", number, route.path)


def _queries_with(numbers: tuple[str, ...]) -> Iterator[str]:
    names = ("state", "stage", "kind", "days", "page", "version", "tier", "fraud", "rows")
    for page in app.PAGES:
        for number in numbers:
            yield f"{page.path}?{'&'.join(f'{name}={number}' for name in names)}"
    for number in numbers:
        yield f"/incidents/clusters?kind={number}&days={number}"
