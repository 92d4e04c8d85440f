"""Settings of ready protocol answers: SIP responses, contacts for redress, labels, policy zones."""

from typing import Literal

from pydantic import Field

from services.settings.decision import DecisionSettings

REDRESS_URL = r"^https://[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?(/[A-Za-z0-9._~/?&=%+@!*:-]{0,200})?$"
"""Without semicolons, quotes and brackets, which mean something in headers, and without commas, at
which parsers end a parameter, quoted or not (Kamailio 6)."""
REDRESS_TEL = r"^\+[1-9][0-9]{2,14}$"
REDRESS_EMAIL = r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,200}$"


class ProtocolAnswerSettings(DecisionSettings):
    """Settings of ready protocol answers."""

    sip_block_answer: Literal["603+", "603", "607", "608"] = Field(
        default="603+",
        description="SIP response that protocol answers give for blocked calls. 603+ "
        "(ATIS-1000099) needs redress_url, redress_tel or redress_email, and is a plain 603 "
        "without; 608 (RFC 8688) needs jcard_url, and an announcement where the INVITE has no "
        "Feature-Caps sip.608; 607 (RFC 8197) is for calls that subscribers do not want.",
    )
    sip_block_location: Literal["U", "LPN", "LN", "TN", "RLN", "RPN", "INTL", "BI"] = Field(
        default="RLN",
        description="Where calls are blocked (RFC 8606), in the Reason header: LN the network of "
        "the caller, TN a transit network, RLN the network of the callee.",
    )
    redress_url: str | None = Field(
        default=None,
        pattern=REDRESS_URL,
        description="Public HTTPS page where those whose traffic was blocked appeal.",
    )
    redress_tel: str | None = Field(
        default=None, pattern=REDRESS_TEL, description="Telephone for appeals, in E.164."
    )
    redress_email: str | None = Field(
        default=None, pattern=REDRESS_EMAIL, description="E-mail address for appeals."
    )
    jcard_url: str | None = Field(
        default=None,
        pattern=REDRESS_URL,
        description="Where your signed jCard (RFC 7095, as a JWS) is served, for 608. Fanzha signs "
        "none.",
    )
    label_language: Literal["zh", "en"] = Field(
        default="zh", description="Language of the labels in protocol answers."
    )
    rpz_action: Literal["nxdomain", "nodata", "drop"] = Field(
        default="nxdomain",
        description="What resolvers answer for blocked hosts, in protocol answers.",
    )
