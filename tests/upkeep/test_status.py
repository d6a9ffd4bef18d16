"""The status says what runs, where, and how full it is; a commit is read from files as Git leaves them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import catalogue_samples as samples
import sonoteca
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.sounds import ensure_sounds
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import REVISION
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.models.files import manifest
from sonoteca.search.indexing import update_indexes
from sonoteca.upkeep import commit
from sonoteca.upkeep.commit import checkout_commit, installed_commit
from sonoteca.workers.in_process import InProcessExecutor
from sonoteca.workers.local_executor import LocalExecutor

ONE, OTHER = "0123456789" * 4, "abcdef0123" * 4


def add(library: Library, names: list[str]) -> None:
    with library.write() as connection:
        rows = ensure_sounds(connection, names)
        results = [
            SoundResult(
                rows[name],
                samples.info(name),
                SoundAnalysis((samples.part(0, 0.0, 2.0),)),
                (),
                {samples.SPACE.id: samples.vectors([1.0, 0.0, 0.0, 0.0])},
            )
            for name in names
        ]
        store_results(connection, results, identities=[samples.EAR], spaces=[samples.SPACE])


def test_an_empty_library_says_what_it_is(library: Library) -> None:
    printed = sonoteca.library_status(library).as_json()
    assert json.loads(json.dumps(printed, allow_nan=False)) == printed
    assert printed["version"] == sonoteca.__version__
    assert printed["schema_revision"] == REVISION
    assert printed["engine"]["name"] == ("sqlite" if library.is_sqlite else "postgresql")
    assert int(printed["engine"]["version"].split(".")[0]) >= 3
    assert printed["database_url"].startswith("sqlite:////" if library.is_sqlite else "postgresql://")
    assert printed["weights_version"] == sonoteca.match_weights(None, sonoteca.MatchWeightsRequest()).weights.version
    assert printed["index"] == []
    assert printed["executor"] is None
    assert set(printed["queue"].values()) == {0}
    assert {"queued", "running", "failed"} <= set(printed["queue"])
    assert printed["warnings"] == []
    assert {each["name"]: each["sha256"] for each in printed["models"]} == {
        name: listed.sha256 for name, listed in manifest().items()
    }


def test_an_index_is_counted_before_and_after_it_is_published(library: Library) -> None:
    add(library, ["x1:1", "x1:2"])
    space = {"space_id": samples.SPACE.id, "dimensions": 4, "count": 2, "indexed": 0, "generation": 0, "answers": True}
    assert sonoteca.library_status(library).as_json()["index"] == [space]
    update_indexes(library)
    [after] = sonoteca.library_status(library).spaces
    # A few vectors are not worth a file.
    assert (after.count, after.indexed in (0, 2)) == (2, True)


def test_a_password_is_not_told(library: Library) -> None:
    if library.is_sqlite:
        assert library.url == f"sqlite:///{library.path}"
        return
    assert ":***@" in library.url or "@" not in library.url.split("?")[0]


def test_the_workers_are_counted_and_not_started(library: Library) -> None:
    with sonoteca.Listener(workers=3) as listener:
        told = sonoteca.library_status(library, listener=listener).as_json()["executor"]
        assert told == {"kind": "local", "workers": 3, "states": {"idle": 0, "busy": 0, "starting": 0}}
        assert listener.ready_executor is None
    with LocalExecutor(2) as pool, sonoteca.Listener(executor=pool) as listener:
        told = sonoteca.library_status(library, listener=listener).as_json()["executor"]
        assert told == {"kind": "local", "workers": 2, "states": {"idle": 0, "busy": 0, "starting": 0}}
    with sonoteca.Listener(executor=InProcessExecutor()) as listener:
        assert listener.state().as_json()["kind"] == "in_process"


def checkout(root: Path, head: str) -> Path:
    (root / "src" / "sonoteca").mkdir(parents=True)
    (root / ".git" / "refs" / "heads").mkdir(parents=True)
    (root / ".git" / "HEAD").write_text(f"{head}\n")
    return root


def test_the_commit_of_a_checkout_is_read_without_git(tmp_path: Path) -> None:
    assert checkout_commit(checkout(tmp_path / "detached", ONE)) == ONE
    branch = checkout(tmp_path / "branch", "ref: refs/heads/main")
    assert checkout_commit(branch) is None
    (branch / ".git" / "packed-refs").write_text(f"# pack-refs with: peeled\n{OTHER} refs/heads/main\n^{ONE}\n")
    assert checkout_commit(branch) == OTHER
    # What was committed since stands in a file of its own.
    (branch / ".git" / "refs" / "heads" / "main").write_text(f"{ONE}\n")
    assert checkout_commit(branch) == ONE
    tree = branch / ".git" / "worktrees" / "tree"
    tree.mkdir(parents=True)
    (tree / "HEAD").write_text("ref: refs/heads/main\n")
    (tree / "commondir").write_text("../..\n")
    beside = tmp_path / "tree"
    (beside / "src" / "sonoteca").mkdir(parents=True)
    (beside / ".git").write_text(f"gitdir: {tree}\n")
    assert checkout_commit(beside) == ONE


@pytest.mark.parametrize("head", ["", "ref: refs/heads/../../../secret", "no commit", "ref:"])
def test_what_is_no_commit_is_none(tmp_path: Path, head: str) -> None:
    (tmp_path / "secret").write_text("words")
    assert checkout_commit(checkout(tmp_path / "odd", head)) is None
    assert checkout_commit(tmp_path / "nowhere") is None


def test_another_repository_around_an_installed_package_is_not_ours(tmp_path: Path) -> None:
    root = checkout(tmp_path / "elsewhere", ONE)
    (root / "src" / "sonoteca").rmdir()
    assert checkout_commit(root) is None
    assert installed_commit("no-such-package") is None


def test_a_package_from_a_repository_notes_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = tmp_path / "from_git-1.dist-info"
    notes.mkdir()
    (notes / "METADATA").write_text("Metadata-Version: 2.1\nName: from-git\nVersion: 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert installed_commit("from-git") is None
    (notes / "direct_url.json").write_text(json.dumps({"url": "x", "vcs_info": {"vcs": "git", "commit_id": OTHER}}))
    assert installed_commit("from-git") == OTHER
    (notes / "direct_url.json").write_text("[]")
    assert installed_commit("from-git") is None


def test_the_commit_is_looked_up_once() -> None:
    commit.program_commit.cache_clear()
    first = commit.program_commit()
    assert commit.program_commit() == first
    assert commit.program_commit.cache_info().hits == 1
