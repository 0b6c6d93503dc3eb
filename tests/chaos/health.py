"""Asks the running installation itself how it is."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx

from services.stack.process import ProcessState
from services.stack.state import StackState
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.errors import is_temporal_unavailable
from tests.chaos.database import ChaosDatabase
from tests.chaos.disk import SmallDisk
from tests.chaos.violations import Violation, ViolationKind
from tests.e2e.stack import Stack

ANSWER_SECONDS = 10
DOCTOR_SECONDS = 60
RUNNING_IMPORTS = "WorkflowType IN ('ImportVideo', 'ImportBatch') AND ExecutionStatus = 'Running'"


@dataclass(frozen=True)
class Health:
    """An installation, reached beside the proxies."""

    stack: Stack
    database: ChaosDatabase
    temporal_address: str
    disk: SmallDisk | None

    async def violations(self) -> list[Violation]:
        """What is left behind, and what is unwell."""
        stuck = [what async for what in self._left_behind()]
        unwell = [what async for what in self._unwell()]
        return [
            *(Violation(ViolationKind.STUCK, what) for what in stuck),
            *(Violation(ViolationKind.UNWELL, what) for what in unwell),
        ]

    async def _left_behind(self) -> AsyncIterator[str]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                client = await connect(Settings(temporal_address=self.temporal_address))
                async for execution in client.list_workflows(RUNNING_IMPORTS):
                    yield f"workflow {execution.id}"
        except Exception as error:
            if not is_temporal_unavailable(error):
                raise
            yield f"Temporal does not list its workflows: {error!r}"
        for name in self.disk.left_over() if self.disk else []:
            yield f"{name} in the audio store"

    async def _unwell(self) -> AsyncIterator[str]:
        for row in await self.database.forgotten():
            waits = " waits for a lock" if row["wait_event_type"] == "Lock" else ""
            yield f"connection {row['pid']} is {row['state']} for {row['seconds']} s{waits}: {row['query']}"
        for entry in StackState.read(self.stack.home.state_file).processes:
            if entry.state != ProcessState.RUNNING:
                yield f"{entry.name} is {entry.state}"
        if (trouble := await self._not_ready()) is not None:
            yield f"/api/ready: {trouble}"
        if (trouble := await self._doctors_finding()) is not None:
            yield f"vidferry doctor: {trouble}"

    async def _not_ready(self) -> str | None:
        try:
            async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as http:
                answer = await http.get(f"{self.stack.api_url}/ready")
        except httpx.TransportError as error:
            return repr(error)
        is_ready = answer.status_code == httpx.codes.OK and answer.json()["status"] == "ready"
        return None if is_ready else f"{answer.status_code} {answer.text[:300]}"

    async def _doctors_finding(self) -> str | None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "services.stack", "doctor"),
            env=os.environ | {"VIDFERRY_HOME": str(self.stack.home.outer)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(DOCTOR_SECONDS):
                said, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            return f"no answer within {DOCTOR_SECONDS} s"
        ill = [line for line in said.decode().splitlines() if not line.startswith(("✓", "–"))]
        return None if process.returncode == 0 else " ".join(ill)
