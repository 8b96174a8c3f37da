from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import ConfigurationError
from memory.local_files import check_local

MOUNTS = r"""
/dev/vda / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/vdb /home/ada/disk xfs rw 0 0
//server/share /mnt/with\040space cifs rw 0 0
tmpfs /home/tmp tmpfs rw 0 0
""".strip()


@pytest.mark.parametrize("file", ["/home/ada/state.db", "/mnt/with space/state.db"])
def test_a_file_on_a_network_file_system_is_refused(file: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is on a network file system .* set PERDURE_HOME"):
        check_local(Path(file), mounts=MOUNTS)


@pytest.mark.parametrize("file", ["/var/state.db", "/home/ada/disk/x/state.db", "/home/tmp/a.db", "/homes/a.db"])
def test_a_file_on_a_disk_is_accepted(file: str) -> None:
    check_local(Path(file), mounts=MOUNTS)


def test_a_system_that_does_not_tell_is_believed(tmp_path: Path) -> None:
    check_local(tmp_path / "state.db", mounts="")
    check_local(tmp_path / "state.db")
