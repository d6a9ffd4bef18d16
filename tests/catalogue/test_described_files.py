"""The sound of a file is found by the file's place below a root; a path that leads out is refused and tells nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import sonoteca
from sonoteca.catalogue.identity.locations import SeenFile, record_files
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.domain.names import public_id
from sonoteca.errors import AmbiguousSound, PathOutsideRoots, SoundNotFound

NAMES = {
    b"a.wav": "a",
    b"kit/kick.wav": "kick",
    b"Dvor\xcc\x8ca\xcc\x81k.wav": "d",
    b"no\xff.wav": "bytes",
    b"-x (1).wav": "x",
}


@pytest.fixture
def library(tmp_path: Path) -> Iterator[sonoteca.Library]:
    with sonoteca.open_library(tmp_path / "mine.sonoteca", mode="create") as made:
        for folder in ("root", "other"):
            (tmp_path / folder).mkdir()
        with made.write() as connection:
            root = ensure_root(connection, tmp_path / "root").root
            files = [(SeenFile(name, 1, 1), f"x1:{content}") for name, content in NAMES.items()]
            record_files(connection, root, [*files, (SeenFile(b"twice.wav", 1, 1), "x1:one")])
            other = ensure_root(connection, tmp_path / "other").root
            record_files(
                connection, other, [(SeenFile(b"twice.wav", 1, 1), "x1:two"), (SeenFile(b"copy.wav", 1, 1), "x1:a")]
            )
        (tmp_path / "root-evil").mkdir()
        (tmp_path / "root-evil" / "secret.wav").write_bytes(b"secret")
        (tmp_path / "root" / "link.wav").symlink_to(tmp_path / "root-evil" / "secret.wav")
        yield made


def described(library: sonoteca.Library, path: str) -> str:
    found = sonoteca.describe_file(library, sonoteca.DescribeFileRequest(path=path))
    return str(found.sound["id"])


@pytest.mark.parametrize(("name", "content"), NAMES.items())
def test_a_file_is_named_from_a_root_or_from_the_top(
    library: sonoteca.Library, tmp_path: Path, name: bytes, content: str
) -> None:
    text = os.fsdecode(name)
    assert described(library, text) == public_id(f"x1:{content}")
    assert described(library, str(tmp_path / "root" / text)) == public_id(f"x1:{content}")


def test_composed_and_decomposed_names_are_one(library: sonoteca.Library) -> None:
    assert described(library, "Dvo\u0159\u00e1k.wav") == public_id("x1:d")


def test_a_path_that_stays_inside_is_followed(library: sonoteca.Library) -> None:
    assert described(library, "kit/../a.wav") == public_id("x1:a")


def test_the_place_in_two_roots_is_ambiguous_and_named(library: sonoteca.Library) -> None:
    with pytest.raises(AmbiguousSound) as refused:
        described(library, "twice.wav")
    assert (refused.value.field, len(refused.value.candidates)) == ("path", 2)


@pytest.mark.parametrize(
    "path",
    ["../root-evil/secret.wav", "../root-evil/nothing.wav", "/etc/passwd", "/etc/no such file", "kit/../../../etc/passwd",
     "../root/link.wav", "//etc/passwd"],
)  # fmt: skip
def test_what_leads_out_is_refused_whether_or_not_it_is_there(library: sonoteca.Library, path: str) -> None:
    with pytest.raises(PathOutsideRoots) as refused:
        described(library, path)
    assert refused.value.field == "path"


@pytest.mark.parametrize(
    "path",
    ["../root", "nothing.wav", "link.wav", "kit", ".", "", " ", "a\0b", "a.wav/b", "c:\\windows\\win.ini", "\\\\?\\c:\\x", "x" * 5000, "a/" * 2000, "~", "%2e%2e"],
)  # fmt: skip
def test_what_is_no_file_of_the_library_is_not_found(library: sonoteca.Library, path: str) -> None:
    with pytest.raises((SoundNotFound, PathOutsideRoots)) as refused:
        described(library, path)
    assert refused.value.field == "path"
