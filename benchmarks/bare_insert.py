"""The least that an endpoint with one INSERT can cost: FastAPI and asyncpg, nothing else."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel


class Added(BaseModel):
    """The request's body."""

    url: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One pool, one table."""
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=20) as pool:
        await pool.execute("CREATE TABLE IF NOT EXISTS bare (id uuid PRIMARY KEY, list_id uuid, url text)")
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/lists/{list_id}/videos", status_code=201)
async def add(list_id: UUID, added: Added, request: Request) -> dict[str, Any]:
    """One INSERT."""
    row = await request.app.state.pool.fetchrow(
        "INSERT INTO bare (id, list_id, url) VALUES ($1, $2, $3) RETURNING id, list_id, url",
        uuid4(),
        list_id,
        added.url,
    )
    return dict(row)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["BARE_PORT"]), access_log=False, log_level="warning")
