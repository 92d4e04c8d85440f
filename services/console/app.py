"""The application: the chain that every request passes, and all pages, in one place."""

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from time import time
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fanzha.translation.catalogue import gettext_noop
from infra.redis.client import Client
from infra.redis.shared_key import SharedKey
from services.console.appeals import views as appeals_views
from services.console.assessment import views as assessment_views
from services.console.audit import views as audit_views
from services.console.backend.channels import BackendChannels
from services.console.campaigns import views as campaign_views
from services.console.cases import views as cases_views
from services.console.changes import views as change_views
from services.console.decisions import views as decision_views
from services.console.education import views as education_views
from services.console.entities import views as entity_views
from services.console.imports.store import ImportStore
from services.console.incidents import views as incident_views
from services.console.lists import views as list_views
from services.console.map import boundaries
from services.console.map import views as map_views
from services.console.models import views as model_views
from services.console.palette import views as palette_views
from services.console.session import views as session_views
from services.console.session.provider import OpenIdProvider
from services.console.session.provider_views import BegunSignIns, ProviderViews
from services.console.session.store import SessionStore
from services.console.session.try_limit import TryLimit
from services.console.session.views import SignInViews
from services.console.settings import views as settings_views
from services.console.today import views as today_views
from services.console.web import error_pages
from services.console.web.assets import Assets
from services.console.web.body_limit import BodyLimit
from services.console.web.forwarded import ForwardedRequests
from services.console.web.guard import GuardedView
from services.console.web.page_request import ConsoleParts, PageRequest
from services.console.web.pages import ConsolePage, PageRoute
from services.console.web.sealed_links import LINK_KEY, SealedLinks
from services.console.web.security_headers import SecurityHeaders
from services.console.web.template_engine import TemplateEngine
from services.settings.settings import Settings

PAGES: tuple[ConsolePage, ...] = (
    today_views.PAGE,
    decision_views.PAGE,
    list_views.PAGE,
    change_views.PAGE,
    appeals_views.PAGE,
    cases_views.PAGE,
    map_views.PAGE,
    campaign_views.PAGE,
    entity_views.PAGE,
    incident_views.PAGE,
    assessment_views.PAGE,
    education_views.PAGE,
    audit_views.PAGE,
    model_views.PAGE,
    settings_views.PAGE,
)
"""All pages, in the order of the navigation."""

_ANYWHERE = ConsolePage(name="", title=gettext_noop("Console"), key="", needs=(), routes=())
"""What belongs to no page."""
_Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


def build(settings: Settings, *, redis: Client, channels: BackendChannels) -> Starlette:
    """Build the application; *redis* gives bytes. Raises `ValueError` for wrong settings."""
    boundaries.load(settings.console_map_file)  # a wrong file ends the start
    assets = Assets()
    provider = OpenIdProvider(settings) if settings.console_oidc_issuer else None
    parts = ConsoleParts(
        settings=settings,
        pages=PAGES,
        templates=TemplateEngine(assets, {"version": version("fanzha")}),
        sessions=SessionStore(
            redis,
            idle_seconds=settings.console_idle_minutes * 60,
            most_seconds=settings.console_session_hours * 3600,
            now_s=time,
        ),
        tries=TryLimit(redis, time),
        channels=channels,
        imports=ImportStore(redis),
        links=SealedLinks(SharedKey(redis, LINK_KEY).get),
        provider=provider,
    )
    return Starlette(
        routes=[*_routes(parts, assets, BegunSignIns(redis))], middleware=_chain(parts)
    )


def _chain(parts: ConsoleParts) -> list[Middleware]:
    """Return what each request passes, outermost first; `GuardedView` comes after these."""
    settings = parts.settings
    # Signing out is a form, and leads to the provider.
    form_targets = [parts.provider.origin] if parts.provider else []
    return [
        Middleware(ForwardedRequests, settings=settings),
        Middleware(SecurityHeaders, form_targets=form_targets),
        Middleware(BodyLimit, upload_bytes=settings.console_upload_bytes),
    ]


def _routes(parts: ConsoleParts, assets: Assets, begun: BegunSignIns) -> list[Route]:
    sign_in = SignInViews(parts)
    found = [
        Route("/health", _health),
        Route("/static/{name:path}", assets.serve),
        Route("/sign-in", sign_in.ask),
        Route("/signed-out", sign_in.signed_out),
        Route("/sign-in", sign_in.sign_in, methods=["POST"]),
        _guarded(parts, _ANYWHERE, PageRoute(path="/", view=_first_page)),
    ]
    if parts.provider is not None:
        elsewhere = ProviderViews(parts, parts.provider, begun, sign_in)
        found.append(Route("/sign-in/provider", elsewhere.begin))
        found.append(Route("/sign-in/callback", elsewhere.end))
    found += [
        _guarded(parts, _ANYWHERE, one) for one in (*session_views.ROUTES, *palette_views.ROUTES)
    ]
    for page in parts.pages:
        found += [_guarded(parts, page, one) for one in page.routes]
    missing = PageRoute(path="/{path:path}", view=error_pages.no_such_page)
    return [*found, _guarded(parts, _ANYWHERE, missing)]


def _guarded(parts: ConsoleParts, page: ConsolePage, route: PageRoute) -> Route:
    view: _Endpoint = GuardedView(page=page, route=route, parts=parts)
    path = (page.path if page.name else "") + route.path
    methods = [route.method]

    async def endpoint(request: Request) -> Response:
        return await view(request)

    return Route(path, endpoint, methods=methods)


async def _first_page(visit: PageRequest) -> Response:
    """Go to the first page that whoever is signed in may see."""
    for page in visit.parts.pages:
        if page.is_open_to(visit.session):
            return await visit.redirect(page.path)
    return await error_pages.no_such_page(visit)


async def _health(_request: Request) -> Response:
    return PlainTextResponse("ok\n")
