"""Settings, read once at the edge (command line, server) and passed down as ordinary arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from sonoteca.domain.request import value_error
from sonoteca.workers.limits import DEFAULT_MEMORY_MB, processors


def default_library() -> str:
    """``library.sonoteca`` in the platform's folder for user data."""
    return str(Path(platformdirs.user_data_dir("sonoteca", appauthor=False)) / "library.sonoteca")


def default_models() -> str:
    """``models`` in the platform's folder for user data."""
    return str(Path(platformdirs.user_data_dir("sonoteca", appauthor=False)) / "models")


def _listed(text: object) -> object:
    """``"a, b c"`` as three names: lists stand in the environment with commas or spaces."""
    return tuple(text.replace(",", " ").split()) if isinstance(text, str) else text


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class Settings(BaseSettings):
    """Every setting can be given as ``SONOTECA_<NAME>`` in the environment; options win over it."""

    model_config = SettingsConfigDict(env_prefix="SONOTECA_", extra="ignore")

    library: str = Field(default_factory=default_library, description="file, folder or postgresql:// URL")
    data_dir: str | None = Field(default=None, description="index, peaks, backups of a PostgreSQL library")
    workers: int = Field(default_factory=processors, ge=1, le=512, description="worker processes")
    memory_mb: int = Field(default=DEFAULT_MEMORY_MB, ge=200, description="resident memory one worker may use, in MB")
    job_queue_limit: int = Field(default=1000, ge=1, description="how many jobs may wait; more are refused")
    callback_hosts: Names = Field(default=(), description="hosts that may be told when a job ends; several with commas")
    callback_secret: SecretStr | None = Field(default=None, description="what those messages are signed with")
    models_dir: str = Field(default_factory=default_models, description="folder of models that were pulled")
    trust_names: bool = Field(default=False, description="rank tempo and key in file names above the analyzers")


class ServerSettings(BaseSettings):
    """What the server takes and from whom; each can be given as ``SONOTECA_<NAME>``, and options win over it."""

    model_config = SettingsConfigDict(env_prefix="SONOTECA_", extra="ignore", frozen=True)

    host: str = Field(default="127.0.0.1", description="address that the server listens at")
    port: int = Field(default=8000, ge=0, le=65_535, description="port that the server listens at; 0 is any free one")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_listed)] = Field(
        default=(), description="keys that may ask: read:KEY, write:KEY or KEY, which may write; several with commas"
    )
    allowed_hosts: Names = Field(
        default=(), description="names by which the server may be asked, beside those of this machine itself"
    )
    allowed_origins: Names = Field(
        default=(), description="origins whose pages may ask, as https://shop.example; the server's own may always"
    )
    requests_per_minute: int = Field(default=6000, ge=1, description="how often one key may ask")
    max_upload_mb: int = Field(default=512, ge=1, description="largest upload, in MB")
    max_body_mb: int = Field(default=8, ge=1, description="largest body of a request that is no upload, in MB")
    min_free_mb: int = Field(default=256, ge=0, description="disk space that uploads leave free, in MB")
    cache_mb: int = Field(
        default=10_240, ge=0, description="disk space for sound made to be played, and for clips, in MB each"
    )
    cache_days: int = Field(default=30, ge=0, description="days after its last use that what is cached is kept")
    staging_hours: int = Field(default=24, ge=1, description="hours that uploads nobody has asked for are kept")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="what is logged; info has a line for each request"
    )
    allow_edits: bool = Field(
        default=False, description="whether assistants whose key may write may change the library"
    )
    events: bool = Field(default=False, description="whether what is asked is kept as events: no sound, no person")
    events_keep_days: float = Field(default=90.0, gt=0, description="days that events are kept")
    run_queue: bool = Field(default=True, description="whether the server does what waits in the queue itself")
    upload_timeout_s: float = Field(default=600.0, gt=0, description="how long one upload may take, in seconds")


def load_settings() -> Settings:
    """Read the environment."""
    return Settings()


def load_server_settings(**given: Any) -> ServerSettings:
    """Read the environment for the server; what is given and not None wins over it.

    Raises
    ------
    RequestError
        A value is none; ``field`` names it.
    """
    try:
        return ServerSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise value_error(error.errors(include_url=False)[0]) from None
