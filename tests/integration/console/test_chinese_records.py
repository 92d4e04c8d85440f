"""Chinese pages of what people wrote down are Chinese.

In a service of their own: the audit log, on a page of its own, has the codes of what they did.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import httpx
import pytest

from services.auth.identity import Role
from tests.integration.console.test_chinese_pages import english
from tests.support.browser import ConsoleService
from tests.support.console_http import HttpPerson, http_person

pytestmark = pytest.mark.slow


def made(person: HttpPerson, path: str, fields: Mapping[str, str]) -> str:
    """Send a form; return the page that it leads to."""
    answer = person.post(path, fields)
    assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
    return answer.headers["location"].partition("?")[0]


def test_pages_of_records_have_no_english_words_for_a_chinese_reader(
    service: ConsoleService,
) -> None:
    days = {"start": f"{date.today() + timedelta(2)}", "end": f"{date.today() + timedelta(30)}"}
    with http_person(service, "wang", *(role.value for role in Role)) as person:
        platform = {"name": "示例贷", "cleanup": "二〇二六", "kind": "2", "financial_fraud": "1"}
        entity = made(person, "/entities/new", platform | {"hosts": "a.example"})
        made(person, f"{entity}/steps/repaid/assign", {"owner": "carriers", "due": days["end"]})
        made(person, f"{entity}/steps/penalty/settle", {"state": "1", "document": "罚7号"})
        parts = {"subjects": "+8617000000123\nb.example", "entities": entity.rpartition("/")[2]}
        incident = made(person, "/incidents/new", {"title": "假贷款", "fraud_type": "5"} | parts)
        made(person, f"{incident}/add", {"subjects": "c.example", "document": "报告"})
        made(person, f"{incident}/move", {"revision": "2", "stage": "2", "note": "查"})
        made(person, f"{incident}/leads", {"department": "tax", "purpose": "查"})
        sent = {"name": "宣传", "occasion": "2", "about": "financial:1", "text": "", "region": "33"}
        campaign = made(person, "/education/new", sent | days | {"daily_cap": "9", "hold_out": "9"})
        paths = [
            one for path in (entity, incident, campaign) for one in (path.rpartition("/")[0], path)
        ]
        pages = {one: person.get(one, **{"accept-language": "zh-CN"}) for one in paths}
        wrong = person.post(f"{incident}/leads", {"department": "tax"})

    found = {path: (one.status_code, english(one.text)) for path, one in pages.items()}
    assert {path: one for path, one in found.items() if one != (200, set())} == {}
    assert "运营企业" in pages[entity].text
    assert "税务部门" in pages[incident].text
    assert wrong.status_code == httpx.codes.BAD_REQUEST
