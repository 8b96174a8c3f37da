"""Where CI is set, a test that is skipped has failed: there, everything that a test needs can be installed."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skipped report of a test into a failed one."""
    report = yield
    return _failed(report, item.nodeid) if _must_run(report) else report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn the skipped report of a whole module into a failed one."""
    report = yield
    return _failed(report, collector.nodeid) if _must_run(report) else report


def _must_run(report: pytest.TestReport | pytest.CollectReport) -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"} and report.skipped and not hasattr(report, "wasxfail")


def _failed(report: Report, name: str) -> Report:
    report.outcome = "failed"
    report.longrepr = f"{name} was skipped, which CI does not allow: {report.longrepr}"
    return report
