"""Puts the API together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import APIRoute

from services.api import (
    batches,
    content,
    docs,
    events,
    imports,
    lists,
    progress,
    subscriptions,
    system,
    upstreams,
    usage,
    videos,
)
from services.api.deps import open_resources
from services.api.guard import RequestGuard
from services.api.openapi import DESCRIPTION, install_openapi
from services.api.problems import install_problem_handlers
from services.api.web import BUILT_PAGE, Page
from shared import VERSION
from shared.settings import Settings


def create_app(settings: Settings, page: Path = BUILT_PAGE) -> FastAPI:
    """The API as an ASGI application, with the built page; its lifespan opens and closes what requests share."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_resources(settings) as resources:
            app.state.resources = resources
            yield

    app = FastAPI(
        title="Vidferry",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    for module in (videos, batches, imports, subscriptions, progress, content, lists, events, upstreams, usage, system):
        app.include_router(module.router, prefix="/api")
    app.include_router(docs.router)
    app.router.default = Page(page, otherwise=app.router.default)
    app.add_middleware(RequestGuard, allowed_hosts=settings.allowed_host_names)
    install_problem_handlers(app)
    install_openapi(app)
    return app


def _operation_id(route: APIRoute) -> str:
    """The endpoint's own name: it becomes the method name in generated clients."""
    return route.name
