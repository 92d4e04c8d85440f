"""What resolvers and proxies do with a blocked link: a record of a policy zone, an HTTP response.

A zone (RPZ) blocks whole hosts, so a record is offered only where the whole host is blocked: by an
entry for it, or by a look-up of the host alone.
"""

import html
from functools import cache
from importlib.resources import files
from string import Template

from fanzha.edge.policy_records import is_record_name
from fanzha.url import split
from services.decision.protocol_answer.model import HttpAnswer, ProtocolHeader, RpzAnswer
from services.decision.protocol_answer.redress import Redress

PAGE_FILE = "block_page.html"
RPZ_ACTIONS = {"nxdomain": "CNAME .", "nodata": "CNAME *.", "drop": "CNAME rpz-drop."}
_FORBIDDEN, _LEGAL_REASONS = 403, 451
_HEADERS: tuple[ProtocolHeader, ...] = (
    ProtocolHeader("Content-Type", "text/html; charset=utf-8"),
    # The gateway caches the decision; a browser must ask again.
    ProtocolHeader("Cache-Control", "no-store"),
    ProtocolHeader("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
)
_LABELS = {"url": "网站 Website", "tel": "电话 Telephone", "email": "邮箱 E-mail"}
_SCHEMES = {"url": "", "tel": "tel:", "email": "mailto:"}


def rpz(url: str, pattern: str, *, action: str, ttl: int) -> RpzAnswer | None:
    """Return the record that blocks the host of a canonical *url*; None where it hits too much.

    *pattern* is that of the entry that blocked it, empty without one.
    """
    host, path = split(url)
    whole_host = path in {"", "/"} or (pattern != "" and "/" not in pattern)
    # An address has no name to block, and one bad record makes a name server refuse the zone.
    if not whole_host or not is_record_name(host):
        return None
    return RpzAnswer(owner=host, rdata=RPZ_ACTIONS[action], ttl=ttl)


def http(decision_id: int, legal_basis: str, redress: Redress, *, with_page: bool) -> HttpAnswer:
    """Return the response; 451 (RFC 7725) where an entry with a legal basis blocked."""
    headers = _HEADERS
    if legal_basis and redress.url:
        blocker = ProtocolHeader("Link", f'<{redress.url}>; rel="blocked-by"')
        headers = (*headers, blocker)
    return HttpAnswer(
        status=_LEGAL_REASONS if legal_basis else _FORBIDDEN,
        headers=headers,
        body=block_page(decision_id, legal_basis, redress) if with_page else "",
    )


def block_page(decision_id: int, legal_basis: str, redress: Redress) -> str:
    """Return a page in Chinese and English that loads nothing from elsewhere."""
    basis = ""
    if legal_basis:
        basis = f"<p>依据 Legal basis: {html.escape(legal_basis)}</p>"
    contacts = "".join(
        f'<li>{_LABELS[name]}: <a href="{_SCHEMES[name]}{html.escape(value)}">'
        f"{html.escape(value)}</a></li>"
        for name, value in redress.contacts()
    )
    return _template().substitute(
        decision_id=decision_id,
        basis=basis,
        contacts=f"<ul>{contacts}</ul>" if contacts else "",
    )


@cache
def _template() -> Template:
    return Template((files(__package__) / PAGE_FILE).read_text(encoding="utf-8"))
