"""The view Match: what goes with a sound of the library, with a file that is dropped, and with a hum."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Page, expect

from page_samples import FLAGS, chromium, drop_files, sound_of, watched_page
from server_processes import ServerProcess


def _bass_id(server: ServerProcess) -> str:
    found = server.client.get("/database/files", params={"query": "role:bass", "limit": 1}).json()["results"]
    return str(found[0]["id"])


def test_match_ranks_plays_both_together_and_remembers_what_was_taken(page: Page, page_server: ServerProcess) -> None:
    page.goto(f"/ui/#/match/{_bass_id(page_server)}")
    candidates = page.get_by_role("list", name="What goes with it").get_by_role("listitem")
    expect(candidates.first).to_contain_text("124bpm")
    expect(page.get_by_role("button", name="anything")).to_have_attribute("aria-pressed", "true")

    # A role narrows, and stands in the address.
    page.get_by_role("button", name="drums", exact=True).click()
    expect(page).to_have_url(re.compile("role=drums"))
    row = candidates.filter(has_text="drums straight 124bpm")
    expect(row).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="drums", exact=True)).to_have_attribute("aria-pressed", "true")

    # Both together are heard: the mix really goes on.
    row.get_by_role("button", name=re.compile("^Hear drums")).click()
    expect(page.get_by_role("slider", name="Position")).not_to_have_attribute("aria-valuenow", "0")
    expect(page.locator(".player-name")).to_contain_text("drums straight 124bpm with bass C 124bpm")

    row.get_by_role("button", name=re.compile("^Take")).click()
    expect(page.get_by_role("status").filter(has_text="was taken")).to_be_visible()
    row.get_by_role("button", name=re.compile("^Why")).click()
    expect(row.get_by_role("term").filter(has_text="Rhythm")).to_be_visible()
    page.get_by_label("Strict: leave out what has a doubt").check()
    expect(page).to_have_url(re.compile("strict=yes"))


def test_a_part_of_a_sound_is_heard_together_and_taken(page: Page, page_server: ServerProcess) -> None:
    page.goto(f"/ui/#/match/{_bass_id(page_server)}?role=fx")
    row = page.get_by_role("listitem").filter(has_text=re.compile("rain on a roof.*from 0:")).first
    sent: list[object] = []
    page.on("request", lambda asked: sent.append(asked.post_data_json) if asked.method == "POST" else None)
    row.get_by_role("button", name=re.compile("^Hear rain")).click()
    expect(page.get_by_role("slider", name="Position")).not_to_have_attribute("aria-valuenow", "0")
    row.get_by_role("button", name=re.compile("^Take")).click()
    expect(page.get_by_role("status").filter(has_text="was taken")).to_be_visible()
    # One row is lit, not all that are parts of the sound.
    expect(page.locator(".candidate[data-choice=taken]")).to_have_count(1)
    preview, choice = (each for each in sent if isinstance(each, dict) and "sound_id" not in each)
    assert preview["b_region"] == choice["candidate_region"] > 0


def test_a_dropped_file_is_matched_heard_with_a_sound_and_still_there_after_a_reload(
    page: Page, page_folder: Path
) -> None:
    page.goto("/ui/#/match")
    expect(page.get_by_role("heading", name=re.compile("^Hum a line"))).to_be_visible()
    # It falls beside every zone, and does not replace the page.
    drop_files(page, sound_of(page_folder, "keys C 124bpm"))
    expect(page.locator(".source-card")).to_contain_text("keys C 124bpm.wav")
    page.reload()
    expect(page.locator(".source-card")).to_contain_text("keys C 124bpm.wav")
    row = page.get_by_role("listitem").filter(has_text="bass C 124bpm")
    row.get_by_role("button", name=re.compile("^Hear")).click()
    expect(page.get_by_role("slider", name="Position")).not_to_have_attribute("aria-valuenow", "0")
    row.get_by_role("button", name=re.compile("^Turn down")).click()
    expect(page.get_by_role("status").filter(has_text="was turned down")).to_be_visible()


@pytest.fixture
def recording_page(page_server: ServerProcess, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A tab of another browser whose microphone hears a plain tune, over and over."""
    heard = tmp_path / "tune.wav"
    seconds = np.arange(int(0.45 * 48_000)) / 48_000
    fade = np.minimum(1.0, np.minimum(seconds, seconds[::-1]) / 0.03)
    tones = [440.0 * 2 ** ((pitch - 69) / 12) for pitch in (60, 64, 67, 72, 71, 67, 65, 62)]
    notes = [fade * sum(np.sin(2 * np.pi * n * hz * seconds) / n for n in (1, 2, 3)) for hz in tones]
    soundfile.write(heard, 0.3 * np.concatenate(notes), 48_000, subtype="PCM_16")
    flags = [
        *FLAGS,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={heard}",
        # A name that is no loopback address is no secure context over http.
        "--host-resolver-rules=MAP studio.test 127.0.0.1",
    ]
    other = browser.browser_type.launch(executable_path=chromium(), args=flags)
    try:
        with watched_page(other, page_server.url) as page:
            yield page
    finally:
        other.close()


