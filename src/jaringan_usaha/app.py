"""The one place where rooms are joined into an HTTP service."""

import contextlib
import gc
import logging
import re
from collections.abc import AsyncIterator, Awaitable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

import jaringan_usaha
from jaringan_usaha.api import (
    operations,
    problems,
    test_clocks,
)
from jaringan_usaha.api.access import routes as key_routes
from jaringan_usaha.api.contract.openapi import describe
from jaringan_usaha.api.contract.pages import ContractPages
from jaringan_usaha.api.contract.problem_pages import problem_page
from jaringan_usaha.api.door import Door, door_of
from jaringan_usaha.api.doorway import AtTheDoor, Headers, headers_of_all
from jaringan_usaha.api.lean_route import LeanRoute
from jaringan_usaha.api.packing import Packing
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.api.sync.up import LineFrame, Sync
from jaringan_usaha.api.validation import errors_from, errors_of, misfit
from jaringan_usaha.api.versions import PACKED_FROM
from jaringan_usaha.api.visits import Visits
from jaringan_usaha.approvals import routes as waiting_routes
from jaringan_usaha.changes import routes as change_routes
from jaringan_usaha.eventlog.database import FULL, LOST
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.features.catalog import import_routes, item_routes
from jaringan_usaha.features.catalog import routes as catalog_routes
from jaringan_usaha.features.contacts import read_routes, told_routes
from jaringan_usaha.features.contacts import routes as contact_routes
from jaringan_usaha.features.cycles import routes as cycle_routes
from jaringan_usaha.features.cycles.amendments import routes as amend_routes
from jaringan_usaha.features.cycles.amendments import withdrawal_routes
from jaringan_usaha.features.cycles.group import approval_routes, entitlement_routes
from jaringan_usaha.features.cycles.group import price_routes as group_price_routes
from jaringan_usaha.features.cycles.group import routes as group_routes
from jaringan_usaha.features.cycles.orders import routes as order_routes
from jaringan_usaha.features.fulfilment import routes as fulfilment_routes
from jaringan_usaha.features.invoicing import (
    charge_routes,
    correction_routes,
    payment_routes,
    progress_routes,
)
from jaringan_usaha.features.invoicing import routes as invoice_routes
from jaringan_usaha.features.margin import ledger_routes, month_routes
from jaringan_usaha.features.margin import routes as margin_routes
from jaringan_usaha.features.prices import market_routes
from jaringan_usaha.features.prices import routes as price_routes
from jaringan_usaha.features.registry import account_routes, rule_routes, supplier_routes
from jaringan_usaha.features.registry import routes as registry_routes
from jaringan_usaha.features.sales import routes as sale_routes
from jaringan_usaha.features.shares import routes as share_routes
from jaringan_usaha.features.sourcing import routes as sourcing_routes
from jaringan_usaha.kernel.rejections import Rejection
from jaringan_usaha.opening import opened_door
from jaringan_usaha.people import people_routes
from jaringan_usaha.people import routes as login_routes
from jaringan_usaha.people.provider import Provider
from jaringan_usaha.settings import Settings

queries = Queries("jaringan_usaha", "app.sql")
logger = logging.getLogger(__name__)

HOT_PATH = re.compile(r"/v1/orders/(?P<order_id>[0-9a-f-]{36})")

FEATURE_ROUTES = (
    registry_routes,
    supplier_routes,
    account_routes,
    rule_routes,
    contact_routes,
    told_routes,
    read_routes,
    item_routes,
    catalog_routes,
    import_routes,
    share_routes,
    sourcing_routes,
    order_routes,
    cycle_routes,
    group_routes,
    group_price_routes,
    entitlement_routes,
    approval_routes,
    amend_routes,
    withdrawal_routes,
    price_routes,
    market_routes,
    fulfilment_routes,
    correction_routes,
    invoice_routes,
    payment_routes,
    charge_routes,
    progress_routes,
    sale_routes,
    margin_routes,
    ledger_routes,
    month_routes,
    waiting_routes,
    change_routes,
)
OTHER_ROUTES = (key_routes, operations, test_clocks, login_routes, people_routes)
SYNC_TYPES = {
    name: kind for each in FEATURE_ROUTES for name, kind in getattr(each, "sync_types", {}).items()
}

PUT_ORDER = LeanRoute(
    "PUT", "/v1/orders/{order_id}", order_routes.put_order, operation_id="putOrder"
)
POST_SYNC = LeanRoute(
    "POST",
    "/v1/sync",
    Sync(SYNC_TYPES).post,
    operation_id="sync",
    query=frozenset(("atomic",)),
)
MOST_SKEW_SECONDS = 30


class Health(BaseModel):
    """`ready`: nothing else is answered with 200."""

    state: str
    lag: dict[str, int]
    stopped: list[str]
    clock_skew_seconds: float


