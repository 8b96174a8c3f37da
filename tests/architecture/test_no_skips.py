from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPPING = """
import pytest

def test_skipped():
    pytest.skip("nothing here")

@pytest.mark.skipif(True, reason="nothing here")
def test_marked():
    pass

@pytest.mark.xfail(reason="known")
def test_expected_to_fail():
    assert False
"""
WHOLE_MODULE = 'import pytest\npytest.importorskip("no_module_of_this_name")\n'


def run(folder: Path, *, ci: str) -> str:
    """Run the tests in a folder with the plugin and return the closing line."""
    options = ("-p", "tests.plugins.no_skips", "-p", "no:cacheprovider", "-q")
    command = [sys.executable, "-m", "pytest", *options, str(folder)]
    environ = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False)
    return ended.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("ci", "outcome"),
    [("true", "1 failed, 1 xfailed, 1 error"), ("1", "1 failed, 1 xfailed, 1 error"), ("", "2 skipped, 1 xfailed")],
)
def test_skipped_tests_fail_in_ci(tmp_path: Path, ci: str, outcome: str) -> None:
    (tmp_path / "test_it.py").write_text(SKIPPING)
    assert run(tmp_path, ci=ci).startswith(outcome)


@pytest.mark.parametrize(("ci", "outcome"), [("true", "1 error"), ("", "1 skipped")])
def test_skipped_modules_fail_in_ci(tmp_path: Path, ci: str, outcome: str) -> None:
    (tmp_path / "test_it.py").write_text(WHOLE_MODULE)
    assert run(tmp_path, ci=ci).startswith(outcome)
