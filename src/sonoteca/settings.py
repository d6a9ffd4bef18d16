"""Settings, read once at the edge (command line, server) and passed down as ordinary arguments."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from sonoteca.workers.limits import DEFAULT_MEMORY_MB, processors


def default_library() -> str:
    """``library.sonoteca`` in the platform's folder for user data."""
    return str(Path(platformdirs.user_data_dir("sonoteca", appauthor=False)) / "library.sonoteca")


class Settings(BaseSettings):
    """Every setting can be given as ``SONOTECA_<NAME>`` in the environment; options win over it."""

    model_config = SettingsConfigDict(env_prefix="SONOTECA_", extra="ignore")

    library: str = Field(default_factory=default_library, description="file, folder or postgresql:// URL")
    data_dir: str | None = Field(default=None, description="index, peaks, backups of a PostgreSQL library")
    workers: int = Field(default_factory=processors, ge=1, le=512, description="worker processes")
    memory_mb: int = Field(default=DEFAULT_MEMORY_MB, ge=200, description="resident memory one worker may use, in MB")
    trust_names: bool = Field(default=False, description="rank tempo and key in file names above the analyzers")


def load_settings() -> Settings:
    """Read the environment."""
    return Settings()
