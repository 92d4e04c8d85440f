"""The archive, put together from settings."""

from collections.abc import Callable
from importlib.util import find_spec

from fanzha.errors import InvalidConfiguration
from services.decision_log import options
from services.decision_log.archive.archive_reader import ArchiveReader
from services.decision_log.archive.follower import ArchiveFollower, ArchiveScope
from services.decision_log.archive.s3_objects import S3Objects, S3Place
from services.settings.settings import Settings


def follower(settings: Settings, *, now_ms: Callable[[], int]) -> ArchiveFollower | None:
    """Return what archives the log of this host; None where that is off."""
    if not settings.decision_log_archive_bucket or not settings.decision_log_enabled:
        return None
    return ArchiveFollower(
        options.folder(settings), objects(settings), scope(settings), now_ms=now_ms
    )


def reader(settings: Settings) -> ArchiveReader:
    """Return what reads the archive; InvalidConfiguration where there is none."""
    return ArchiveReader(objects(settings), options.folder(settings))


def scope(settings: Settings) -> ArchiveScope:
    """Return what is archived, and for how long."""
    return ArchiveScope(
        kinds=tuple(dict.fromkeys(settings.decision_log_archive_kinds.split(","))),
        days=settings.decision_log_archive_days,
    )


def objects(settings: Settings) -> S3Objects:
    """Return the object store."""
    if not settings.decision_log_archive_bucket:
        raise InvalidConfiguration("decision_log_archive_bucket: required")
    if find_spec("boto3") is None:
        raise InvalidConfiguration("decision_log_archive_bucket: needs the extra archive")
    return S3Objects(
        S3Place(
            bucket=settings.decision_log_archive_bucket,
            prefix=settings.decision_log_archive_prefix,
            endpoint=settings.decision_log_archive_endpoint,
            region=settings.decision_log_archive_region,
            credentials_file=settings.decision_log_archive_credentials_file,
            ca_file=settings.decision_log_archive_ca,
            encryption=settings.decision_log_archive_encryption,
        )
    )
