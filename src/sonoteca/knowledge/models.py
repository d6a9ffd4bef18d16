"""Which models of other projects are known, whether they are on this machine, and bringing them here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sonoteca.domain.answer import Rows
from sonoteca.models.text.pulled import LICENCE, NAME, VERSION, is_pulled, model_folder, pull_model


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model: ``is_here`` on this machine, in ``folder``; ``lacks`` names what would run it and is not installed."""

    purpose: str
    name: str
    version: str
    licence: str
    folder: str
    is_here: bool
    lacks: str | None

    def as_json(self) -> dict[str, Any]:
        return {
            "purpose": self.purpose,
            "name": self.name,
            "version": self.version,
            "licence": self.licence,
            "path": self.folder,
            "is_here": self.is_here,
            "lacks": self.lacks,
        }


@dataclass(frozen=True, slots=True, repr=False)
class ModelsAnswer(Rows):
    """The models that can be pulled."""

    rows: tuple[ModelRow, ...]

    def as_json(self) -> dict[str, Any]:
        return {"results": self.as_rows()}


def list_models(models: Path) -> ModelsAnswer:
    """List the models that can be pulled, and whether each is in the folder of models and can run."""
    lacks = [name for name in ("onnxruntime", "tokenizers") if find_spec(name) is None]
    folder = str(model_folder(models))
    return ModelsAnswer(
        (ModelRow("text", NAME, VERSION, LICENCE, folder, is_pulled(models), " and ".join(lacks) or None),)
    )


def pull_models(models: Path) -> ModelsAnswer:
    """Bring the sentence model into the folder of models; what is there already stays.

    Raises
    ------
    ModelUnavailable
        No place has it.
    """
    pull_model(models)
    return list_models(models)
