"""What the README says of memory, typed as a reader types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import block
from tests.docs.typed import printed, type_in

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("dev_server")]

REMEMBER = block("README.md, Remember, console 1")


def test_a_run_is_told_what_was_added_and_the_search_says_why(project: Path, stack: dict[str, str]) -> None:
    add, run, search, stats = REMEMBER.commands()
    printed(type_in(project, add))
    told = printed(type_in(project, run))
    assert "Remembered (1 memory)" in told
    assert "never as a voucher" in told
    found = printed(type_in(project, search))
    assert "never as a voucher" in found
    assert "total" in found
    assert "user=ada" in printed(type_in(project, stats))
