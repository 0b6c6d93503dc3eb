"""One run: the product is started, used, disturbed, and looked at when it has settled."""

import asyncio
import json
import shutil
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx

from tests.chaos.checks import Examination
from tests.chaos.client import REQUEST_SECONDS, Client
from tests.chaos.database import ChaosDatabase
from tests.chaos.disk import SmallDisk
from tests.chaos.fault_plan import PlannedFault, Victim, duration, plan_faults
from tests.chaos.health import Health
from tests.chaos.injection import Injection
from tests.chaos.ledger import Ledger
from tests.chaos.mix import Mix
from tests.chaos.proxy import LOOPBACK, Proxy
from tests.chaos.tab import Tab
from tests.chaos.timeline import Timeline
from tests.chaos.violations import Violation, ViolationKind
from tests.chaos.workload import Workload
from tests.chaos.youtube import YoutubeControl
from tests.e2e.stack import Stack, running_stack
from tests.support.servers import free_port
from tests.support.waiting import eventually

SETTLE_SECONDS = 300
"""How long everything may take to end after the last fault."""
CALM_SECONDS = 60
ANSWER_SECONDS = 0.4
"""How long the fake YouTube takes for an answer: something is always under way."""
CALLS_PER_SECOND, CALM_CALLS_PER_SECOND = 1.2, 5
"""A hundred imports are some 260 calls: disturbed, they last as long as the faults do; undisturbed, nobody waits."""
POLL_SECONDS = 2.0
FINAL_SECONDS = 45
"""What has been wrong for so long, and is not just stuck, stays wrong: more than any retry of our own waits (30 s)."""
DATABASE_ERRORS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


