"""What an operator may set of the SIP adapter: ``FANZHA_SIP_<NAME>``, or a TOML file."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from integrations.common.settings import AdapterSettings

_HEADER_NAME = r"^[A-Za-z0-9.!%*_+`'~-]*$"
_CONTACT = r"^([A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"]+)?$"
_LISTEN = r"^(([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}(,|$))+$"
_HOST = r"^([A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?)?$"


class SipSettings(AdapterSettings):
    """Of the redirect server."""

    model_config = SettingsConfigDict(extra="forbid", env_prefix="FANZHA_SIP_")

    listen: Annotated[
        str,
        Field(
            pattern=_LISTEN,
            description="Addresses to serve by UDP and TCP: host:port,[host]:port; port 0: any.",
        ),
    ] = "127.0.0.1:5070"
    # Calls that come while a request is on its way share the next one anyway; to wait for more of
    # them makes the median of a decision a millisecond slower at 500 calls a second.
    linger_ms: Annotated[
        float, Field(ge=0, le=100, description="How long a decision may wait to share a request.")
    ] = 0.0
    let_through_status: Annotated[
        int,
        Field(
            ge=300,
            le=499,
            description="Status that lets a call through: 302 names where it goes, 404 makes "
            "switches go on with their dial plan.",
        ),
    ] = 302
    next_hop: Annotated[
        str,
        Field(
            pattern=_HOST,
            description="Host and port that Contact of a 302 names; empty: those of the request.",
        ),
    ] = ""
    challenge_contact: Annotated[
        str,
        Field(
            pattern=_CONTACT,
            description="URI of the service that challenges callers; empty: such calls ring.",
        ),
    ] = ""
    label_header: Annotated[
        str,
        Field(pattern=_HEADER_NAME, description="Header that bears a label; empty: none."),
    ] = "X-Fanzha-Label"
    decision_header: Annotated[
        str,
        Field(
            pattern=_HEADER_NAME,
            description="Header that bears the decision id of what is let through; empty: none.",
        ),
    ] = "X-Fanzha-Decision"
    trust_asserted_identity: Annotated[
        bool,
        Field(description="Whether P-Asserted-Identity names the caller, before From (RFC 3325)."),
    ] = True
    trunk_header: Annotated[
        str,
        Field(
            pattern=_HEADER_NAME,
            description="Header in which the switch names the trunk group; empty: not known.",
        ),
    ] = "X-Fanzha-Trunk"
    ingress: Annotated[
        Literal["", "local", "interconnect", "international"],
        Field(description="How all calls to this server entered the network; empty: not known."),
    ] = ""
    identity_trust_list: Annotated[
        Path | None,
        Field(
            description="TOML file with the certificates that signatures of calls (STIR/SHAKEN) "
            "are checked with; none: they are not. Nothing is fetched.",
        ),
    ] = None
    identity_fresh_seconds: Annotated[
        float, Field(gt=0, description="Age at which a signature of a call no longer counts.")
    ] = 60.0
    trust_verstat: Annotated[
        bool,
        Field(
            description="Whether the switch removes verstat and P-Attestation-Indicator that come "
            "from outside, so that those that are there are its own.",
        ),
    ] = False
    country_code: Annotated[
        str,
        Field(pattern=r"^[1-9][0-9]{0,2}$", description="Of national numbers in signed calls."),
    ] = "86"
    jcard_file: Annotated[
        Path | None,
        Field(
            description="File for a web server to hand out at the jcard_url of the service: the "
            "signed contact of 608 answers (RFC 8688). Empty: none is written.",
        ),
    ] = None
    jcard_key: Annotated[
        Path | None, Field(description="Private key of it, PEM, of the curve P-256.")
    ] = None
    jcard_x5u: Annotated[
        str,
        Field(
            pattern=r"^(https://[!-~]+)?$", description="Address of the certificate of that key."
        ),
    ] = ""
    jcard_name: Annotated[str, Field(min_length=1, description="Name of who blocks calls.")] = (
        "Call blocking"
    )
    jcard_contact_url: Annotated[
        str, Field(pattern=r"^(https://[!-~]+)?$", description="Where to ask for redress.")
    ] = ""
    jcard_contact_email: Annotated[
        str, Field(pattern=r"^([!-~]+@[!-~]+)?$", description="Whom to write to.")
    ] = ""
    jcard_contact_tel: Annotated[
        str, Field(pattern=r"^(\+[0-9]{3,15})?$", description="Whom to call.")
    ] = ""
    max_message_bytes: Annotated[
        int,
        Field(ge=1024, le=65_535, description="Longest message; a longer one is answered 513."),
    ] = 65_535
    max_transactions: Annotated[
        int,
        Field(ge=16, description="Most transactions; beyond, the oldest is forgotten."),
    ] = 65_536
    max_pending: Annotated[
        int,
        Field(ge=1, description="Most calls that wait for a decision; beyond, calls go through."),
    ] = 2048
    stall_ms: Annotated[
        float,
        Field(
            gt=0,
            description="Once a call has waited so long for its decision, those after it do not "
            "wait behind it, but go on undecided until an answer comes. Less than timeout_ms "
            "bounds the delay when a service dies, and lets calls pass when it is merely slow.",
        ),
    ] = 50.0
    max_connections: Annotated[int, Field(ge=1, description="Most TCP connections.")] = 256
    idle_seconds: Annotated[
        float, Field(gt=0, description="After which a silent TCP connection is closed.")
    ] = 300.0
    drain_seconds: Annotated[
        float,
        Field(
            ge=0,
            description="How long OPTIONS is answered 503 before the end, so that switches turn "
            "away.",
        ),
    ] = 2.0
