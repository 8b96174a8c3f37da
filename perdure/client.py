"""The client: start runs from code, follow them, find them again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Any

from temporalio.client import Client

from contracts.errors import BadRequest
from contracts.flows import Flow, FlowRequest
from contracts.remembering import Injection, MemoryPolicy
from contracts.runs import Budget, RunRequest
from contracts.state import MAIN
from perdure import connection, flow_requests, inspection, listing, run_requests, stack_record
from perdure.connection import FLOW_WORKFLOW
from perdure.descriptions import RunSummary
from perdure.flow_run import FlowRunHandle
from perdure.run import Run
from perdure.schedules import Schedules
from perdure.settings import Settings
from perdure.starting import Starter
from perdure.storage import Storage


class Perdure(Storage):
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

    def __init__(
        self, client: Client, *, attributes: frozenset[str] = frozenset(), settings: Settings | None = None
    ) -> None:
        """Use a connection that is there.

        Args:
            client: connection made with Temporal's `pydantic_data_converter`; its owner is the caller.
            attributes: the search attributes that the server knows.
            settings: say where state is kept and which app has the flows; by default those of the environment.
        """
        super().__init__(settings)
        self._client = client
        self._starter = Starter(client, attributes=attributes)

    @property
    def schedules(self) -> Schedules:
        """Events that are emitted at set times."""
        return Schedules(self._client)

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
    async def using(cls, client: Client, *, settings: Settings | None = None) -> Perdure:
        """Use a connection that is there, after asking which search attributes its server knows."""
        return cls(client, attributes=await connection.search_attributes(client), settings=settings)

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
        memory: Injection | MemoryPolicy | None = None,
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
            memory: "system" tells the agents before they begin what is remembered, "memory" lets them ask in each turn,
                "off" does neither and learns nothing; a policy says more. By default "system" where the run has a user
                or session and the settings allow it (MEM0_ENABLED).

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
            memory=run_requests.memory_policy(memory, user=user, session=session, enabled=self._remembers),
        )
        return await self.submit(request)

    @property
    def _remembers(self) -> bool:
        return (self._settings or Settings.load()).memory.enabled

    async def submit(self, request: RunRequest) -> Run:
        """Start a run from a complete request. Starting an id again returns the run that is there.

        Raises:
            Conflict: a flow has this id.
            BackendUnavailable: Temporal does not answer.
        """
        return Run(self._client, request.run_id, first=await self._starter.start(run_requests.order(request)))

    async def get(self, run_id: str) -> Run:
        """Return a run of a team that was started before.

        Raises:
            NotFound: there is no run of that id.
            BadRequest: it is a flow.
            BackendUnavailable: Temporal does not answer.
        """
        found = await self.find(run_id)
        if not isinstance(found, Run):
            raise BadRequest(f"{run_id!r} is a flow: `Perdure.get_flow` returns it")
        return found

    async def find(self, run_id: str) -> Run | FlowRunHandle:
        """Return a run of a team or a flow that was started before.

        Raises:
            NotFound: there is no run of that id.
            BackendUnavailable: Temporal does not answer.
        """
        seen = await inspection.look(self._client, run_id)
        kind = FlowRunHandle if seen.workflow == FLOW_WORKFLOW else Run
        return kind(self._client, run_id, first=seen.first)

    async def start_flow(
        self,
        flow: str | Flow,
        *,
        input: Mapping[str, Any] | None = None,
        run_id: str | None = None,
        branch: str = MAIN,
        user: str | None = None,
        session: str | None = None,
        budget: Budget | None = None,
        files: str | Path | None = None,
        memory: Injection | MemoryPolicy | None = None,
    ) -> FlowRunHandle:
        """Start a flow. Starting an id again returns the flow that is there, even if it has ended.

        The definitions of the flow and of all flows that it runs travel with it: whatever is changed later, it keeps
        those that it started with.

        Args:
            flow: registered name of the flow, or a definition; it is checked before.
            input: must fit the flow's schema.
            run_id: an id of your own, which makes starting safe to repeat; by default one is drawn.
            branch: branch of the state store that all steps read and write.
            user: the person the flow serves.
            session: the conversation it belongs to.
            budget: limits of all its teams together; by default there are none.
            files: folder that the file tools may read, on the worker's machine.
            memory: how its teams use memory where they work for a user or in a session; see `start`.

        Raises:
            UnknownName: no flow of that name is registered.
            InvalidFlow, SchemaViolation, BadRequest, PayloadTooLarge: definition, input or another field is wrong.
            Conflict: a run of a team has this id.
            BackendUnavailable: Temporal does not answer.
        """
        request = flow_requests.made(
            flow,
            input=input or {},
            run_id=run_id,
            branch=branch,
            user=user,
            session=session,
            budget=budget,
            files=files,
            app=(self._settings or Settings.load()).app,
            memory=run_requests.flow_memory_policy(memory, enabled=self._remembers),
        )
        return await self.submit_flow(request)

    async def submit_flow(self, request: FlowRequest) -> FlowRunHandle:
        """Start a flow from a complete request, without checking it. See `start_flow`."""
        first = await self._starter.start(flow_requests.order(request))
        return FlowRunHandle(self._client, request.run_id, first=first)

    async def get_flow(self, run_id: str) -> FlowRunHandle:
        """Return a flow that was started before.

        Raises:
            NotFound: there is no run of that id.
            BadRequest: it is a run of a team.
            BackendUnavailable: Temporal does not answer.
        """
        found = await self.find(run_id)
        if not isinstance(found, FlowRunHandle):
            raise BadRequest(f"{run_id!r} is a run of a team, not a flow: `perdure show {run_id}` shows it")
        return found

    async def runs(
        self,
        limit: int = 50,
        *,
        team: str | None = None,
        flow: str | None = None,
        user: str | None = None,
        session: str | None = None,
    ) -> AsyncIterator[RunSummary]:
        """Yield runs of teams and flows, the latest first.

        A run shows up here within a second of its start.

        Args:
            limit: how many at most.
            team: only runs of this team.
            flow: only runs of this flow.
            user: only runs for this person.
            session: only runs of this conversation.

        Raises:
            BackendUnavailable: Temporal does not answer.
        """
        wanted = {"team": team, "flow": flow, "user": user, "session": session}
        found = listing.runs(self._client, wanted, limit=limit, known=self._starter.attributes)
        async with aclosing(found) as summaries:
            async for summary in summaries:
                yield summary


class Connecting:
    """A connection in the making: await it, or enter it."""

    def __init__(self, settings: Settings | None) -> None:
        self._settings = settings
        self._perdure: Perdure | None = None

    def __await__(self) -> Generator[Any, None, Perdure]:
        return self._connect().__await__()

    async def __aenter__(self) -> Perdure:
        self._perdure = await self._connect()
        return self._perdure

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._perdure is not None:
            await self._perdure.close()

    async def _connect(self) -> Perdure:
        settings = stack_record.found(self._settings or Settings.load())
        return await Perdure.using(await connection.connect(settings.temporal), settings=settings)
