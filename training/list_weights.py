"""Writes digest and size of newly trained files into MANIFEST.toml: ``python list_weights.py NAME COMMIT ...``.

What else stands there (seeds, material, layout of the arrays) is for whoever trained them to say.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import tomlkit

WEIGHTS = Path(__file__).resolve().parents[1] / "src" / "sonoteca" / "models" / "weights"


def main() -> None:
    manifest = WEIGHTS / "MANIFEST.toml"
    document = tomlkit.parse(manifest.read_text(encoding="utf-8"))
    for name, commit in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        content = (WEIGHTS / name).read_bytes()
        entry = document[name]
        entry["sha256"], entry["bytes"], entry["commit"] = hashlib.sha256(content).hexdigest(), len(content), commit
    manifest.write_text(tomlkit.dumps(document), encoding="utf-8")


if __name__ == "__main__":
    main()
