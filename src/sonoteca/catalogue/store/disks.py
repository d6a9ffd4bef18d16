"""What kind of disk a path lies on, where the system tells: Linux does, others answer that it is not known.

The one module that reads ``/proc`` for mounts.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mounts")
_NETWORK = frozenset(
    {
        "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4",
        "orangefs", "smb2", "smb3", "smbfs",
    }
)  # fmt: skip
_NETWORK_FUSE = frozenset(
    {"ceph", "davfs2", "glusterfs", "juicefs", "rclone", "s3fs", "smbnetfs", "sshfs", "gvfsd-fuse"}
)
# Blanks and backslashes of a mount point are written as three octal digits.
_ESCAPED = re.compile(rb"\\([0-7]{3})")


def network_disk(path: Path, *, mounts: bytes | None = None) -> str | None:
    """The file system of the network disk that a path lies on, as ``nfs4``; None for another disk, or an unknown one.

    Parameters
    ----------
    mounts : bytes, optional
        Instead of the mounts that this system tells of; lines as in ``/proc/mounts``.

    Examples
    --------
    >>> network_disk(Path("/shop/loops"), mounts=b"nas:/x /shop nfs4 rw 0 0")
    'nfs4'
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_bytes()
        except OSError:
            return None
    wanted = os.fsencode(os.path.realpath(path))
    found, longest = b"", -1
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = _ESCAPED.sub(lambda match: bytes([int(match[1], 8)]), fields[1])
        inside = point == b"/" or wanted == point or wanted.startswith(point + b"/")
        # Of two mounts at one place the later one is seen.
        if inside and len(point) >= longest:
            found, longest = fields[2], len(point)
    name = found.decode("ascii", "replace")
    if name in _NETWORK or (name.startswith("fuse.") and name.removeprefix("fuse.") in _NETWORK_FUSE):
        return name
    return None
