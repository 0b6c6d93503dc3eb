"""The versions of Vidferry and of yt-dlp, which is updated while Vidferry runs."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.api.dependencies import Context
from services.api.http.openapi import problem_responses
from shared import VERSION
from shared.contracts.upstreams import ExtractorOrigin
from shared.db.connection import raw_connection
from shared.db.installation import ExtractorInUse, find_extractor

router = APIRouter(tags=["system"])


class ExtractorOutput(BaseModel):
    """The version of yt-dlp that the workers use: of several that differ, that of the worker that started last."""

    version: str = Field(examples=["2026.10.26"])
    origin: ExtractorOrigin | None = Field(
        description="`bundled`: it came with Vidferry; `stable`, `nightly`: an update of that kind, installed since. "
        "Null until a worker of this version of Vidferry has run.",
        examples=["stable"],
    )
    since: datetime = Field(description="When the first worker used it.")

    @classmethod
    def of(cls, extractor: ExtractorInUse) -> "ExtractorOutput":
        """The response for what a worker has recorded."""
        return cls(version=extractor.version, origin=extractor.origin, since=extractor.since)


class Versions(BaseModel):
    """The versions in use."""

    vidferry: str = Field(examples=["0.1.0"])
    extractor: ExtractorOutput | None = Field(description="Null until a worker has run.")


@router.get("/versions", summary="Get the versions of Vidferry and yt-dlp", responses=problem_responses())
async def get_versions(context: Context) -> Versions:
    """The version of this API, and the yt-dlp that the workers use, which is updated while Vidferry runs."""
    async with context.database.connection() as connection:
        extractor = await find_extractor(raw_connection(connection))
    return Versions(vidferry=VERSION, extractor=ExtractorOutput.of(extractor) if extractor else None)
