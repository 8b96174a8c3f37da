"""Connections to Temporal, and what must be known of a server before runs start on it."""

from __future__ import annotations

import asyncio
import atexit
import functools
import gc
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode

from contracts.errors import BackendUnavailable, ConfigurationError
from perdure.settings import TemporalSettings

WORKFLOW = "AgentRun"
FLOW_WORKFLOW = "FlowRun"
OUR_WORKFLOWS = f"WorkflowType IN ('{WORKFLOW}', '{FLOW_WORKFLOW}')"
TASK_QUEUE = "perdure"
SEARCH_ATTRIBUTES = (
    "PerdureTeam",
    "PerdureFlow",
    "PerdureUser",
    "PerdureSession",
    "PerdurePhase",
    "PerdureWaitingFor",
)
RPC_TIMEOUT = timedelta(seconds=5)
_CONNECT_SECONDS = 5
_SETTLE_SECONDS = 0.1
# A worker's poll is held for a minute at most, so one that was not seen for longer is gone.
_POLLER_AGE = timedelta(seconds=65)
_AWAY = {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED}
_REFUSED = {RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.PERMISSION_DENIED}


async def connect(settings: TemporalSettings) -> Client:
    """Connect, and see that the namespace is there.

    Raises:
        BackendUnavailable: the server does not answer within 5 s.
        ConfigurationError: the key, a certificate or the namespace is not accepted.
    """
    _settle_at_exit()
    profile = settings.profile()
    address = str(profile.address)
    try:
        options = profile.to_client_connect_config()
        client = await asyncio.wait_for(
            Client.connect(**options, data_converter=pydantic_data_converter), _CONNECT_SECONDS
        )
    except (RuntimeError, TimeoutError) as error:
        raise _unavailable(address, _reason(error)) from error
    except OSError as error:
        raise ConfigurationError(f"a TLS file of the Temporal configuration cannot be read: {error}") from error
    async with answering(client):
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=client.namespace), timeout=RPC_TIMEOUT
        )
    return client


@asynccontextmanager
async def answering(client: Client) -> AsyncIterator[None]:
    """Turn a call that the server did not answer, or refused to this caller, into an error of ours.

    Raises:
        BackendUnavailable: the server is away.
        ConfigurationError: the key or the namespace is not accepted.
    """
    address = client.service_client.config.target_host
    try:
        yield
    except RPCError as error:
        if error.status in _AWAY:
            raise _unavailable(address, error.message) from error
        if error.status in _REFUSED:
            raise ConfigurationError(f"Temporal at {address} refuses these credentials: {error.message}") from error
        if error.status is RPCStatusCode.NOT_FOUND and "Namespace" in error.message:
            raise ConfigurationError(
                f"Temporal at {address} has no namespace {client.namespace!r}: create it, or set TEMPORAL_NAMESPACE"
            ) from error
        raise


async def search_attributes(client: Client) -> frozenset[str]:
    """Return which of our search attributes may be used; missing ones are registered where that is allowed."""
    try:
        known = await _known_attributes(client)
        if missing := set(SEARCH_ATTRIBUTES) - known:
            await _register(client, missing)
            known = await _known_attributes(client)
    except RPCError:
        # Not allowed to this caller, as on Temporal Cloud: runs work without, they are only harder to find.
        return frozenset()
    return known & frozenset(SEARCH_ATTRIBUTES)


async def worker_identities(client: Client, *, task_queue: str = TASK_QUEUE) -> list[str]:
    """Return the identities of the workers that asked for work of this queue in the last minute.

    Those of this machine that have ended since are left out; of others that cannot be known.
    """
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=task_queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    async with answering(client):
        found = await client.workflow_service.describe_task_queue(request, timeout=RPC_TIMEOUT)
    return [poller.identity for poller in found.pollers if _is_recent(poller) and not _has_ended(poller.identity)]


async def open_runs(client: Client) -> int:
    """Return how many runs and flows have not ended."""
    async with answering(client):
        found = await client.count_workflows(
            f"{OUR_WORKFLOWS} AND ExecutionStatus = 'Running'", rpc_timeout=RPC_TIMEOUT
        )
    return found.count


def identity(pid: int) -> str:
    """Return how the worker in a process of this machine calls itself."""
    return f"{pid}@{socket.gethostname()}"


def _has_ended(name: str) -> bool:
    pid, _, _ = name.partition("@")
    if not pid.isdigit() or name != identity(int(pid)):
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _is_recent(poller: PollerInfo) -> bool:
    return datetime.now(UTC) - poller.last_access_time.ToDatetime(UTC) < _POLLER_AGE


async def _known_attributes(client: Client) -> frozenset[str]:
    found = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace), timeout=RPC_TIMEOUT
    )
    return frozenset(found.custom_attributes)


async def _register(client: Client, names: set[str]) -> None:
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=client.namespace, search_attributes=dict.fromkeys(names, keyword)),
        timeout=RPC_TIMEOUT,
    )


@functools.cache
def _settle_at_exit() -> None:
    """Give the last calls' threads the time to let go of Python before the interpreter ends.

    Without it one process in ten that ends right after a call is aborted by Python itself (exit code 134), as a thread
    of Temporal's is just giving back the interpreter's lock.
    """
    atexit.register(_settle)


def _settle() -> None:
    gc.collect()
    time.sleep(_SETTLE_SECONDS)


def _unavailable(address: str, reason: str) -> BackendUnavailable:
    return BackendUnavailable(
        f"Temporal does not answer at {address} ({reason}): start one with `perdure up`, or set TEMPORAL_ADDRESS"
    )


def _reason(error: BaseException) -> str:
    """The one part of the transport's message that says something to a person."""
    if isinstance(error, TimeoutError):
        return f"no answer in {_CONNECT_SECONDS} s"
    said = str(error).removeprefix("Failed client connect: ")
    _, found, message = said.rpartition('message: "')
    return message.split('"')[0].lower() if found else said
