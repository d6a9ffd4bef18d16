from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import catalogue_samples as samples
from sonoteca.catalogue.heard import embeddings, segments
from sonoteca.catalogue.identity.sounds import whole_regions
from sonoteca.catalogue.store import backup, events, schema, schema_made, upgrade
from sonoteca.catalogue.store.library import Library, library_file, open_library
from sonoteca.errors import (
    LibraryBusy,
    LibraryDamaged,
    LibraryFull,
    LibraryMissing,
    LibraryNeedsUpgrade,
    LibraryTooNew,
    LibraryUnwritable,
    RequestError,
)
from sonoteca.upkeep.check import check_library


@pytest.fixture
def path(tmp_path: Path, blank_file: Path) -> Path:
    """A library file with two sounds."""
    copy = tmp_path / "library.sonoteca"
    shutil.copy(blank_file, copy)
    with open_library(copy) as library, library.write() as connection:
        samples.add(connection, "a.wav", "x1:a", kind="loop")
        samples.add(connection, "b.wav", "x1:b", kind="track")
    return copy


def count_sounds(library: Library) -> int:
    with library.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(schema.sounds)).scalar_one()


def set_revision(path: Path, revision: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.commit()
    connection.close()


# --- opening ------------------------------------------------------------------------------------


def test_create_makes_an_empty_library_and_opens_it_again(location: str) -> None:
    with pytest.raises(LibraryMissing):
        open_library(location, mode="read")
    with open_library(location, mode="create") as made:
        assert count_sounds(made) == 0
        uuid = made.uuid
    with open_library(location, mode="create") as again, open_library(location, mode="read") as reader:
        assert again.uuid == reader.uuid == uuid


def test_a_folder_means_the_library_file_in_it(tmp_path: Path) -> None:
    with open_library(tmp_path / "new", mode="create") as library:
        assert library.path == tmp_path / "new" / "library.sonoteca"
        assert library.data_dir == tmp_path / "new" / "library.sonoteca.d"
    assert library_file(tmp_path / "new") == tmp_path / "new" / "library.sonoteca"
    assert library_file(tmp_path / "x.db") == tmp_path / "x.db"


def test_a_missing_disk_is_named_and_no_folder_is_made(tmp_path: Path) -> None:
    gone = tmp_path / "mnt" / "usb" / "library.sonoteca"
    for mode in ("read", "write", "create"):
        with pytest.raises(LibraryMissing, match="is its disk mounted"):
            open_library(gone, mode=mode)
    assert not (tmp_path / "mnt").exists()


def test_what_is_no_library_is_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.sonoteca"
    text.write_text("shopping list " * 100)
    with pytest.raises(LibraryDamaged):
        open_library(text, mode="create")
    assert text.read_text().startswith("shopping list")
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE cookies (name)")
    connection.close()
    with pytest.raises(LibraryDamaged, match="not a Sonoteca library"):
        open_library(other, mode="create")
    (tmp_path / "folder.db").mkdir()
    with open_library(tmp_path / "folder.db", mode="create") as library:
        assert library.path == tmp_path / "folder.db" / "library.sonoteca"


def test_a_reader_cannot_write(location: str) -> None:
    open_library(location, mode="create").close()
    with open_library(location, mode="read") as library:
        with pytest.raises(LibraryUnwritable), library.write():
            pass
        with pytest.raises(LibraryUnwritable), library.read() as connection:
            connection.execute(sa.insert(schema.meta).values(key="x", value="y"))


def test_what_is_raised_in_a_write_rolls_all_of_it_back(library: Library) -> None:
    def write_half() -> None:
        with library.write() as connection:
            samples.add(connection, "a.wav", "x1:a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert count_sounds(library) == 0


def test_a_second_writer_waits_and_then_says_who_is_in_the_way(library: Library, library_location: str) -> None:
    with (
        open_library(library_location, busy_timeout_s=0.2) as second,
        library.write(),
        pytest.raises(LibraryBusy),
        second.write(),
    ):
        pass


def test_a_reader_sees_one_state_while_another_writes(library: Library) -> None:
    count = sa.select(sa.func.count()).select_from(schema.sounds)
    with open_library(library.path or library_url(library), mode="read") as reader, reader.read() as reading:
        assert reading.execute(count).scalar_one() == 0
        with library.write() as connection:
            samples.add(connection, "a.wav", "x1:a")
        assert reading.execute(count).scalar_one() == 0
    assert count_sounds(library) == 1


def library_url(library: Library) -> str:
    return library.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def test_a_password_is_not_shown(postgres_library_url: str) -> None:
    url = sa.make_url(postgres_library_url).set(password="secret", port=1, host="127.0.0.1")
    with pytest.raises(LibraryMissing) as refused:
        open_library(url.render_as_string(hide_password=False), mode="read")
    assert "secret" not in str(refused.value)


# --- disk full, read-only -----------------------------------------------------------------------


def test_a_full_disk_is_said_and_leaves_the_old_state(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.close()
    with open_library(path, max_pages=pages + 8) as library:
        with pytest.raises(LibraryFull, match="no room"):
            add_many(library, 1000)
        assert count_sounds(library) == 2
        assert check_library(library).is_whole
    with open_library(path) as library, library.write() as connection_:
        samples.add(connection_, "c.wav", "x1:c")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("there is no mount command")
    mounted = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_small_disk_that_runs_full_leaves_the_old_state(path: Path, small_disk: Path) -> None:
    place = small_disk / "library.sonoteca"
    shutil.copy(path, place)
    with open_library(place) as library:
        with pytest.raises(LibraryFull, match="no room"):
            add_events(library, 1000)
        assert count_sounds(library) == 2
        with pytest.raises((LibraryFull, LibraryUnwritable)):
            fill_with_backups(library)
        assert not list(small_disk.rglob("*.part*"))
        assert check_library(library).is_whole


def add_events(library: Library, count: int) -> None:
    with library.write() as connection:
        for _ in range(count):
            events.record(connection, "test", details={"text": "x" * 50_000})


def fill_with_backups(library: Library) -> None:
    for _ in range(20):
        backup.verify_file(library.backup())


def add_many(library: Library, count: int) -> None:
    with library.write() as connection:
        for number in range(count):
            samples.add(connection, f"{number}.wav", f"x1:{number}", kind="loop")


def as_nobody(code: str, *arguments: str) -> str:
    """Run Python as an unprivileged user; returns what it printed."""
    drop = "import os; os.setgroups([]); os.setgid(65534); os.setuid(65534)\n" if os.geteuid() == 0 else ""
    # Importing comes first: the environment may not be readable for the other user.
    imports = "import sys\nimport sonoteca.catalogue.store.library as library\nimport sonoteca.errors as errors\n"
    imports += (
        "import sonoteca.catalogue.store.backup, sonoteca.search.query.listing as listing, sqlalchemy.dialects.sqlite\n"
    )
    imports += "import encodings.idna, sonoteca.catalogue.store.schema as schema\n"
    ended = subprocess.run(
        [sys.executable, "-c", imports + drop + textwrap.dedent(code), *arguments],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.fixture
def open_folder(path: Path) -> Path:
    """The folders above the library can be entered by anyone."""
    for folder in (path.parent, *path.parent.parents):
        if folder.owner() != "root" or folder == Path("/tmp"):
            continue
        if folder.stat().st_mode & 0o005 != 0o005 and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    return path.parent


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX users")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_read_only_library_can_be_read_and_says_why_it_cannot_be_written(
    path: Path, open_folder: Path, what: str
) -> None:
    before = path.read_bytes()
    path.chmod(0o444 if what == "file" else 0o666)
    open_folder.chmod(0o777 if what == "file" else 0o555)
    printed = as_nobody(
        """
        with library.open_library(sys.argv[1], mode="read") as opened, opened.read() as connection:
            print(len(listing.find_rows(connection, "kind:loop")))
        for mode in ("write", "create"):
            try:
                library.open_library(sys.argv[1], mode=mode)
            except errors.LibraryUnwritable as error:
                print(error)
        """,
        str(path),
    )
    open_folder.chmod(0o755)
    rows, *refusals = printed.splitlines()
    assert rows == "1"
    assert len(refusals) == 2
    assert all("read-only" in refusal for refusal in refusals)
    assert path.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX users")
def test_a_library_that_may_not_be_read_says_so(path: Path, open_folder: Path) -> None:
    path.chmod(0o600)
    assert open_folder == path.parent
    if os.geteuid() != 0:
        pytest.skip("needs another user")
    printed = as_nobody(
        """
        try:
            library.open_library(sys.argv[1], mode="read")
        except errors.LibraryUnwritable as error:
            print(error)
        """,
        str(path),
    )
    assert "may not be read" in printed


# --- versions -----------------------------------------------------------------------------------


def test_a_newer_library_is_refused_and_left_alone(path: Path) -> None:
    set_revision(path, "9999")
    before = path.read_bytes()
    for mode in ("read", "write", "create"):
        with pytest.raises(LibraryTooNew, match="9999"):
            open_library(path, mode=mode)
    assert path.read_bytes() == before


def test_an_older_library_is_backed_up_before_it_is_upgraded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_revision(path, "0000")
    for options in ({"mode": "read"}, {"mode": "write", "upgrade_older": False}):
        with pytest.raises(LibraryNeedsUpgrade):
            open_library(path, **options)
    migrated: list[str] = []

    def migrate(engine: sa.Engine) -> None:
        # The backup is there before anything is touched.
        migrated.extend(each.name for each in backups.iterdir())
        with engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema.REVISION}'")

    backups = path.with_name(path.name + ".d") / "backups"
    monkeypatch.setattr(upgrade, "migrate", migrate)
    with open_library(path) as library:
        assert count_sounds(library) == 2
    assert len(migrated) == 1
    assert backup.verify_file(backups / migrated[0]) == "0000"


def test_a_library_of_the_first_schema_keeps_its_sounds_through_the_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "old.sonoteca"
    samples.library_of_revision(path, "0001")
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO meta VALUES ('library_uuid', 'u'), ('created_at', '2026-01-01T00:00:00.000Z')")
    connection.execute(
        "INSERT INTO sounds (public_id, content_hash, status, title, external_id, added_at)"
        " VALUES ('abc', 'x1:abc', 'pending', 'Old', 'shop-1', '2026-01-01T00:00:00.000Z')"
    )
    connection.execute(
        "INSERT INTO regions (sound_id, number, start_s, end_s, producer, version, generation)"
        " VALUES (1, 0, 0.0, 0.0, 'whole', 1, 0)"
    )
    connection.commit()
    connection.close()
    with open_library(path) as library, library.read() as read:
        assert upgrade.stored_revision(read) == schema.REVISION
        row = read.execute(sa.select(schema.sounds)).one()
        assert (row.title, row.external_id, row.price, row.url) == ("Old", "shop-1", None, None)
        for table in (schema_made.playlists, schema_made.arrangement_clips, schema_made.map_points):
            assert read.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0
    assert len(list((tmp_path / "old.sonoteca.d" / "backups").iterdir())) == 1


def test_a_migration_that_fails_leaves_the_library_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(upgrade, "_note_program", fail)
    path = tmp_path / "library.sonoteca"
    with pytest.raises(RuntimeError, match="power cut"):
        open_library(path, mode="create")
    monkeypatch.undo()
    with pytest.raises(LibraryMissing, match="empty"):
        open_library(path)
    with open_library(path, mode="create") as library:
        assert check_library(library).is_whole


def test_the_migrations_make_exactly_the_tables_of_the_schema(library: Library) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with library.read() as connection:
        assert upgrade.stored_revision(connection) == schema.REVISION
        options = {
            "compare_type": True,
            "include_name": lambda name, kind, _: (
                kind != "table" or not (name or "").startswith(("sound_text", "knowledge_text"))
            ),
        }
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, schema.metadata)
    assert differences == []


def test_the_revision_constant_is_the_newest_migration() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "sonoteca.catalogue.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == schema.REVISION
    revisions = [script.revision for script in scripts.walk_revisions()]
    # ``is_newer`` compares them as text.
    assert all(len(revision) == 4 and revision.isdigit() for revision in revisions)


# --- backup, restore, check ---------------------------------------------------------------------


def test_a_backup_made_during_a_write_is_whole(path: Path) -> None:
    with open_library(path) as library:
        with library.write() as connection:
            samples.add(connection, "c.wav", "x1:c")
            made = library.backup()
        assert backup.verify_file(made) == schema.REVISION
        with open_library(made, mode="read") as copy:
            assert count_sounds(copy) == 2
        assert backup.list_backups(made.parent, ".sonoteca") == [made]
        with pytest.raises(RequestError, match="exists"):
            library.backup(made)
        assert library.backup(path.parent).parent == path.parent


def test_restore_brings_the_old_state_back_and_keeps_the_newer(path: Path) -> None:
    backups = path.parent / "backups"
    with open_library(path) as library:
        made = library.backup()
        with library.write() as connection:
            samples.add(connection, "c.wav", "x1:c")
    kept = backup.restore(path, made, backups)
    with open_library(path) as library:
        assert count_sounds(library) == 2
        assert check_library(library).is_whole
    assert kept is not None
    with open_library(kept, mode="read") as newer:
        assert count_sounds(newer) == 3


def test_a_damaged_library_is_put_aside_and_replaced(path: Path) -> None:
    with open_library(path) as library:
        made = library.backup()
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * 20_000 + whole[28_192:])
    aside = backup.restore(path, made, path.parent / "backups")
    assert aside is not None
    assert "damaged" in aside.name
    with open_library(path) as library:
        assert count_sounds(library) == 2


