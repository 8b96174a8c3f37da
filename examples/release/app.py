"""Release: `PERDURE_APP=examples.release.app` registers the flows `release` and `checks`, and their tools.

The tools pretend: they build and ship nothing, and write what they would have done into the run's folder.
"""

from __future__ import annotations

import json
from pathlib import Path

from agents import ToolContext, tool
from contracts.errors import BadRequest
from flows.registry import flow_file

LOG = "traffic.jsonl"


@tool
def run_tests(version: str) -> dict[str, str | int]:
    """Run the tests of a version. Those whose name holds "broken" fail."""
    failed = 3 if "broken" in version else 0
    return {"status": "failed" if failed else "passed", "failed": failed}


@tool
def audit_licences(version: str) -> dict[str, str]:
    """Look at the licences of all dependencies. Versions whose name holds "copied" fail."""
    found = "one file without a licence" if "copied" in version else "nothing"
    return {"status": "passed" if found == "nothing" else "failed", "found": found}


@tool
def publish_package(version: str, context: ToolContext) -> dict[str, str]:
    """Put the package into the registry."""
    address = f"https://packages.example/{version}"
    _note(context, "publish", address)
    return {"address": address}


@tool
def withdraw_package(address: str, context: ToolContext) -> None:
    """Take a package out of the registry again."""
    _note(context, "withdraw", address)


@tool
def route_traffic(version: str, percent: int, context: ToolContext) -> dict[str, int]:
    """Let a version serve so much of the traffic."""
    _note(context, "route", f"{version} {percent} %")
    return {"percent": percent}


@tool
def stop_release(version: str, why: str) -> None:
    """Fail, so that the flow takes back what it did."""
    raise BadRequest(f"the release of {version!r} is stopped: {why}")


def _note(context: ToolContext, what: str, value: str) -> None:
    # A repeated attempt has the same key, and changes nothing.
    context.output.mkdir(parents=True, exist_ok=True)
    log: Path = context.output / LOG
    done = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    line = json.dumps({"key": context.idempotency_key, what: value})
    if line not in done:
        log.write_text("".join(f"{one}\n" for one in [*done, line]), encoding="utf-8")


CHECKS = flow_file(Path(__file__).with_name("checks.yaml"))
RELEASE = flow_file(Path(__file__).with_name("flow.yaml"))