_TRACKS = """
    const asked = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    window.streams = [];
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await asked(wanted);
        window.streams.push({ stream, wanted });
        return stream;
    };
"""
_IS_OFF = (
    "() => window.streams.every(({ stream }) => stream.getTracks().every((track) => track.readyState === 'ended'))"
)


@pytest.mark.slow
@pytest.mark.parametrize("is_supported_missing", [False, True])
def test_a_hum_is_recorded_as_it_is_and_the_microphone_is_off_afterwards(
    recording_page: Page, is_supported_missing: bool
) -> None:
    page = recording_page
    page.add_init_script(_TRACKS)
    if is_supported_missing:
        page.add_init_script("delete MediaRecorder.isTypeSupported;")
    page.goto("/ui/#/match")

    # Cancelled: the light goes off, and nothing is matched.
    page.get_by_role("button", name="Record a hum").click()
    expect(page.get_by_role("timer")).to_be_visible()
    wanted = page.evaluate("() => window.streams[0].wanted.audio")
    assert (wanted["echoCancellation"], wanted["noiseSuppression"], wanted["autoGainControl"]) == (False, False, False)
    page.get_by_role("button", name="Cancel").click()
    assert page.evaluate(_IS_OFF)
    expect(page.locator(".source-card")).to_have_count(0)

    # Left while it records: off as well.
    page.get_by_role("button", name="Record a hum").click()
    expect(page.get_by_role("timer")).to_be_visible()
    page.get_by_role("link", name="Library").click()
    page.wait_for_function(_IS_OFF)

    page.get_by_role("link", name="Match").click()
    page.get_by_role("button", name="Record a hum").click()
    expect(page.get_by_role("timer")).to_have_text(re.compile("^0:0[6-9]"), timeout=30_000)
    page.get_by_role("button", name="Stop").click()
    page.wait_for_function(_IS_OFF)
    expect(page.locator(".source-card")).to_contain_text("recording")
    expect(page.get_by_role("button", name="a hum: its notes count")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("list", name="What goes with it").get_by_role("listitem").first).to_be_visible(
        timeout=60_000
    )


@pytest.mark.slow
def test_without_a_secure_context_the_button_says_why_and_what_helps(
    recording_page: Page, page_server: ServerProcess
) -> None:
    page = recording_page
    port = page_server.url.rpartition(":")[2]
    assert page.context.browser is not None
    with watched_page(page.context.browser, f"http://studio.test:{port}") as other:
        other.goto("/ui/#/match")
        assert not other.evaluate("() => isSecureContext")
        other.get_by_role("button", name="Record a hum").click()
        expect(other.get_by_role("alert")).to_contain_text("https")
