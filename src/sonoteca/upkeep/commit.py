"""The commit that this program was made from, as far as its package or the checkout around it knows."""

from __future__ import annotations

import importlib.metadata
import json
import re
from functools import cache
from pathlib import Path

_HASH = re.compile(r"[0-9a-f]{40,64}")


@cache
def program_commit() -> str | None:
    """The commit of the running program, 40 or 64 hex digits; None where nothing tells.

    Read once per process, from files: what was installed from a repository notes it, and a checkout that runs
    from its ``src`` folder has it in ``.git``.
    """
    return installed_commit("sonoteca") or checkout_commit(Path(__file__).parents[3])


def installed_commit(package: str) -> str | None:
    """The commit that an installed package notes (``direct_url.json``, PEP 610), if it came from a repository."""
    try:
        text = importlib.metadata.distribution(package).read_text("direct_url.json")
        commit = json.loads(text or "{}").get("vcs_info", {}).get("commit_id")
    except (importlib.metadata.PackageNotFoundError, OSError, ValueError, AttributeError):
        return None
    return _hash(commit)


def checkout_commit(root: Path) -> str | None:
    """The commit that is checked out at ``root``, which is a repository with ``src`` in it, or a work tree of one."""
    if not (root / "src" / "sonoteca").is_dir():
        return None
    try:
        folder = root / ".git"
        if folder.is_file():
            # A work tree beside its repository, or a submodule.
            folder = (root / folder.read_text("utf-8").removeprefix("gitdir:").strip()).resolve()
        head = (folder / "HEAD").read_text("utf-8").strip()
        if not head.startswith("ref:"):
            return _hash(head)
        name = head.removeprefix("ref:").strip()
        shared = folder / "commondir"
        folders = [folder, (folder / shared.read_text("utf-8").strip()).resolve()] if shared.is_file() else [folder]
        for each in folders:
            if (each / name).is_file():
                return _hash((each / name).read_text("utf-8").strip())
        for each in folders:
            packed = each / "packed-refs"
            for line in packed.read_text("utf-8").splitlines() if packed.is_file() else ():
                commit, _, ref = line.partition(" ")
                if ref == name:
                    return _hash(commit)
    except (OSError, ValueError):
        return None
    return None


def _hash(text: object) -> str | None:
    return text if isinstance(text, str) and _HASH.fullmatch(text) else None
