"""What was sent is on the disk before a job about it is written down."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from sonoteca.catalogue.store.library import Library
from sonoteca.errors import LibraryFull
from sonoteca.jobs.uploads import stage_upload


@pytest.mark.skipif(os.name != "posix", reason="folders are brought to the disk there")
def test_the_bytes_reach_the_disk_before_the_name_and_then_the_name(
    opened: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = opened.data_folder("staging")
    sent = opened.data_folder("staging", "server") / "sent.wav"
    sent.write_bytes(b"sound")
    seen: list[tuple[str, bool]] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").resolve() if Path("/proc/self/fd").exists() else folder
        seen.append((path.name, (folder / "sent.wav").exists()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    assert stage_upload(opened, sent) == "sent.wav"
    assert [is_named for _, is_named in seen] == [False, True]
    if Path("/proc/self/fd").exists():
        assert [name for name, _ in seen] == ["sent.wav", "staging"]


def test_a_disk_that_is_full_when_the_bytes_reach_it_is_told(opened: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = opened.data_folder("staging", "server") / "sent.wav"
    sent.write_bytes(b"sound")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LibraryFull, match="No space left"):
        stage_upload(opened, sent)
    assert not (opened.data_folder("staging") / "sent.wav").exists()
