"""The base of every value that crosses a border (workflow, activity, database, client)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """A frozen value. Fields are only ever added, with defaults, so that old histories still load."""

    model_config = ConfigDict(frozen=True, extra="ignore")
