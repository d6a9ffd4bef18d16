"""An arrangement is rendered to sound offline: exact to the sample, the same bytes every time."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import field_validator

from sonoteca.arrange.arrangement import Arrangement, Clip
from sonoteca.arrange.bar_grid import BarGrid
from sonoteca.arrange.keep.store import load_arrangement
from sonoteca.arrange.sound.in_workers import make_passes, output_explained, render_workers, scratch_folder, write_mix
from sonoteca.arrange.sound.orders import MixDown, Mixed, PassFile, PassOrder, check_format, name_of
from sonoteca.arrange.sound.placing import place_clips
from sonoteca.arrange.sound.rate import DEFAULT_RATE, check_rate
from sonoteca.arrange.sources import Source, find_sources, require_all
from sonoteca.audio.recording import MAX_READ_S
from sonoteca.audio.stretch_range import MAX_RATIO, MIN_RATIO
from sonoteca.catalogue.identity.sounds import find_sounds
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError, SonotecaError, SoundsMissing
from sonoteca.workers.executor import Executor

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener

# Beyond this a render is a mistake of units, or a WAV file that cannot be.
_MAX_S = 4 * 3600.0


class RenderRequest(Request):
    """An arrangement as a file of sound.

    Attributes
    ----------
    arrangement : str
        Its id or a unique prefix of it.
    output : str
        The file; its suffix is the format: ``.wav``, ``.flac`` (24 bits) or ``.mp3``. Replaced if it
        exists, unless it is a sound of the library.
    stems : bool
        Also write one file per role beside it: ``mix.wav`` gets ``mix-drums.wav`` and so on.
    rate : int in 8000..192000 [Hz]
    allow_missing : bool
        Leave silence where a sound is missing or cannot be read, and say so, instead of refusing.
    """

    arrangement: str
    output: str
    stems: bool = False
    rate: int = DEFAULT_RATE
    allow_missing: bool = False

    @field_validator("rate")
    @classmethod
    def _is_rate(cls, rate: int) -> int:
        check_rate(rate)
        return rate


@dataclass(frozen=True, slots=True)
class Rendering:
    """The files of a render.

    Attributes
    ----------
    path : Path
    stems : mapping of role to Path
        Empty unless asked for. Their sum is the mix.
    sample_rate : int [Hz]
    n_samples : int [samples]
        Of every file.
    mixed : Mixed
        Gain of the whole, true peak and loudness; what was written.
    missing : tuple of str
        Sounds in whose place there is silence, each with the reason.
    """

    path: Path
    stems: Mapping[str, Path]
    sample_rate: int
    n_samples: int
    mixed: Mixed
    missing: tuple[str, ...] = ()

    @property
    def down(self) -> MixDown:
        """Gain of the whole, true peak and loudness."""
        return self.mixed.down

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.sample_rate

    def as_json(self) -> dict[str, Any]:
        """The object that commands and routes answer with."""
        return {
            "path": str(self.path),
            "stems": {role: str(path) for role, path in self.stems.items()},
            "sample_rate": self.sample_rate,
            "n_samples": self.n_samples,
            "duration_s": round(self.duration_s, 4),
            **measures_as_json(self.down),
            "missing": list(self.missing),
        }


def measures_as_json(down: MixDown) -> dict[str, float | None]:
    """What was measured of a mix, as answers tell it."""
    return {
        "gain_db": round(down.gain_db, 2),
        "true_peak_dbtp": _rounded(down.true_peak_dbtp),
        "loudness_lufs": _rounded(down.loudness_lufs),
    }


@dataclass(frozen=True, slots=True)
class RenderAnswer:
    """What was asked, and what was written for it."""

    request: RenderRequest
    rendering: Rendering

    def as_json(self) -> dict[str, Any]:
        return self.rendering.as_json()


def render(
    library: Library, request: RenderRequest, *, listener: Listener | None = None, workers: int = 1
) -> RenderAnswer:
    """Render an arrangement of the library to a file, and to stems if they are asked for.

    Parameters
    ----------
    listener : Listener, optional
        Its worker processes, if they run, read, stretch and mix the sounds; else some are started for this call, as
        a worker that can listen takes longer to start.
    workers : int >= 1
        How many are started.

    Raises
    ------
    ArrangementNotFound, AmbiguousArrangement
        From its name.
    SoundsMissing
        Names every sound that is missing or cannot be read.
    RequestError
        The output is a sound of the library or no name for a render; the arrangement is too long.
    """
    with library.read() as connection:
        arrangement = load_arrangement(connection, request.arrangement)
    rendering = render_arrangement(
        library,
        arrangement,
        request.output,
        stems=request.stems,
        sample_rate=request.rate,
        allow_missing=request.allow_missing,
        workers=workers,
        listener=listener,
    )
    return RenderAnswer(request, rendering)


def render_arrangement(
    library: Library,
    arrangement: Arrangement,
    path: str | os.PathLike[str],
    *,
    stems: bool = False,
    sample_rate: int = DEFAULT_RATE,
    allow_missing: bool = False,
    workers: int = 1,
    memory_mb: int = 2000,
    executor: Executor | None = None,
    listener: Listener | None = None,
) -> Rendering:
    """Write an arrangement that need not be kept as WAV, FLAC or MP3.

    Parameters
    ----------
    library : Library
        Says where the sounds are today.
    arrangement : Arrangement
        Muted roles are not heard.
    path : path
        The suffix is the format: ``.wav`` and ``.flac`` (24 bits), ``.mp3`` (256 kbit/s). Replaced if it exists.
    stems : bool
        Also write one file per role beside it: ``mix.wav`` gets ``mix-drums.wav`` and so on.
    sample_rate : int [Hz]
    allow_missing : bool
        Leave silence where a sound is missing or cannot be read, and say so, instead of refusing.
    workers, memory_mb, executor
        As of ``in_workers.render_workers``: sounds are decoded and mixed in worker processes.
    listener : Listener, optional
        Asked whose sound is in a file that was changed since the library saw it; its workers, if they run, are the
        executor unless one is given.

    Returns
    -------
    Rendering
        Bar ``b`` begins at sample ``round(b * 60 * beats_per_bar * sample_rate / tempo_bpm)``, exactly.

    Raises
    ------
    SoundsMissing
        Names every sound that is missing or cannot be read.
    RequestError
        The path is a sound of the library or no name for a render; the rate or the length is out of range.
    """
    target = Path(path)
    roles = heard_roles(arrangement)
    stem_paths = {role: target.with_name(f"{target.stem}-{role}{target.suffix}") for role in roles} if stems else {}
    check_render(arrangement, sample_rate)
    check_targets(library, [target, *stem_paths.values()])
    with output_explained(target):
        return write_arrangement(
            library,
            arrangement,
            target,
            stem_paths,
            sample_rate=sample_rate,
            allow_missing=allow_missing,
            workers=workers,
            memory_mb=memory_mb,
            executor=executor,
            listener=listener,
        )


def write_arrangement(
    library: Library,
    arrangement: Arrangement,
    target: Path,
    stems: Mapping[str, Path] = {},
    *,
    sample_rate: int,
    allow_missing: bool = False,
    workers: int = 1,
    memory_mb: int = 2000,
    executor: Executor | None = None,
    listener: Listener | None = None,
) -> Rendering:
    """As ``render_arrangement``, for files that may be written; OSError where they cannot."""
    heard = heard_clips(arrangement)
    sources = find_sources(library, heard, listener=listener)
    if not allow_missing:
        require_all(arrangement, sources, with_muted=False)
    paths = {source.content_hash: source.path for source in sources.values() if source.path is not None}
    grid = _grid(arrangement, sample_rate)
    n_samples = grid.sample(arrangement.bars)
    placed = place_clips(grid, [clip for clip in heard if clip.content_hash in paths])
    if executor is None and listener is not None:
        executor = listener.ready_executor
    with scratch_folder() as folder, render_workers(executor, workers=workers, memory_mb=memory_mb) as pool:
        made = make_passes([each.order for some in placed.values() for each in some], paths, folder, pool)
        passes, unreadable = _parted(made)
        missing = _missing(sources, unreadable)
        if unreadable and not allow_missing:
            raise SoundsMissing(f"{len(missing)} of {len(sources)} sounds cannot be read: {'; '.join(missing)}.")
        voices = {role: [each for each in some if each.order in passes] for role, some in placed.items()}
        mixed = write_mix(voices, passes, n_samples, sample_rate, path=target, stems=stems, executor=pool)
    return Rendering(target, stems, sample_rate, n_samples, mixed, tuple(missing))


def heard_roles(arrangement: Arrangement) -> list[str]:
    """The roles that are not muted."""
    return [role for role in arrangement.roles if role not in arrangement.muted]


def heard_clips(arrangement: Arrangement) -> list[Clip]:
    """The clips of roles that are not muted."""
    return [clip for clip in arrangement.clips if clip.role not in arrangement.muted]


def name_of_sound(arrangement: Arrangement, sample_rate: int) -> str:
    """A name for how an arrangement sounds where no sound is missing: another for each that sounds otherwise."""
    grid = _grid(arrangement, sample_rate)
    return name_of(place_clips(grid, heard_clips(arrangement)), grid.sample(arrangement.bars), sample_rate)


def _grid(arrangement: Arrangement, sample_rate: int) -> BarGrid:
    return BarGrid(arrangement.tempo_bpm, arrangement.beats_per_bar, sample_rate)


def check_render(arrangement: Arrangement, sample_rate: int) -> None:
    """Raise RequestError for an arrangement that cannot be rendered, whatever its sounds are."""
    check_rate(sample_rate)
    if arrangement.duration_s > _MAX_S:
        raise RequestError(f"The arrangement lasts {arrangement.duration_s / 3600:.1f} hours.", "Render at most 4.")
    for clip in arrangement.clips:
        if clip.span_s > MAX_READ_S:
            raise RequestError(
                f"A {clip.role} clip repeats {clip.span_s / 60:.0f} minutes of a sound.",
                f"A pass lasts at most {MAX_READ_S / 60:.0f} minutes.",
            )
        if not MIN_RATIO <= clip.tempo_ratio <= MAX_RATIO:
            raise RequestError(
                f"A {clip.role} clip is to play at {clip.tempo_ratio:g} times its tempo.",
                f"Rendered is {MIN_RATIO} to {MAX_RATIO} times.",
            )


def check_targets(library: Library, targets: Sequence[Path]) -> None:
    """Raise RequestError if one of these cannot be rendered to, or is a sound of the library that would be lost."""
    for target in targets:
        check_format(target)
        if not target.exists():
            continue
        with library.read() as connection:
            if find_sounds(connection, os.path.abspath(target)):
                raise RequestError(f"{target} is a sound of the library.", "Name another file.", field="output")


def _parted(
    made: Mapping[PassOrder, PassFile | SonotecaError],
) -> tuple[dict[PassOrder, PassFile], dict[str, SonotecaError]]:
    """Part the passes from what could not be made; the latter by content hash."""
    passes = {order: each for order, each in made.items() if not isinstance(each, SonotecaError)}
    failed = {order.content_hash: each for order, each in made.items() if isinstance(each, SonotecaError)}
    return passes, failed


def _missing(sources: Mapping[str, Source], unreadable: Mapping[str, SonotecaError]) -> list[str]:
    gone = [f"{source.shown}: {source.why_missing}" for source in sources.values() if source.path is None]
    return gone + [
        f"{source.shown}: {unreadable[source.content_hash].message.rstrip('.')}"
        for source in sources.values()
        if source.content_hash in unreadable
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
