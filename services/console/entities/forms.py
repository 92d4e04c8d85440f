"""Forms of the Entities page: what is known of one, its steps, and sightings."""

import re
from datetime import date, datetime, time

from fanzha.errors import InvalidInput
from fanzha.v1 import entity_pb2 as pb
from services.console.web.form_numbers import whole_number
from services.console.web.formats import CHINA
from services.console.web.page_request import PageRequest

IDENTIFIER_FIELDS = {
    "hosts": pb.IDENTIFIER_KIND_HOST,
    "numbers": pb.IDENTIFIER_KIND_NUMBER,
    "senders": pb.IDENTIFIER_KIND_SENDER,
    "apps": pb.IDENTIFIER_KIND_APP,
    "icp_records": pb.IDENTIFIER_KIND_ICP_RECORD,
    "custodians": pb.IDENTIFIER_KIND_CUSTODIAN,
    "payment_channels": pb.IDENTIFIER_KIND_PAYMENT_CHANNEL,
    "credit_codes": pb.IDENTIFIER_KIND_CREDIT_CODE,
}
"""Fields of the form, and the kind of identifier that each line of them is."""
_LINE = re.compile(r"[\r\n]+")


def entity(visit: PageRequest) -> pb.Entity:
    """Read what is said of an entity."""
    return pb.Entity(
        name=visit.field("name"),
        kind=number(visit, "kind"),  # type: ignore[arg-type]
        financial_fraud=number(visit, "financial_fraud"),  # type: ignore[arg-type]
        cleanup=visit.field("cleanup"),
        legal_basis=visit.field("legal_basis"),
        region=visit.field("region"),
        identifiers=[
            pb.EntityIdentifier(kind=kind, value=line.strip())
            for name, kind in IDENTIFIER_FIELDS.items()
            for line in _LINE.split(visit.field(name))
            if line.strip()
        ],
    )


def typed(known: pb.Entity) -> dict[str, str]:
    """Return the fields of a form for what is known of an entity."""
    lines = {
        name: "\n".join(one.value for one in known.identifiers if one.kind == kind)
        for name, kind in IDENTIFIER_FIELDS.items()
    }
    return lines | {
        "name": known.name,
        "kind": str(int(known.kind)),
        "financial_fraud": str(int(known.financial_fraud)),
        "cleanup": known.cleanup,
        "legal_basis": known.legal_basis,
        "region": known.region,
        "revision": str(known.revision),
    }


def number(visit: PageRequest, name: str) -> int:
    """Read a number of a hidden field or a choice; 0 for what is none."""
    return whole_number(visit.field(name)) or 0


def due_ms(visit: PageRequest) -> int:
    """Read a deadline, the end of that day in China; 0 for none."""
    text = visit.field("due")
    if not text:
        return 0
    try:
        end = datetime.combine(date.fromisoformat(text), time(23, 59, 59), CHINA)
    except ValueError:
        raise InvalidInput("due: is no day: {text!r}", text=text[:20]) from None
    return int(end.timestamp() * 1000)
