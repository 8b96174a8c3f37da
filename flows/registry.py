"""Flows that an app has registered, by name."""

from __future__ import annotations

from pathlib import Path

from contracts.errors import ConfigurationError, UnknownName
from contracts.flows import Flow
from flows.actions import actions
from flows.checking import check
from flows.loading import read


class FlowRegistry:
    """Flows by name."""

    def __init__(self) -> None:
        self._flows: dict[str, Flow] = {}

    def add(self, flow: Flow) -> None:
        """Register a flow. Registering an equal one again changes nothing.

        Raises:
            ConfigurationError: another flow holds that name.
        """
        held = self._flows.get(flow.name)
        if held is not None and held != flow:
            raise ConfigurationError(
                f"the flow {flow.name!r} is registered twice, as version {held.version!r} and as version"
                f" {flow.version!r}: rename one of them"
            )
        self._flows[flow.name] = flow

    def get(self, name: str) -> Flow:
        """Return the flow of that name, or raise `UnknownName` with the nearest names."""
        if name not in self._flows:
            raise UnknownName("flow", name, self._flows)
        return self._flows[name]

    def names(self) -> list[str]:
        """The names of all flows, sorted."""
        return sorted(self._flows)

    def all(self) -> dict[str, Flow]:
        """All flows by name."""
        return dict(self._flows)

    def children(self, flow: Flow) -> dict[str, Flow]:
        """Return all flows that a flow may come to run, by name: what its runs are pinned to.

        Raises:
            UnknownName: one of them is not registered.
        """
        found: dict[str, Flow] = {}
        waiting = [flow]
        while waiting:
            for placed in actions(waiting.pop()):
                name = placed.action.flow.name if placed.action.flow else None
                if name is not None and name not in found:
                    found[name] = self.get(name)
                    waiting.append(found[name])
        return found


FLOWS = FlowRegistry()


def register_flow(flow: Flow) -> Flow:
    """Register a flow for `perdure.start_flow` and for other flows.

    Raises:
        InvalidFlow: the definition has faults. What it names may be registered later, and is checked at the start.
        ConfigurationError: another flow holds that name.
    """
    check(flow)
    FLOWS.add(flow)
    return flow


def flow_file(path: str | Path) -> Flow:
    """Read a definition from a file and register it.

    Apps name files that stand beside their module: `flow_file(Path(__file__).with_name("support.yaml"))`.

    Raises:
        InvalidFlow: the definition has faults, each with its line.
        ConfigurationError: another flow holds that name.
    """
    flow, source = read(Path(path))
    check(flow, source=source)
    FLOWS.add(flow)
    return flow
