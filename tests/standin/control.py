"""A small plain-HTTP interface to a stand-in in another process: read its log, set its faults, change its lists."""

from fastapi import FastAPI

from tests.standin.app import StandinApp
from tests.standin.faults import Fault
from tests.standin.library import Library
from tests.standin.lists import StandinList
from tests.standin.model import LoggedRequest


def build_control(app: StandinApp, library: Library) -> FastAPI:
    """The control interface of `app`, which serves `library`."""
    control = FastAPI(title="YouTube stand-in")

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

    @control.post("/lists", status_code=204)
    async def add_list(changed: StandinList) -> None:
        library.lists.add(changed)

    return control
