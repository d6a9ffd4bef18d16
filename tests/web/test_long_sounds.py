"""Sounds of an hour and more: what is drawn, what the cursor says and what is heard are one; and nothing long is held.

The hour is an MP3 of variable bit rate without a table of contents, whose places browsers only guess. A tone that rises by
one hertz a second says which second is heard, a tick at every whole second says which moment of it.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

from page_samples import watched_page
from render_samples import know
from server_processes import ServerProcess, running
from sonoteca.catalogue.store.library import open_library

pytestmark = pytest.mark.slow

RATE = 22_050
HOUR_S, TWO_HOURS_S = 3_600, 7_200
LOWEST_HZ = 500.0
SILENT = 9
TICK_S, TICK, TONE = 0.03, 0.9, 0.05
CLICKED_MINUTES = (10, 30, 55)
MOST_APART_S = 0.05
# A waveform is a million pixels of two bytes, which Peaks holds once more for the zoom that is shown.
MOST_HELD_MB = 16.0

# Every sample that the page's audio element gives out, as long as `window.listening`.
HEAR = """(() => {
    const Own = window.Audio;
    window.Audio = class extends Own {
        constructor(...given) {
            super(...given);
            window.element = this;
        }
    };
    const decode = BaseAudioContext.prototype.decodeAudioData;
    window.decoded = 0;
    BaseAudioContext.prototype.decodeAudioData = function (...given) {
        window.decoded += 1;
        return decode.apply(this, given);
    };
})()"""
LISTEN = """(rate) => {
    const context = new AudioContext({ sampleRate: rate });
    const taken = context.createScriptProcessor(8192, 1, 1);
    window.heard = [];
    taken.onaudioprocess = (event) => window.heard.push(...event.inputBuffer.getChannelData(0));
    context.createMediaElementSource(window.element).connect(taken).connect(context.destination);
}"""


@dataclass(frozen=True)
class LongSounds:
    server: ServerProcess
    hour: str
    two_hours: str
    late_s: float
    """How long before the first sample that was written the encoder begins, which nothing in the file tells."""


@pytest.fixture(scope="module")
def long_sounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LongSounds]:
    folder = tmp_path_factory.mktemp("long")
    write_hour(folder / "hour.mp3")
    # Noise of one second, over and over: nothing that compresses to nothing.
    made = f"aevalsrc='0.4*random(0)':s=44100:d=1,aloop=loop=-1:size=44100,atrim=0:{TWO_HOURS_S}"
    ffmpeg("-f", "lavfi", "-i", made, "-sample_fmt", "s16", "-compression_level", "0", str(folder / "two_hours.flac"))
    library_file = folder / "library.sonoteca"
    with open_library(library_file, mode="create") as library:
        for name in ("hour.mp3", "two_hours.flac"):
            know(library, folder / name)
    with running(library_file, folder, "--workers", "1") as server:
        found = server.client.get("/database/files", params={"limit": 2, "fields": "id,path"}).json()["results"]
        ids = {Path(row["path"]).stem: row["id"] for row in found}
        decoded = ffmpeg("-i", str(folder / "hour.mp3"), "-t", "3", "-f", "f32le", "pipe:1")
        late_s = -moment_of(np.frombuffer(decoded, "<f4").astype(np.float64))
        yield LongSounds(server, ids["hour"], ids["two_hours"], late_s)


def ffmpeg(*words: str, samples: bytes | None = None) -> bytes:
    return subprocess.run(["ffmpeg", "-v", "error", *words], input=samples, check=True, capture_output=True).stdout


def write_hour(path: Path) -> None:
    times = np.arange(HOUR_S * RATE, dtype=np.float64) / RATE
    samples = TONE * np.sin(2 * np.pi * (LOWEST_HZ * times + times**2 / 2))
    samples[times % 1.0 < TICK_S] *= TICK / TONE
    kind = ("-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "pipe:0")
    variable = ("-c:a", "libmp3lame", "-q:a", "7", "-write_xing", "0")
    ffmpeg(*kind, *variable, str(path), samples=(samples * 32_767).astype("<i2").tobytes())


def moment_of(samples: NDArray[np.float64]) -> float:
    """Which moment of the hour these samples begin with; where the browser gave out nothing at all, nothing was heard."""
    # A wave that crosses zero has one such sample, an interruption has many.
    is_silent = np.convolve(samples == 0.0, np.ones(SILENT), mode="same") == SILENT
    samples = samples[~np.convolve(is_silent, np.ones(SILENT), mode="same").astype(bool)]
    level = np.abs(samples[: 2 * RATE])
    loud = level > TICK / 2
    # A tick that is under way when one comes to it does not count: its start was not heard.
    quiet_from = int(np.argmin(loud)) + int(0.2 * RATE) if loud[: int(0.2 * RATE)].any() else 0
    tick = quiet_from + int(np.argmax(loud[quiet_from:]))
    tone = samples[tick + int(0.1 * RATE) : tick + int(0.9 * RATE)]
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone)), 16 * len(tone)))
    middle_hz = float(np.argmax(spectrum)) * RATE / (16 * len(tone))
    second = round(middle_hz - LOWEST_HZ - 0.5)
    return second - tick / RATE


def cursor_s(page: Page) -> float:
    minutes, seconds = str(page.locator(".pane-at").text_content()).split(":")
    return 60 * int(minutes) + float(seconds)


def open_sound(page: Page, sound: str) -> None:
    page.goto(f"/ui/#/sound/{sound}")
    expect(page.locator(".pane-grid")).to_have_attribute("data-ready", "true", timeout=180_000)


def test_cursor_and_sound_agree_in_an_hour_of_variable_bit_rate(browser: Browser, long_sounds: LongSounds) -> None:
    # What was not listened to yet is compared with nothing, which the page says.
    with watched_page(browser, long_sounds.server.url, is_refused=True) as page:
        page.add_init_script(HEAR)
        open_sound(page, long_sounds.hour)
        page.get_by_role("button", name="Play this sound").click()
        expect(page.get_by_role("button", name="Pause this sound")).to_be_visible(timeout=180_000)
        page.evaluate(LISTEN, RATE)
        box = page.locator(".peaks-overview").bounding_box()
        assert box is not None
        for minutes in CLICKED_MINUTES:
            page.get_by_role("button", name="Pause this sound").click()
            expect(page.get_by_role("button", name="Play this sound")).to_be_visible()
            page.wait_for_timeout(500)
            page.mouse.click(box["x"] + box["width"] * minutes * 60 / HOUR_S, box["y"] + box["height"] / 2)
            page.wait_for_timeout(500)
            began = cursor_s(page)
            # A pixel of the overview is some seconds.
            assert began == pytest.approx(60 * minutes, abs=10)
            page.evaluate("() => (window.heard = [])")
            page.get_by_role("button", name="Play this sound").click()
            page.wait_for_function(f"() => window.heard.filter(Boolean).length > {4 * RATE}")
            samples = np.array(page.evaluate("() => window.heard"), dtype=np.float64)
            assert moment_of(samples) + long_sounds.late_s == pytest.approx(began, abs=MOST_APART_S)


def test_what_is_drawn_of_an_hour_stands_where_it_is_heard(long_sounds: LongSounds) -> None:
    answer = long_sounds.server.client.get(
        f"/api/sounds/{long_sounds.hour}/waveform", params={"format": "dat", "resolution": "zoom"}, timeout=180
    )
    _, _, rate, per_pixel, n_pixels, _ = np.frombuffer(answer.content[:24], "<i4")
    highest = np.frombuffer(answer.content[24:], "<i2").reshape(-1, 2)[:, 1]
    assert n_pixels * per_pixel / rate == pytest.approx(HOUR_S, abs=0.2)
    for minutes in CLICKED_MINUTES:
        from_ = int((60 * minutes - 0.5) * rate / per_pixel)
        to = int((60 * minutes + 0.5) * rate / per_pixel)
        tick = from_ + int(np.argmax(highest[from_:to] > 32_767 * TICK / 2))
        assert tick * per_pixel / rate == pytest.approx(60 * minutes + long_sounds.late_s, abs=MOST_APART_S)


def test_two_hours_are_never_held_by_the_page(browser: Browser, long_sounds: LongSounds) -> None:
    with watched_page(browser, long_sounds.server.url, is_refused=True) as page:
        page.add_init_script(HEAR)
        session = page.context.new_cdp_session(page)

        def held_mb() -> float:
            session.send("HeapProfiler.collectGarbage")
            told = session.send("Runtime.getHeapUsage")
            return float(told["usedSize"] + told.get("backingStorageSize", 0.0)) / 2**20

        page.goto("/ui/")
        expect(page.locator(".row strong").first).to_be_visible()
        before = held_mb()
        open_sound(page, long_sounds.two_hours)
        slider = page.get_by_role("slider", name="Place in the sound")
        page.get_by_role("button", name="Play this sound").click()
        expect(slider).to_have_attribute("aria-valuetext", re.compile("^[1-9].* of 120 minutes$"), timeout=180_000)
        for _ in range(8):
            page.get_by_role("button", name="Zoom in").click()
        for minutes in range(5, 120, 15):
            page.evaluate(f"() => (window.element.currentTime = {60 * minutes})")
            page.wait_for_timeout(300)
        assert held_mb() - before < MOST_HELD_MB
        assert page.evaluate("() => window.decoded") == 0
