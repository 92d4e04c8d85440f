"""Objects behind the S3 API, by boto3 (in the extra ``archive``).

A request is made once: whoever calls retries, with its own backoff. Checksums beyond those we ask
for stay off, as stores other than Amazon's refuse headers that they do not know.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fanzha.errors import InvalidConfiguration, NotFound
from services.decision_log.archive.object_store import (
    SHA256_LABEL,
    ArchiveCause,
    ArchiveFault,
    ByteSink,
    ObjectName,
    StoredObject,
)

_PIECE = 2**20
_MOST_DELETED = 1000
"""Keys in one request, by the API."""
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_REFUSED = frozenset({"400", "401", "403", "404"})
"""Statuses that repeating does not mend: credentials, rights, a bucket that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Place:
    """Where the archive is, and how to reach it."""

    bucket: str
    prefix: str = ""
    """In front of every key; empty, or ends with a slash."""
    endpoint: str = ""
    """URL of the store; empty: Amazon's of *region*."""
    region: str = "us-east-1"
    credentials_file: Path | None = None
    """Lines ``access_key_id=…``, ``secret_access_key=…``, maybe ``session_token=…``; without,
    boto3 looks where it always does: variables, files, the role of the machine."""
    ca_file: Path | None = None
    encryption: str = ""
    """How the store is told to encrypt: AES256, or aws:kms."""
    timeout_seconds: float = 60.0


class S3Objects:
    """The objects of one bucket. For one thread."""

    def __init__(self, place: S3Place) -> None:
        self._place = place
        self._client: Any = None
        self._credentials: bytes | None = None

    def put(self, key: str, path: Path, *, sha256: str) -> None:
        """Store a file; the store compares what arrives with its SHA-256."""
        more = {"ServerSideEncryption": self._place.encryption} if self._place.encryption else {}
        with self._asking() as client, path.open("rb") as file:
            client.put_object(
                **self._named(key),
                Body=file,
                ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
                Metadata={SHA256_LABEL: sha256},
                ContentType="application/vnd.apache.parquet",
                **more,
            )

    def find(self, key: str) -> StoredObject | None:
        """Describe an object."""
        try:
            with self._asking() as client:
                answer = client.head_object(**self._named(key), ChecksumMode="ENABLED")
        except NotFound:
            return None
        checksum = answer.get("ChecksumSHA256", "")
        # Of an object in parts, a store may give a hash of hashes: "…-3".
        plain = checksum if "-" not in checksum else ""
        return StoredObject(
            key=key,
            size=int(answer["ContentLength"]),
            sha256=base64.b64decode(plain).hex(),
            labels=answer.get("Metadata", {}),
        )

    def fetch(self, key: str, file: ByteSink) -> None:
        """Write the contents of an object to *file*."""
        with self._asking() as client:
            body = client.get_object(**self._named(key))["Body"]
            for piece in body.iter_chunks(_PIECE):
                file.write(piece)

    def names(self, prefix: str) -> Iterator[ObjectName]:
        """List lazily; a page of a thousand is a request."""
        token: dict[str, str] = {}
        while True:
            with self._asking() as client:
                page = client.list_objects_v2(
                    Bucket=self._place.bucket, Prefix=self._place.prefix + prefix, **token
                )
            for one in page.get("Contents", ()):
                key = one["Key"].removeprefix(self._place.prefix)
                yield ObjectName(key=key, size=int(one["Size"]))
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def delete(self, keys: list[str]) -> None:
        """Delete objects."""
        for start in range(0, len(keys), _MOST_DELETED):
            some = [
                {"Key": self._place.prefix + key} for key in keys[start : start + _MOST_DELETED]
            ]
            with self._asking() as client:
                answer = client.delete_objects(
                    Bucket=self._place.bucket, Delete={"Objects": some, "Quiet": True}
                )
            for error in answer.get("Errors", ()):
                raise ArchiveFault(
                    ArchiveCause.REFUSED, "archive: {reason}", reason=error.get("Code", "")
                )

    def _named(self, key: str) -> dict[str, str]:
        return {"Bucket": self._place.bucket, "Key": self._place.prefix + key}

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        """Give the client, and turn errors of its library into ours."""
        from botocore import exceptions  # noqa: PLC0415 - in an extra
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 - comes with it

        try:
            yield self._current_client()
        except exceptions.ClientError as error:
            raise _fault_of(error.response) from error
        except InvalidConfiguration as error:
            reason = error.as_message()
            raise ArchiveFault(ArchiveCause.REFUSED, "archive: {reason}", reason=reason) from error
        except (exceptions.BotoCoreError, HTTPError) as error:
            refused = isinstance(error, exceptions.NoCredentialsError)
            cause = ArchiveCause.REFUSED if refused else ArchiveCause.UNREACHABLE
            raise ArchiveFault(cause, "archive: {reason}", reason=type(error).__name__) from error

    def _current_client(self) -> Any:
        """Return a client with the credentials as the file has them now."""
        file = self._place.credentials_file
        content = _content(file)
        if self._client is None or content != self._credentials:
            self._client = _client(self._place, _credentials(content, file) if file else {})
            self._credentials = content
        return self._client


def _client(place: S3Place, credentials: dict[str, str]) -> Any:
    import boto3  # noqa: PLC0415 - in an extra, and slow to load
    from botocore.config import Config  # noqa: PLC0415

    names = {"access_key_id", "secret_access_key", "session_token"}
    return boto3.session.Session(region_name=place.region).client(
        "s3",
        endpoint_url=place.endpoint or None,
        verify=str(place.ca_file) if place.ca_file else None,
        config=Config(
            retries={"total_max_attempts": 1},
            connect_timeout=min(10.0, place.timeout_seconds),
            read_timeout=place.timeout_seconds,
            max_pool_connections=1,
            # With a host of its own for each bucket, a store on an address could not be reached.
            s3={"addressing_style": "path" if place.endpoint else "auto"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
        **{f"aws_{name}": value for name, value in credentials.items() if name in names},
    )


def _content(file: Path | None) -> bytes:
    if file is None:
        return b""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidConfiguration("{file}: {error}", file=file, error=error) from error


def _credentials(content: bytes, file: Path) -> dict[str, str]:
    lines = [line.strip() for line in content.decode().splitlines()]
    found = dict(line.partition("=")[::2] for line in lines if line and not line.startswith("#"))
    found = {name.strip(): value.strip() for name, value in found.items()}
    if not found.get("access_key_id") or not found.get("secret_access_key"):
        # Not what is there instead: it may be a secret in another form.
        raise InvalidConfiguration(
            "{file}: lines access_key_id=… and secret_access_key=… expected", file=file
        )
    return found


def _fault_of(response: dict[str, Any]) -> ArchiveFault | NotFound:
    code = str(response.get("Error", {}).get("Code", ""))
    status = str(response.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))
    if code in _MISSING:
        return NotFound("archive: no such object")
    if code == "BadDigest":
        return ArchiveFault(ArchiveCause.DAMAGED, "archive: what arrived was not what was sent")
    cause = ArchiveCause.REFUSED if status in _REFUSED else ArchiveCause.UNREACHABLE
    return ArchiveFault(cause, "archive: {reason}", reason=code or status)
