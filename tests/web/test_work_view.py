"""The view Work: files are uploaded, jobs are followed, and what fails says why and is tried again alone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from page_samples import drop_files, sound_of


def test_uploads_go_on_beside_one_that_fails_and_jobs_are_followed(
    refused_page: Page, page_folder: Path, tmp_path: Path
) -> None:
    page = refused_page
    page.goto("/ui/#/work")
    expect(page.get_by_text("Sounds", exact=True).locator("xpath=../dd")).to_have_text(re.compile(r"^\d+$"))
    # Copies of what is there: the library stays as it is for others.
    good = [tmp_path / name for name in ("one.wav", "two.wav")]
    for path, name in zip(good, ("kick deep", "snare"), strict=True):
        shutil.copyfile(sound_of(page_folder, name), path)
    bad = tmp_path / "notes.wav"
    bad.write_text("This is no sound.")
    drop_files(page, good[0], bad, good[1])

    uploads = page.get_by_role("region", name="Uploads")
    failed = uploads.get_by_role("listitem").filter(has_text="notes.wav")
    expect(failed).to_contain_text("is not a sound file")
    expect(failed).to_contain_text("convert it to WAV or FLAC")
    expect(uploads.locator(".upload-counts")).to_have_text("2 files of 3 in the library, 1 failed", timeout=60_000)
    jobs = page.get_by_role("region", name="Jobs")
    expect(jobs.get_by_role("listitem").filter(has_text="two.wav")).to_contain_text("done")

    # It is tried again alone, and fails again for the same reason; the others stay as they are.
    failed.get_by_role("button", name="Try notes.wav again").click()
    expect(failed).to_contain_text("is not a sound file")
    expect(uploads.locator(".upload-counts")).to_have_text("2 files of 3 in the library, 1 failed")

    # Another view does not end what is on its way, and the state of jobs stands in the address.
    page.get_by_role("link", name="Match").click()
    page.get_by_role("link", name="Work").click()
    expect(failed).to_be_visible()
    page.get_by_role("button", name=re.compile(r"^\d+ done$")).click()
    expect(page).to_have_url(re.compile("state=done"))
    expect(page.get_by_role("region", name="System")).to_contain_text("1 worker")


def test_a_sound_that_could_not_be_heard_says_why_and_is_tried_again_alone(page: Page) -> None:
    error = {"code": "damaged_audio", "message": "It ends in the middle.", "remedy": "Copy the file again."}
    job = {"id": "j1", "kind": "analyze", "state": "queued", "attempts": 0, "cancel_asked": False, "progress": None}
    job |= {"result": None, "error": None, "callback": None, "change": 10**9, "created_at": "2026-11-30T08:00:00.000Z"}
    job |= {"started_at": None, "finished_at": None, "request": {"kind": "analyze", "paths": ["/music/cut.wav"]}}
    asked: list[object] = []

    def retried(route: Route) -> None:
        asked.append(route.request.post_data_json)
        route.fulfill(status=202, json=job)

    # No sound of the shared library fails, so the answers are another's.
    told = page.request.get("/api/audit").json() | {"failed": 1}
    page.route("**/api/audit", lambda route: route.fulfill(json=told))
    row = {"id": "k3v9q2h7d4mxw5ta", "path": "/music/cut.wav"}
    page.route("**/database/files?status=failed*", lambda route: route.fulfill(json={"results": [row]}))
    page.route(f"**/api/sounds/{row['id']}", lambda route: route.fulfill(json={**row, "error": error}))
    page.route("**/analyze", retried)
    page.goto("/ui/#/work")
    failed = page.get_by_role("region", name="Failed sounds")
    expect(failed).to_contain_text("It ends in the middle. Copy the file again.")
    failed.get_by_role("button", name="Try cut.wav again").click()
    expect(page.get_by_role("region", name="Jobs").get_by_role("listitem").filter(has_text="cut.wav")).to_contain_text(
        "queued"
    )
    assert asked == [{"file_path": "/music/cut.wav", "force": True}]


@pytest.mark.slow
def test_a_folder_of_250_files_is_taken_whole(refused_page: Page, page_folder: Path, tmp_path: Path) -> None:
    page = refused_page
    kick = sound_of(page_folder, "kick deep")
    for number in range(249):
        folder = tmp_path / "kit" / f"part {number % 5}" / f"deeper {number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kick, folder / f"kick {number:03}.wav")
    (tmp_path / "kit" / "part 0" / "broken.wav").write_text("This is no sound.")
    page.goto("/ui/#/work")
    page.locator("input[webkitdirectory]").set_input_files(tmp_path / "kit")
    uploads = page.get_by_role("region", name="Uploads")
    expect(uploads.locator(".upload-counts")).to_have_text("249 files of 250 in the library, 1 failed", timeout=600_000)
    expect(uploads.get_by_role("listitem").first).to_contain_text("broken.wav")
    # Of a long list only the first are in the document.
    assert uploads.get_by_role("listitem").count() <= 100


@pytest.mark.slow
def test_what_happens_while_the_stream_is_lost_is_right_within_seconds(
    page: Page, page_folder: Path, tmp_path: Path
) -> None:
    # The first stream is cut as soon as it is opened.
    page.add_init_script(
        """const Real = window.EventSource;
        window.sources = [];
        window.EventSource = class extends Real {
            constructor(...said) { super(...said); window.sources.push(this); }
        };"""
    )
    page.goto("/ui/#/work")
    page.wait_for_function("() => window.sources.some((each) => each.readyState === 1)")
    page.evaluate("() => { for (const each of window.sources) { each.close(); } }")
    page.evaluate("() => window.sources.at(-1).dispatchEvent(new Event('error'))")
    copy = tmp_path / "lost and found.wav"
    shutil.copyfile(sound_of(page_folder, "snare"), copy)
    page.locator("input[multiple]").set_input_files(copy)
    uploads = page.get_by_role("region", name="Uploads")
    expect(uploads.locator(".upload-counts")).to_have_text("1 file of 1 in the library", timeout=60_000)
    assert page.evaluate("() => window.sources.length") > 1
