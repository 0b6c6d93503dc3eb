"""Assembles the API from its features."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import APIRoute

from services.api.batches import endpoints as batches
from services.api.batches import imports
from services.api.batches.bodies import BODY_RULES
from services.api.batches.schemas import FileInput, PreviewInput, SourceInput
from services.api.dependencies import open_resources
from services.api.events import endpoints as events
from services.api.exports import endpoints as exports
from services.api.exports.schemas import ExportedList
from services.api.http import docs
from services.api.http.middleware import RequestFilter
from services.api.http.openapi import DESCRIPTION, install_openapi
from services.api.http.problems import install_problem_handlers
from services.api.http.static_files import BUILT_PAGE, SpaFiles
from services.api.lists import endpoints as lists
from services.api.subscriptions import endpoints as subscriptions
from services.api.subscriptions.schemas import SubscriptionConflict
from services.api.system import endpoints as system
from services.api.system import upstreams, usage, versions
from services.api.videos import endpoints as videos
from services.api.videos import progress, transcript
from services.api.videos.schemas import VideoConflict
from shared import VERSION
from shared.settings import Settings


def create_app(settings: Settings, page: Path = BUILT_PAGE) -> FastAPI:
    """The API as an ASGI application, with the built web page; its lifespan opens and closes the `AppContext`."""

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
    features = (videos, batches, imports, exports, subscriptions, progress, transcript, lists, events, upstreams, usage)
    for module in (*features, versions, system):
        app.include_router(module.router, prefix="/api")
    app.include_router(docs.router)
    app.router.default = SpaFiles(page, otherwise=app.router.default)
    app.add_middleware(RequestFilter, allowed_hosts=settings.allowed_host_names, body_rules=BODY_RULES)
    install_problem_handlers(app)
    install_openapi(app, (VideoConflict, SubscriptionConflict, SourceInput, PreviewInput, FileInput, ExportedList))
    return app


def _operation_id(route: APIRoute) -> str:
    """The name of the endpoint's function, which generated clients use for the method."""
    return route.name
