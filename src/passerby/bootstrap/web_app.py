"""Build the web application: the AWS API, and the console beside it."""

from datetime import timedelta
from typing import TYPE_CHECKING

from passerby.bootstrap.installation import Installation
from passerby.bootstrap.storage import build_buckets
from passerby.clock import utc_now
from passerby.cloud.objects import FolderBuckets
from passerby.errors import SettingsError
from passerby.jobs.cached_jobs import CachedJobs
from passerby.jobs.queue_stats import queue_stats
from passerby.settings import Quotas, Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.routing import BaseRoute

    from passerby.api.exchange import Service
    from passerby.api.forwarding import Forwarding
    from passerby.api.rate_limits import RateLimiter
    from passerby.cloud.buckets import Buckets
    from passerby.wire.faces import ClassifyExpressions


def build_app(installation: Installation) -> "Starlette":
    """Build the web application: the API for AWS clients, and the console for people."""
    from passerby.api.app import create_app  # noqa: PLC0415
    from passerby.api.exchange import Service  # noqa: PLC0415
    from passerby.api.metrics import Metrics  # noqa: PLC0415
    from passerby.api.operations import Tracking  # noqa: PLC0415
    from passerby.api.signature import Authenticator  # noqa: PLC0415
    from passerby.api.tokens import PageTokens  # noqa: PLC0415

    settings = installation.settings
    forwarding = _forwarding(installation)
    buckets = build_buckets(settings)
    tracking = Tracking(
        jobs=CachedJobs(installation.jobs),
        objects=buckets,
        results=installation.results,
        page_tokens=PageTokens(
            installation.sealing_key.derive(b"passerby: page tokens"),
            timedelta(hours=settings.page_token_hours),
        ),
        open_job_limit=settings.account_quotas.open_jobs,
        video_bytes_limit=settings.max_video_bytes,
        classify_expressions=expression_classifier(settings),
    )
    service = Service(
        authenticator=Authenticator(
            installation.keys.find, frozenset(settings.regions), public_url=settings.public_url
        ),
        rates=rate_limits(settings.account_quotas),
        tracking=tracking,
        metrics=Metrics(lambda: queue_stats(installation.database, utc_now()), settings.data),
        forwarding=forwarding,
    )
    return create_app(
        service,
        _console(installation, service, buckets),
        home="/console/" if settings.console else None,
        cors_origins=settings.cors_origins,
    )


def _console(
    installation: Installation, service: "Service", buckets: "FolderBuckets | Buckets"
) -> "list[BaseRoute]":
    if not installation.settings.console:
        return []
    from passerby.bootstrap.console import build_console  # noqa: PLC0415

    return build_console(installation, service, buckets)


def _forwarding(installation: Installation) -> "Forwarding | None":
    """Connect to the endpoint of the other operations; None where they are not forwarded.

    Raises
    ------
    SettingsError
        If region or credentials are missing, or are those of a client of this server.
    """
    settings = installation.settings
    if not settings.forward_others:
        return None
    from passerby.api.forwarding import Forwarding  # noqa: PLC0415
    from passerby.cloud.other_endpoint import Origin, OtherEndpoint  # noqa: PLC0415

    origin = Origin(
        region=settings.forward_region,
        endpoint_url=settings.forward_endpoint_url,
        profile=settings.forward_profile,
        access_key_id=settings.forward_access_key_id,
        secret_access_key=settings.forward_secret_access_key,
    )
    endpoint = OtherEndpoint(origin)
    if installation.keys.find(endpoint.access_key_id) is not None:
        raise SettingsError(
            f"Operations cannot be forwarded with {endpoint.access_key_id}, an access key of this "
            "server: set forward_profile, or unset AWS_ACCESS_KEY_ID."
        )
    return Forwarding(endpoint, settings.forward_operations)


def expression_classifier(settings: Settings) -> "ClassifyExpressions | None":
    """Whoever tells more of faces than the service did by default; None where nobody is to."""
    if settings.face_attributes != "all":
        return None
    from passerby.faces.expression import judge  # noqa: PLC0415

    return judge


def rate_limits(quotas: Quotas) -> "dict[str, RateLimiter]":
    """Limit the calls of an account by operation, with bursts of one second's worth."""
    from passerby.api.rate_limits import RateLimiter  # noqa: PLC0415

    per_second = {
        "StartPersonTracking": quotas.starts_per_second,
        "GetPersonTracking": quotas.gets_per_second,
    }
    return {name: RateLimiter(rate, max(rate, 1)) for name, rate in per_second.items() if rate}
