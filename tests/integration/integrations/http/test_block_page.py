"""The block page under hostile URLs, and the appeals that it takes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.support.adapters import LISTED_HOST, adapter, block_host
from tests.support.processes import LEAN, Running, eventually, fanzha_up

HOSTILE = [
    "/<script>alert(1)</script>", "/%3Cscript%3E", "/\"onload=\"x", "/%00", "/../../etc/passwd",
    "//evil.example/..%2f", "/" + "a" * 8000, "/?decision=<script>",
    "/?decision=99999999999999999999",
    "/?decision=-1", "/?decision=%EF%BC%91", "/.fanzha/nothing", "/?x=${jndi:ldap://x.example}",
]  # fmt: skip
PERSON = {"appellant": "张三", "contact": "+8617000000001", "grounds": "这是我的网店"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The block page, and the service behind it."""

    client: httpx.Client
    service: Running

    def of_listed_host(self) -> str:
        return self.client.get("/login", headers={"host": LISTED_HOST}).text

    def hand_in(self, **fields: str) -> httpx.Response:
        return self.client.post("/.fanzha/appeal", data=fields)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("page")
    with fanzha_up(folder, workers=1, **LEAN) as service:
        block_host(service, LISTED_HOST)
        settings = {
            "FANZHA_BLOCK_PAGE_LISTEN": "127.0.0.1:0",
            "FANZHA_BLOCK_PAGE_TARGETS": service.interception,
            "FANZHA_BLOCK_PAGE_TIMEOUT_MS": "10000",
            "FANZHA_BLOCK_PAGE_APPEAL_TARGET": service.admin,
            "FANZHA_BLOCK_PAGE_REDRESS_EMAIL": "appeals@bureau.example",
            "FANZHA_BLOCK_PAGE_APPEALS_PER_HOUR": "1000",
        }
        with adapter("block-page", folder, **settings) as asked:
            url = f"http://{asked.addresses['block_page']}"
            with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
                yield Page(client=client, service=service)


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


@pytest.mark.parametrize("path", HOSTILE)
@pytest.mark.parametrize("host", ["shop.example", "a" * 300, "evil.example:99999", "<b>"])
def test_no_url_is_shown_or_breaks_the_page(page: Page, path: str, host: str) -> None:
    answer = page.client.get(path, headers={"host": host})

    assert answer.status_code == 403
    assert "<script" not in answer.text
    assert "evil" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_it_speaks_both_languages_and_names_the_contact(page: Page) -> None:
    text = page.client.get("/").text

    assert "该网页涉嫌诈骗" in text
    assert "fraud is suspected" in text
    assert "mailto:appeals@bureau.example" in text


def test_a_visit_without_a_decision_is_decided_and_may_be_appealed(page: Page) -> None:
    decision = hidden(page.of_listed_host())["decision"]

    answer: list[httpx.Response] = []

    def taken() -> bool:
        # The record of a decision is written a moment after its answer.
        token = hidden(page.client.get(f"/?decision={decision}").text)["token"]
        answer.append(page.hand_in(decision=decision, token=token, **PERSON))
        return answer[-1].status_code == 200

    eventually(taken)
    assert "申诉已收到" in answer[-1].text
    assert "张" in page.service.fanzha("appeals", "list").stdout


@pytest.mark.parametrize(
    "change",
    [
        {"token": "0.forged"}, {"token": ""}, {"decision": "1"}, {"website": "http://spam.example"},
        {"grounds": ""}, {"grounds": "x" * 4001}, {"appellant": "\x00\x1b"},
    ],
)  # fmt: skip
def test_a_form_that_is_not_ours_or_not_whole_is_refused(
    page: Page, change: dict[str, str]
) -> None:
    fields = hidden(page.of_listed_host()) | PERSON | change

    assert page.hand_in(**fields).status_code == 400


def test_a_decision_that_is_not_on_record_is_said_so(page: Page) -> None:
    fields = hidden(page.client.get("/?decision=12345").text) | PERSON

    answer = page.hand_in(**fields)

    assert answer.status_code == 404
    assert "There is no record" in answer.text


def test_a_form_larger_than_any_of_ours_is_not_read(page: Page) -> None:
    answer = page.client.post("/.fanzha/appeal", content=b"grounds=" + b"x" * 100_000)

    assert answer.status_code == 400