def create_app(settings: Settings) -> FastAPI:
    """The service; it opens its connections when it starts."""

    visits = Visits(settings.requests_at_once)
    headers = headers_of_all(settings.public_url)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with opened_door(settings) as door:
            app.state.door = door
            app.state.provider = _provider(settings, door)
            gc.collect()
            gc.freeze()  # what lives as long as the process is not looked through again
            gc.set_threshold(50_000, 20, 50)
            yield {"visits": visits, "headers": headers}

    app = House(
        visits,
        headers,
        title="Jaringan Usaha Koperasi",
        version=jaringan_usaha.__version__,
        lifespan=lifespan,
        docs_url=None,
        openapi_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        redoc_url=None,
        redirect_slashes=False,
    )
    lean = [
        PUT_ORDER,
        POST_SYNC,
        Route("/problems/{code}", problem_page),
        *ContractPages(settings.public_url).routes,
    ]
    app.router.routes[:0] = lean
    for routes in (*FEATURE_ROUTES, *OTHER_ROUTES):
        app.include_router(routes.router)
    _add_health(app)
    _add_problems(app)
    describe(app, (PUT_ORDER, order_routes.OrderBody), (POST_SYNC, LineFrame))
    app.add_middleware(Packing, minimum_size=PACKED_FROM, compresslevel=4)
    app.add_middleware(AtTheDoor, visits=visits, headers=headers)
    return app


def _provider(settings: Settings, door: Door) -> Provider | None:
    """Where people log in, if anywhere."""
    if settings.oidc_issuer is None:
        return None
    file = settings.oidc_client_secret_file
    return Provider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        None if file is None else file.read_text(encoding="ascii").strip(),
        f"{settings.public_url}/auth/callback",
        door.clock.now,
        frozenset(settings.oidc_second_factor_acr.split()),
    )


def _add_health(app: FastAPI) -> None:
    @app.get("/healthz", operation_id="getHealth", tags=["health"])
    async def healthz() -> dict[str, str]:
        """The process runs."""
        return {"state": "alive"}

    @app.get("/readyz", operation_id="getReadiness", tags=["health"])
    async def readyz(request: Request) -> Health:
        """The database answers, and goes by the same time; how far the read tables are behind."""
        door = door_of(request)
        try:
            rows = await door.read_pool.fetch(queries.lag, timeout=2)
        except (*LOST, *FULL):
            raise Problem(
                503,
                "storage-unavailable",
                "the database does not answer",
                headers={"Retry-After": "2"},
            ) from None
        skew = abs(door.clock.offset.total_seconds())
        if skew >= MOST_SKEW_SECONDS:
            raise Problem(
                503,
                "clock-skew",
                "the clocks of this machine and of the database are half a minute apart, or more",
                headers={"Retry-After": "30"},
            )
        return Health(
            state="ready",
            lag={row["projection"]: row["lag"] for row in rows},
            stopped=[row["projection"] for row in rows if row["stopped"]],
            clock_skew_seconds=round(skew, 3),
        )


def _add_problems(app: FastAPI) -> None:
    """Every other answer is a problem document, also the framework's own."""

    for kind in REFUSALS:
        app.add_exception_handler(kind, refused)

    @app.exception_handler(RequestValidationError)
    async def unfit(request: Request, error: RequestValidationError) -> Response:
        return problems.answer(request, misfit(errors_from(list(error.errors()), skip=1)))

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> Response:
        code = {404: "not-found", 405: "method-not-allowed", 413: "payload-too-large"}.get(
            error.status_code, "validation-failed"
        )
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(sorted(_methods_of(request)))
        return problems.answer(
            request, Problem(error.status_code, code, str(error.detail), headers=headers)
        )

    app.add_exception_handler(Exception, internal)


def _methods_of(request: Request) -> set[str]:
    """Those of every route of the path; the framework names the first one's only."""
    routers = [request.app.router, *(each.router for each in (*FEATURE_ROUTES, *OTHER_ROUTES))]
    return {
        method
        for router in routers
        for route in router.routes
        if isinstance(route, Route) and route.path_regex.match(request.url.path)
        for method in route.methods or ()
    }


REFUSALS = (Rejection, Problem, ValidationError, ClientDisconnect)


async def refused(request: Request, error: Exception) -> Response:
    """The answer to a request that a rule, the door or the form says no to; nobody hears the
    one to a caller who has hung up."""
    match error:
        case Rejection():
            return problems.refusal(request, error)
        case Problem():
            return problems.answer(request, error)
        case ValidationError():
            return problems.answer(request, misfit(errors_of(error)))
        case ClientDisconnect():
            return Response(status_code=400)
    raise error


async def internal(request: Request, error: Exception) -> Response:
    """The answer to a request that failed."""
    told = {"request_id": request.scope.get("request_id")}
    logger.error("a request failed", exc_info=error, extra=told)
    return problems.answer(
        request,
        Problem(500, "internal", "an error of ours; nothing is lost, send the request again"),
    )


class House(FastAPI):
    """The framework's application, and a way past all of its layers for the one request that
    comes by the thousand."""

    def __init__(self, visits: Visits, headers: Headers, **named: Any) -> None:
        super().__init__(**named)
        self._hot = AtTheDoor(_hot_road, visits, headers)

    def build_middleware_stack(self) -> ASGIApp:
        usual, hot = super().build_middleware_stack(), self._hot

        def way(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            if scope["type"] == "http" and scope["method"] == "PUT":
                order = HOT_PATH.fullmatch(scope["path"])
                if order is not None:
                    scope["path_params"] = order.groupdict()
                    scope["route"] = PUT_ORDER
                    return hot(scope, receive, send)
            return usual(scope, receive, send)

        return way


async def _hot_road(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive, send)
    try:
        response = await order_routes.put_order(request)
    except REFUSALS as error:
        response = await refused(request, error)
    except Exception as error:
        response = await internal(request, error)
    await response(scope, receive, send)


def openapi_document() -> dict[str, Any]:
    """The public contract, as `openapi/openapi.json` keeps it."""
    return create_app(Settings(database_url="")).openapi()
