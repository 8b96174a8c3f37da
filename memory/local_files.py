"""Whether a file is on a disk of this machine: locks and shared memory work nowhere else."""

from __future__ import annotations

from pathlib import Path

from contracts.errors import ConfigurationError

_MOUNTS = Path("/proc/self/mounts")
_NETWORK = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4"}
    | {"ocfs2", "orangefs", "pvfs2", "smb3", "smbfs", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs"}
)


def check_local(file: Path, *, mounts: str | None = None) -> None:
    """Refuse a file on a network file system. Where the system does not tell (it is not Linux) nothing is refused.

    Args:
        file: the file, which need not be there.
        mounts: text of /proc/self/mounts.

    Raises:
        ConfigurationError: the file is on a network file system.
    """
    if mounts is None:
        mounts = _MOUNTS.read_text(encoding="utf-8") if _MOUNTS.exists() else ""
    place, kind = _mount_of(file.resolve(), mounts)
    if kind in _NETWORK:
        raise ConfigurationError(
            f"the database {file} is on a network file system ({kind} at {place}), where SQLite's locks do not work:"
            " set PERDURE_HOME to a folder on a local disk, or PERDURE_DATABASE_URL to a PostgreSQL database"
        )


def _mount_of(file: Path, mounts: str) -> tuple[str, str]:
    """Return place and kind of the mount that a file is on: of nested ones the innermost, of equal ones the last."""
    found = ("/", "")
    for line in mounts.splitlines():
        _, place, kind, *_ = line.split(" ")
        place = place.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        if file.is_relative_to(place) and len(place) >= len(found[0]):
            found = (place, kind)
    return found
