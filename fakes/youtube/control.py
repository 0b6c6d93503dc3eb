"""A plain-HTTP interface to a fake YouTube in another process: its log, its faults, its videos and lists."""

from fastapi import FastAPI

from fakes.youtube.app import FakeYoutubeApp
from fakes.youtube.faults import Fault
from fakes.youtube.library import Library
from fakes.youtube.lists import FakeList
from fakes.youtube.model import FakeVideo, LoggedRequest


def build_control(app: FakeYoutubeApp, library: Library) -> FastAPI:
    """The control interface of `app`, which serves `library`."""
    control = FastAPI(title="YouTube fake YouTube")

    @control.get("/requests")
    async def list_requests() -> list[LoggedRequest]:
        return list(app.log)

    @control.delete("/requests", status_code=204)
    async def clear_requests() -> None:
        app.log.clear()

    @control.get("/faults")
    async def list_faults() -> list[Fault]:
        return app.faults.pending

    @control.post("/faults", status_code=201)
    async def add_fault(fault: Fault) -> Fault:
        return app.faults.add(fault)

    @control.delete("/faults", status_code=204)
    async def clear_faults() -> None:
        app.faults.clear()

    @control.post("/videos", status_code=204)
    async def add_video(changed: FakeVideo) -> None:
        library.add(changed)

    @control.post("/lists", status_code=204)
    async def add_list(changed: FakeList) -> None:
        library.lists.add(changed)

    return control
