"""Mono samples written once in order and read anywhere: in memory when short, in a file when long."""

from __future__ import annotations

import os
import tempfile
from typing import IO

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.signal import ANALYSIS_RATE
from sonoteca.errors import AudioError

# 26 MB; longer sounds go to a file.
IN_MEMORY_SAMPLES = 300 * ANALYSIS_RATE


class SampleSpool:
    """Append float32 samples, ``seal()``, then ``read`` spans. Close it."""

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self._folder = folder
        self._parts: list[NDArray[np.float32]] = []
        self._samples = np.zeros(0, dtype=np.float32)
        self._file: IO[bytes] | None = None
        self.n_samples = 0

    def append(self, samples: NDArray[np.float32]) -> None:
        """Add samples behind the last.

        Raises
        ------
        AudioError
            If the temporary file cannot be made or written.
        """
        try:
            self._append(samples)
        except OSError as error:
            raise AudioError(
                f"The temporary file of a long sound cannot be written: {error.strerror or error}.",
                "Free disk space, or name another temporary folder in TMPDIR.",
            ) from error

    def _append(self, samples: NDArray[np.float32]) -> None:
        self.n_samples += len(samples)
        if self._file is None:
            self._parts.append(samples)
            if self.n_samples > IN_MEMORY_SAMPLES:
                self._file = tempfile.TemporaryFile(prefix="sonoteca-", dir=self._folder)  # noqa: SIM115 - closed in close()
                for part in self._parts:
                    self._file.write(part.data)
                self._parts = []
        else:
            self._file.write(np.ascontiguousarray(samples).data)

    def seal(self) -> None:
        """Call it when nothing will be appended any more."""
        if self._file is None:
            self._samples = np.concatenate(self._parts) if self._parts else self._samples
            self._samples.flags.writeable = False
            self._parts = []
        else:
            self._file.flush()

    def read(self, first_sample: int, n_samples: int) -> NDArray[np.float32]:
        """Samples ``[first_sample, first_sample + n_samples)``, shape (n_samples,).

        Raises
        ------
        ValueError
            If the span does not lie in the sound.
        """
        if first_sample < 0 or n_samples < 0 or first_sample + n_samples > self.n_samples:
            raise ValueError(
                f"samples {first_sample} to {first_sample + n_samples} were asked of a sound of {self.n_samples}"
            )
        if self._file is None:
            return self._samples[first_sample : first_sample + n_samples]
        samples = np.empty(n_samples, dtype=np.float32)
        self._file.seek(first_sample * samples.itemsize)
        view = samples.data.cast("B")
        filled = 0
        while filled < len(view):
            got = self._file.readinto(view[filled:])  # type: ignore[attr-defined]
            if not got:
                raise OSError(
                    f"the spool ended {len(view) - filled} bytes too early: was it emptied by another program?"
                )
            filled += got
        return samples

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._samples = np.zeros(0, dtype=np.float32)
        self._parts = []
