"""Forms of the Incidents page: an incident, what is joined to it, and leads."""

import re

from fanzha.errors import InvalidInput
from fanzha.v1 import incident_pb2 as pb
from services.console.web.form_numbers import MOST_INT32, MOST_INT64, enum_choice, whole_number
from services.console.web.page_request import PageRequest

PART_FIELDS = {
    "subjects": pb.PART_KIND_SUBJECT,
    "cases": pb.PART_KIND_CASE,
    "decisions": pb.PART_KIND_DECISION,
    "changes": pb.PART_KIND_CHANGE,
    "entities": pb.PART_KIND_ENTITY,
}
"""Fields of the form, and the kind of part that each line of them is."""
_LINE = re.compile(r"[\r\n]+")


def incident(visit: PageRequest) -> pb.Incident:
    """Read what is said of an incident."""
    return pb.Incident(
        title=visit.field("title"),
        fraud_type=number(visit, "fraud_type"),  # type: ignore[arg-type]
        region=visit.field("region"),
        summary=visit.field("summary"),
        parts=parts(visit),
    )


def parts(visit: PageRequest) -> list[pb.IncidentPart]:
    """Read what is to be joined; a document by its name and hash."""
    found = [
        pb.IncidentPart(kind=kind, reference=line.strip(), note=visit.field("part_note"))
        for name, kind in PART_FIELDS.items()
        for line in _LINE.split(visit.field(name))
        if line.strip()
    ]
    if document := visit.field("document"):
        found.append(
            pb.IncidentPart(
                kind=pb.PART_KIND_DOCUMENT,
                reference=document,
                sha256=visit.field("sha256"),
                note=visit.field("part_note"),
            )
        )
    return found


def cluster(visit: PageRequest) -> pb.ClusterReference | None:
    """Read the cluster that an incident begins with; None for none."""
    text = visit.field("cluster")
    if not text:
        return None
    kind, colon, common = text.partition(":")
    kind_ = enum_choice(kind, pb.ClusterKind.values())
    if not colon or not kind_:
        raise InvalidInput("cluster: there is none of {common!r}", common=text[:100])
    return pb.ClusterReference(
        kind=kind_, common=common, since_ms=number(visit, "since_ms", most=MOST_INT64)
    )


def number(visit: PageRequest, name: str, *, most: int = MOST_INT32) -> int:
    """Read a number of a hidden field or a choice; 0 for what is none."""
    return whole_number(visit.field(name), most=most) or 0