@pytest.mark.parametrize("damage", ["truncated", "flipped", "text", "absent", "newer", "other"])
def test_a_backup_that_is_not_whole_is_never_restored(path: Path, damage: str) -> None:
    with open_library(path) as library:
        made = library.backup()
    content = made.read_bytes()
    if damage == "truncated":
        made.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        made.write_bytes(content[:8192] + b"\xff" * 20_000 + content[28_192:])
    elif damage == "text":
        made.write_text("hello")
    elif damage == "absent":
        made.unlink()
    elif damage == "newer":
        set_revision(made, "9999")
    else:
        made.unlink()
        sqlite3.connect(made).execute("CREATE TABLE x (y)").connection.close()
    before = path.read_bytes()
    with pytest.raises((LibraryDamaged, LibraryMissing, LibraryTooNew)):
        backup.restore(path, made, path.parent / "backups")
    assert path.read_bytes() == before


def test_restore_makes_a_library_where_none_is(path: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.sonoteca"
    assert backup.restore(fresh, path, tmp_path / "backups") is None
    with open_library(fresh) as library:
        assert count_sounds(library) == 2
    with pytest.raises(RequestError, match="the library itself"):
        backup.restore(path, path, tmp_path / "backups")


def test_postgres_is_backed_up_with_its_own_tools(postgres_library_url: str) -> None:
    with open_library(postgres_library_url) as library, pytest.raises(RequestError) as refused:
        library.backup()
    assert "pg_dump" in refused.value.remedy


def test_check_counts_and_finds_nothing_wrong(library: Library) -> None:
    with library.write() as connection:
        samples.add(connection, "a.wav", "x1:a", kind="loop")
    report = check_library(library)
    assert report.findings == ()
    assert (report.counts["sounds"], report.counts["observations"]) == (1, 1)


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("summaries", "UPDATE summaries SET kind = 'track'"),
        ("summaries", "DELETE FROM summaries"),
        ("words", "DELETE FROM sound_text"),
        ("region_0", "DELETE FROM regions"),
        ("public_id", "UPDATE sounds SET public_id = 'aaaa'"),
    ],
)
def test_check_finds_what_does_not_agree(library: Library, code: str, statement: str) -> None:
    with library.write() as connection:
        samples.add(connection, "a.wav", "x1:a", kind="loop")
        connection.exec_driver_sql(statement)
    assert code in {finding.code for finding in check_library(library).findings}


