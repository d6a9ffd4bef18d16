"""What a library keeps in its data folder and can do without: which folders there are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sonoteca.arrange.preview.preview_audio import PREVIEWS_FOLDER
from sonoteca.arrange.sound.arrangement_audio import RENDERS_FOLDER
from sonoteca.catalogue.store.library import Library
from sonoteca.media.clip import CLIPS_FOLDER
from sonoteca.media.rendition import AUDIO_FOLDER
from sonoteca.media.source import LOOKS_FOLDER
from sonoteca.media.waveform import PEAKS_FOLDER

CACHES: Mapping[str, tuple[str, ...]] = {
    "audio": AUDIO_FOLDER,
    "clips": CLIPS_FOLDER,
    "looks": LOOKS_FOLDER,
    "peaks": (PEAKS_FOLDER,),
    "previews": PREVIEWS_FOLDER,
    "renders": RENDERS_FOLDER,
}
STAGING = "staging"


def kept_folders(library: Library) -> dict[str, Path]:
    """The folders of all caches and of uploads by name, whether they are there or not; none without a data folder."""
    if library.data_dir is None:
        return {}
    below = {**CACHES, STAGING: (STAGING,)}
    return {name: library.data_dir.joinpath(*parts) for name, parts in below.items()}
