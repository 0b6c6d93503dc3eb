"""The `RateGovernor`s of this installation, configured by its settings."""

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from shared.contracts.upstreams import Upstream
from shared.settings import Settings
from shared.temporal.errors import is_not_found
from workflows.rate_limits.client import GovernorClient


def governor_clients(client: Client, settings: Settings) -> dict[Upstream, GovernorClient]:
    """Return a client of each upstream's governor."""
    policies = {
        Upstream.YOUTUBE: settings.youtube_rate_limits,
        Upstream.TRANSCRIPTION: settings.transcription_rate_limits,
    }
    return {upstream: GovernorClient(client, upstream, policy) for upstream, policy in policies.items()}


def called_upstreams(settings: Settings) -> list[Upstream]:
    """Return the upstreams that this installation calls."""
    return [Upstream.YOUTUBE] if settings.transcription_off else [Upstream.YOUTUBE, Upstream.TRANSCRIPTION]


async def configure_governors(client: Client, settings: Settings) -> None:
    """Apply the settings of this worker. Raises what the Temporal client raises."""
    governors = governor_clients(client, settings)
    for upstream in called_upstreams(settings):
        await governors[upstream].configure()


async def restart_governors(client: Client, settings: Settings, reason: str) -> None:
    """Start new runs from the state in PostgreSQL. Raises what the Temporal client raises.

    Terminating alone would lose a pause that the operator requested while no worker ran, and the last reports of the
    workers, which they send when they end.
    """
    for governor in governor_clients(client, settings).values():
        try:
            found = await client.get_workflow_handle(governor.workflow_id).describe()
            if found.status is WorkflowExecutionStatus.RUNNING and found.run_id:
                await governor.restart(found.run_id, reason, with_reports=True)
        except RPCError as error:
            if not is_not_found(error):  # it does not run
                raise