def test_check_finds_a_damaged_file(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: 4096 * 12] + b"\x55" * 4096 * 6 + content[4096 * 18 :])
    with open_library(path, mode="read") as library:
        assert {finding.code for finding in check_library(library).findings} == {"integrity"}


def test_check_finds_a_row_without_its_parent(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE regions SET sound_id = 99 WHERE id = 1")
    connection.commit()
    connection.close()
    with open_library(path, mode="read") as library:
        [finding] = check_library(library).findings
    assert finding.code == "foreign_key"
    assert "sounds" in finding.message


def test_check_finds_vectors_and_index_files_that_are_not_what_they_should_be(library: Library) -> None:
    with library.write() as connection:
        space = embeddings.ensure_space(connection, samples.SPACE)
        sound_id = samples.add(connection, "a.wav", "x1:a")
        [region_id] = whole_regions(connection, [sound_id]).values()
        cut = {"region_id": region_id, "start_s": 0.0, "end_s": 1.0, "is_window": False, "vector": b"\0\0"}
        connection.execute(sa.insert(schema.embeddings_table(space.number)).values(cut))
        segments.publish(connection, space, [segments.Segment("gone.seg", 1, 1, 1, 1, 1)], after=0, removed_up_to=0)
    assert {finding.code for finding in check_library(library).findings} == {"vector_length", "index_file"}


def test_a_second_backup_in_one_second_has_a_name_of_its_own(path: Path) -> None:
    with open_library(path) as library:
        first, second = library.backup(), library.backup()
        assert first != second
        assert set(backup.list_backups(first.parent, ".sonoteca")) == {first, second}
    assert backup.list_backups(path.parent / "nowhere", ".sonoteca") == []
    with pytest.raises(LibraryMissing, match="is its disk mounted"):
        backup.restore(path.parent / "nowhere" / "x.sonoteca", first, path.parent)