@dataclass
class Run:
    """One run and what came of it."""

    name: str
    seed: int
    directory: Path
    planned: Sequence[PlannedFault]
    timeline: Timeline
    tab: Tab
    ledger: Ledger = field(default_factory=Ledger)
    violations: list[Violation] = field(default_factory=list)
    faults: int = 0
    requests_per_video: float = 0
    settled_seconds: float = 0
    """How long everything took to end after the last fault, and after the last client."""
    seconds: float = 0

    @classmethod
    def calm(cls, seed: int, directory: Path) -> "Run":
        """A run without faults."""
        return cls._in("calm", seed, directory, [])

    @classmethod
    def of_seed(cls, seed: int, directory: Path) -> "Run":
        """A run with the faults of a seed."""
        return cls._in(f"seed {seed}", seed, directory, plan_faults(seed))

    @classmethod
    def _in(cls, name: str, seed: int, directory: Path, planned: Sequence[PlannedFault]) -> "Run":
        own = directory / name.replace(" ", "-")
        own.mkdir(parents=True)
        timeline = Timeline(own / "timeline.log")
        return cls(name, seed, own, planned, timeline, Tab("", timeline))

    @property
    def active_seconds(self) -> float:
        """How long clients are active, and faults happen."""
        return duration(self.planned) or CALM_SECONDS

    async def execute(self) -> None:
        """Run it; what it has found is kept in its directory, which is removed where there is nothing."""
        try:
            with SmallDisk.mounted(self.directory / "audio") as disk:
                await self._with_product(disk)
        except Exception as error:  # the other seeds go on
            self.timeline.note(traceback.format_exc())
            self.violations.append(Violation(ViolationKind.UNWELL, f"the run itself failed: {error!r}"[:500]))
        self.seconds = self.timeline.seconds
        if self.violations:
            (self.directory / "violations.txt").write_text("".join(f"{each}\n" for each in self.violations))
        else:
            shutil.rmtree(self.directory)

    async def _with_product(self, disk: SmallDisk | None) -> None:
        servers = {Victim.POSTGRES: free_port(), Victim.TEMPORAL: free_port()}
        async with AsyncExitStack() as stack:
            proxies = {
                name: await stack.enter_async_context(Proxy(free_port(), port)) for name, port in servers.items()
            }
            product = await stack.enter_async_context(self._product(servers, proxies, disk))
            youtube = await stack.enter_async_context(_youtube_control(product))
            await youtube.slow_down(ANSWER_SECONDS)
            database = ChaosDatabase(product.home, servers[Victim.POSTGRES])
            await database.remember_deleted_events()
            health = Health(product, database, f"{LOOPBACK}:{servers[Victim.TEMPORAL]}", disk)
            self.tab.url = product.progress_url
            async with self.tab.opened():
                await self._disturb(Injection(product, proxies, disk, self.timeline), youtube, health)
            requests = await youtube.request_count()
            self.requests_per_video = requests / len(Mix.of(self.seed).videos)

    async def _disturb(self, injection: Injection, youtube: YoutubeControl, health: Health) -> None:
        await eventually(self._tab_is_open)
        mix, deadline = Mix.of(self.seed), self.timeline.seconds + self.active_seconds + SETTLE_SECONDS
        async with httpx.AsyncClient(
            base_url=injection.stack.api_url, timeout=REQUEST_SECONDS, trust_env=False
        ) as http:
            client = Client(http, self.ledger, self.timeline, deadline)
            workload = Workload(self.seed, mix, self.active_seconds, client, self.ledger, youtube, self.timeline)
            self.timeline.note(f"{len(self.planned)} faults and {len(mix.videos)} videos begin")
            async with asyncio.TaskGroup() as group:
                group.create_task(workload.run())
                self.faults = await injection.run(self.planned)
                quiet_since = self.timeline.seconds
                self.timeline.note("the last fault is over")
            self.timeline.note("the last client is done")
        self.violations = await self._settle(mix, health, deadline)
        if injection.missed:
            self.violations.append(Violation(ViolationKind.UNWELL, f"{injection.missed} faults met no process"))
        self.settled_seconds = self.timeline.seconds - quiet_since
        self.timeline.note("settled" if not self.violations else f"{len(self.violations)} violations")
        for violation in self.violations:
            self.timeline.note(str(violation))

    async def _settle(self, mix: Mix, health: Health, deadline: float) -> list[Violation]:
        """Look until nothing is wrong, or nothing changes any more.

        The installation itself is asked when the data are right, and at the end.
        """
        final, final_since = None, self.timeline.seconds
        while True:
            violations = await self._examine(mix, health)
            if violations != final:
                final, final_since = violations, self.timeline.seconds
            is_final = self.timeline.seconds - final_since > FINAL_SECONDS and not _may_change(violations)
            is_over = is_final or self.timeline.seconds > deadline
            if not violations or is_over:
                violations = violations + await self._examine_health(health)
            if not violations or is_over:
                return violations
            await asyncio.sleep(POLL_SECONDS)

    async def _examine(self, mix: Mix, health: Health) -> list[Violation]:
        try:
            contents = await health.database.contents()
        except DATABASE_ERRORS as error:
            return [Violation(ViolationKind.UNWELL, f"PostgreSQL does not answer: {error!r}")]
        return Examination(contents, self.ledger, mix, self.tab).violations()

    async def _examine_health(self, health: Health) -> list[Violation]:
        try:
            return await health.violations()
        except DATABASE_ERRORS as error:
            return [Violation(ViolationKind.UNWELL, f"PostgreSQL does not answer: {error!r}")]

    async def _tab_is_open(self) -> bool:
        return self.tab.first_seq is not None

    @asynccontextmanager
    async def _product(
        self, servers: dict[Victim, int], proxies: dict[Victim, Proxy], disk: SmallDisk | None
    ) -> AsyncIterator[Stack]:
        """The demo, whose services reach its servers through the proxies. That it cannot be stopped is a violation."""
        command = (
            "-m",
            "tests.chaos.launch",
            *(str(proxies[name].port) for name in (Victim.POSTGRES, Victim.TEMPORAL)),
        )
        settings = {
            "VIDFERRY_POSTGRES_PORT": str(servers[Victim.POSTGRES]),
            "VIDFERRY_TEMPORAL_PORT": str(servers[Victim.TEMPORAL]),
            "YOUTUBE_CALLS_PER_SECOND": str(CALLS_PER_SECOND if self.planned else CALM_CALLS_PER_SECOND),
            "YOUTUBE_BURST_CALLS": "0",
        }
        if disk is not None:
            settings["VIDFERRY_AUDIO_STORE"] = str(disk.path)
        is_used = False
        try:
            async with running_stack(self.directory, command, settings) as stack:
                yield stack
                is_used = True
        except (AssertionError, TimeoutError) as error:
            if not is_used:
                raise
            self.violations.append(Violation(ViolationKind.UNWELL, f"it did not stop in good order: {error!r}"[:500]))


def _may_change(violations: Sequence[Violation]) -> bool:
    """Whether something may still go on, or only the installation itself has to be asked."""
    return not violations or any(violation.kind is ViolationKind.STUCK for violation in violations)


@asynccontextmanager
async def _youtube_control(product: Stack) -> AsyncIterator[YoutubeControl]:
    url = json.loads(product.fake_youtube_file.read_text())["control_url"]
    async with httpx.AsyncClient(base_url=url, timeout=REQUEST_SECONDS, trust_env=False) as http:
        yield YoutubeControl(http)
