"""Where the decision log is archived, what of it, and for how long."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.settings.protocol_answer import ProtocolAnswerSettings

_PORT = "(:[0-9]{1,5})?/?"
_ENDPOINT = (
    rf"^(https://[A-Za-z0-9.-]{{1,253}}{_PORT}|http://(127\.0\.0\.1|localhost|\[::1\]){_PORT})?$"
)
_KIND = "(call|text|link|call_ends|text_content)"


class DecisionArchiveSettings(ProtocolAnswerSettings):
    """The archive of the decision log."""

    decision_log_archive_bucket: str = Field(
        default="",
        pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$",
        description="Bucket of an S3 store to which sealed hours of the decision log are copied; "
        "needs the extra archive: docs/how-to/decision-archive.md. Empty: off.",
    )
    decision_log_archive_prefix: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9_.=-]+/)*$",
        description="Prefix of the keys there, such as `province/`.",
    )
    decision_log_archive_endpoint: str = Field(
        default="",
        pattern=_ENDPOINT,
        description="URL of that store, by HTTPS beyond loopback. Empty: Amazon's.",
    )
    decision_log_archive_region: str = Field(
        default="us-east-1", min_length=1, description="Region that requests to it are signed for."
    )
    decision_log_archive_credentials_file: Path | None = Field(
        default=None,
        description="File with the lines `access_key_id=…` and `secret_access_key=…`, read anew "
        "when it changes. Unset: what boto3 finds, such as the role of the machine.",
    )
    decision_log_archive_ca: Path | None = Field(
        default=None, description="Certificates (PEM) that the store is checked against."
    )
    decision_log_archive_encryption: Literal["", "AES256", "aws:kms"] = Field(
        default="",
        description="How the store is told to encrypt objects; empty: its default.",
    )
    decision_log_archive_kinds: str = Field(
        default="call,text,link",
        pattern=rf"^{_KIND}(,{_KIND})*$",
        description="Comma-separated folders of the log that are archived.",
    )
    decision_log_archive_days: int = Field(
        default=365,
        ge=1,
        le=3650,
        description="Days that archived segments are kept; older ones are removed.",
    )

    decision_log_warehouse_dir: Path | None = Field(
        default=None,
        description="Folder of the warehouse that `fanzha decisions warehouse build` writes: "
        "docs/how-to/decision-warehouse.md.",
    )
    decision_log_warehouse_key_file: Path | None = Field(
        default=None,
        description="File with 32 hexadecimal digits: the key of the hashes that stand for "
        "parties in the warehouse.",
    )
    decision_log_warehouse_days: int = Field(
        default=365, ge=1, le=3650, description="Days that the warehouse keeps."
    )
