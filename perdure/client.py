"""The client: start runs from code, follow them, find them again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from contracts.runs import Budget, RunRequest
from perdure import connection, inspection, run_requests, stack_record
from perdure.connection import RPC_TIMEOUT, TASK_QUEUE, WORKFLOW, answering
from perdure.descriptions import RunSummary
from perdure.run import Run
from perdure.settings import Settings

# The parts of a long run but the last are left out.
_ALL_RUNS = f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus != 'ContinuedAsNew'"
# A worker that dies in a workflow task is noticed after this time; the default is 10 s. It must not be shorter than the
# replay of a long history, which would never come to an end: 1,400 model calls in one history take some 4 s.
_TASK_TIMEOUT = timedelta(seconds=8)


class Perdure:
    """A connection to the engine.

    Example:
        ```python
        async with Perdure.connect() as perdure:
            run = await perdure.start("support", task="My invoice is wrong", user="ada")
            async for event in run.events():
                print(event.source, event.text)
            result = await run.result()
        ```
    """

    def __init__(self, client: Client, *, attributes: frozenset[str] = frozenset()) -> None:
        """Use a connection that is there.

        Args:
            client: connection made with Temporal's `pydantic_data_converter`; its owner is the caller.
            attributes: the search attributes that the server knows.
        """
        self._client = client
        self._attributes = attributes

    @classmethod
    def connect(cls, settings: Settings | None = None) -> Connecting:
        """Connect to the server that is set, to the local stack that runs, or to 127.0.0.1:7233.

        Use it as `async with Perdure.connect() as perdure` or `perdure = await Perdure.connect()`.

        Args:
            settings: by default those of the environment and `perdure.toml`.

        Raises:
            BackendUnavailable: the server does not answer within 5 s.
            ConfigurationError: a setting is wrong.
        """
        return Connecting(settings)

    @classmethod
    async def using(cls, client: Client) -> Perdure:
        """Use a connection that is there, after asking which search attributes its server knows."""
        return cls(client, attributes=await connection.search_attributes(client))

    async def start(
        self,
        team: str,
        task: str,
        *,
        user: str | None = None,
        session: str | None = None,
        run_id: str | None = None,
        budget: Budget | None = None,
        files: str | Path | None = None,
        model: str | None = None,
        component: Mapping[str, Any] | None = None,
    ) -> Run:
        """Start a run. Starting an id again returns the run that is there, even if it has ended.

        Args:
            team: registered name of the team; with a component, only its label.
            task: what the team is to do, at most 200 KiB.
            user: the person the run serves.
            session: the conversation the run belongs to.
            run_id: an id of your own, which makes starting safe to repeat; by default one is drawn.
            budget: limits of the run; by default there are none.
            files: folder that the file tools may read, on the worker's machine.
            model: model used instead of the default one.
            component: AutoGen's component JSON of a team, used instead of a registered one.

        Raises:
            BadRequest: a field is wrong; the message names it.
            PayloadTooLarge: the request as a whole is larger than 256 KiB.
            BackendUnavailable: Temporal does not answer.
        """
        request = run_requests.made(
            team,
            task,
            user=user,
            session=session,
            run_id=run_id,
            budget=budget,
            files=files,
            model=model,
            component=component,
        )
        return await self.submit(request)

    async def submit(self, request: RunRequest) -> Run:
        """Start a run from a complete request. Starting an id again returns the run that is there.

        Raises:
            BackendUnavailable: Temporal does not answer.
        """
        try:
            async with answering(self._client):
                return await self._start_with(request, self._search_attributes(request))
        except RPCError as error:
            if error.status is not RPCStatusCode.INVALID_ARGUMENT or "earch attribute" not in error.message:
                raise
            # Registered a moment ago, and not yet known to all of the server.
            self._attributes = frozenset()
            return await self._start_with(request, None)

    async def get(self, run_id: str) -> Run:
        """Return a run that was started before.

        Raises:
            NotFound: there is no run of that id.
            BackendUnavailable: Temporal does not answer.
        """
        seen = await inspection.look(self._client, run_id)
        return Run(self._client, run_id, first=seen.first)

    async def runs(
        self, limit: int = 50, *, team: str | None = None, user: str | None = None, session: str | None = None
    ) -> AsyncIterator[RunSummary]:
        """Yield runs, the latest first.

        A run shows up here within a second of its start.

        Args:
            limit: how many at most.
            team: only runs of this team.
            user: only runs for this person.
            session: only runs of this conversation.

        Raises:
            BackendUnavailable: Temporal does not answer.
        """
        wanted = {"team": team, "user": user, "session": session}
        async with answering(self._client):
            async for execution in self._client.list_workflows(self._query(wanted), rpc_timeout=RPC_TIMEOUT):
                summary = await inspection.summary(execution)
                if any(value is not None and getattr(summary, name) != value for name, value in wanted.items()):
                    continue
                yield summary
                limit -= 1
                if limit <= 0:
                    return

    async def _start_with(self, request: RunRequest, attributes: TypedSearchAttributes | None) -> Run:
        try:
            handle = await self._client.start_workflow(
                WORKFLOW,
                request,
                id=request.run_id,
                task_queue=TASK_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                task_timeout=_TASK_TIMEOUT,
                memo={"team": request.team, "user": request.scope.user, "session": request.scope.session},
                search_attributes=attributes,
                static_summary=run_requests.summary(request),
                static_details=run_requests.details(request),
                rpc_timeout=RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return await self.get(request.run_id)
        if not handle.first_execution_run_id:
            return await self.get(request.run_id)
        return Run(self._client, request.run_id, first=handle.first_execution_run_id)

    def _query(self, wanted: Mapping[str, str | None]) -> str:
        """Let the server filter by what it knows; values that its language would misread are left to the caller."""
        named = {f"Perdure{name.capitalize()}": value for name, value in wanted.items()}
        parts = [
            f"{name} = '{value}'"
            for name, value in named.items()
            if value is not None and name in self._attributes and not set(value) & set("'\\")
        ]
        return " AND ".join([_ALL_RUNS, *parts])

    def _search_attributes(self, request: RunRequest) -> TypedSearchAttributes | None:
        values = {
            "PerdureTeam": request.team,
            "PerdureUser": request.scope.user,
            "PerdureSession": request.scope.session,
            "PerdurePhase": "running",
        }
        pairs = [
            SearchAttributePair(SearchAttributeKey.for_keyword(name), value)
            for name, value in values.items()
            if value is not None and name in self._attributes
        ]
        return TypedSearchAttributes(pairs) if pairs else None


class Connecting:
    """A connection in the making: await it, or enter it."""

    def __init__(self, settings: Settings | None) -> None:
        self._settings = settings

    def __await__(self) -> Generator[Any, None, Perdure]:
        return self._connect().__await__()

    async def __aenter__(self) -> Perdure:
        return await self._connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Temporal's connections have no end of their own; this one goes with its last user."""

    async def _connect(self) -> Perdure:
        settings = stack_record.found(self._settings or Settings.load())
        return await Perdure.using(await connection.connect(settings.temporal))
