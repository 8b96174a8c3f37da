"""A tool that is only a schema here: who offers it is not who runs it."""

from __future__ import annotations

from typing import Any

from autogen_core import CancellationToken
from autogen_core.tools import BaseTool, ToolSchema
from pydantic import BaseModel


class SchemaTool(BaseTool[BaseModel, Any]):
    """Has a name and a schema, and refuses to run.

    Args:
        schema: name, description and parameters.
    """

    component_type = "tool"
    component_config_schema: type[BaseModel] = BaseModel

    def __init__(self, schema: ToolSchema) -> None:
        super().__init__(
            args_type=BaseModel, return_type=str, name=schema["name"], description=schema.get("description", "")
        )
        self._schema = schema

    @property
    def schema(self) -> ToolSchema:
        """The schema as it was given."""
        return self._schema

    async def run(self, args: BaseModel, cancellation_token: CancellationToken) -> Any:
        """Refuse: the agent's workbench makes the call."""
        raise NotImplementedError(f"tool {self.name!r} is called by its workbench")
