"""AutoGen made fit for replay: its ids, clock, set orders, spans and logs, inside a workflow only.

Outside a workflow everything stays as AutoGen wrote it. Importing this module installs the changes, once.
"""

from __future__ import annotations

import datetime as real_datetime
import logging
import uuid as real_uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType, SimpleNamespace
from typing import Any

import autogen_agentchat.agents._assistant_agent as assistant_agent
import autogen_agentchat.agents._base_chat_agent as base_chat_agent
import autogen_agentchat.agents._user_proxy_agent as user_proxy_agent
import autogen_agentchat.messages as messages
import autogen_agentchat.teams._group_chat._base_group_chat as base_group_chat
import autogen_agentchat.teams._group_chat._chat_agent_container as chat_agent_container
import autogen_core._type_prefix_subscription as type_prefix_subscription
import autogen_core._type_subscription as type_subscription
import autogen_core.tools._base as tools_base
from autogen_agentchat.teams._group_chat._graph._digraph_group_chat import DiGraph
from temporalio import workflow

_ID_MODULES: tuple[ModuleType, ...] = (
    assistant_agent,
    base_group_chat,
    messages,
    type_prefix_subscription,
    type_subscription,
    user_proxy_agent,
)
_SPANS = (
    (base_chat_agent, "trace_create_agent_span"),
    (base_chat_agent, "trace_invoke_agent_span"),
    (chat_agent_container, "trace_invoke_agent_span"),
    (tools_base, "trace_tool_span"),
)
_LOGGERS = (
    "autogen_core",
    "autogen_core.events",
    "autogen_core.trace",
    "autogen_agentchat",
    "autogen_agentchat.events",
    "autogen_agentchat.trace",
)


def _uuid4() -> real_uuid.UUID:
    return workflow.uuid4() if workflow.in_workflow() else real_uuid.uuid4()


class _WorkflowDatetime(real_datetime.datetime):
    @classmethod
    def now(cls, tz: real_datetime.tzinfo | None = None) -> real_datetime.datetime:  # type: ignore[override]
        return workflow.now().astimezone(tz) if workflow.in_workflow() else real_datetime.datetime.now(tz)


def _start_nodes(graph: DiGraph) -> list[str]:
    if graph.default_start_node:
        return [graph.default_start_node]
    return [name for name, parents in graph.get_parents().items() if not parents]


def _silent_in_workflow(span: Any) -> Any:
    def traced(*args: Any, **kwargs: Any) -> AbstractContextManager[Any]:
        return nullcontext() if workflow.in_workflow() else span(*args, **kwargs)

    return traced


class ReplayFilter(logging.Filter):
    """Drops what a workflow logs again while its history is replayed."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - the signature is logging's
        """Keep a record unless a workflow is replaying."""
        return not (workflow.in_workflow() and workflow.unsafe.is_replaying())


def loggers() -> Iterator[logging.Logger]:
    """AutoGen's loggers, each of which is filtered by itself."""
    return map(logging.getLogger, _LOGGERS)


def _install() -> None:
    ids = SimpleNamespace(uuid4=_uuid4, UUID=real_uuid.UUID)
    for module in _ID_MODULES:
        module.__dict__["uuid"] = ids
    messages.__dict__["datetime"] = _WorkflowDatetime
    # A set's order depends on PYTHONHASHSEED, so parallel start nodes would change places from worker to worker.
    DiGraph.get_start_nodes = _start_nodes  # type: ignore[method-assign, assignment]
    for module, name in _SPANS:
        module.__dict__[name] = _silent_in_workflow(module.__dict__[name])
    replay_filter = ReplayFilter()
    for logger in loggers():
        logger.addFilter(replay_filter)


_install()
