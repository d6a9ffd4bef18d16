"""Files of weights: all are listed, none is another than listed, and every input of a network has a name."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from sonoteca.analysis.builtin import builtin_analyzers
from sonoteca.analysis.engine import identities, model_files
from sonoteca.analysis.harmony import chord_steps, key_inputs, salience, tonality
from sonoteca.analysis.labels import strike, summary, texture
from sonoteca.analysis.melody import describe
from sonoteca.analysis.rhythm import hypotheses, presence
from sonoteca.embedding import spectral_harmony, spectral_statistics
from sonoteca.errors import WeightsDamaged
from sonoteca.models import files as weights
from sonoteca.models.logistic import Logistic

FOLDER = Path(str(files("sonoteca.models"))) / "weights"
REPOSITORY = Path(__file__).resolve().parents[2]
INPUTS: dict[tuple[str, str], tuple[str, ...]] = {
    ("kind.npz", "kind"): summary.INPUTS,
    ("role.npz", "role"): summary.INPUTS,
    ("instrument.npz", "instrument"): summary.INPUTS,
    ("sound_class.npz", "sound_class"): strike.INPUTS,
    ("content.npz", "content"): texture.INPUTS,
    ("harmony.npz", "notes"): salience.INPUTS,
    ("harmony.npz", "chord"): chord_steps.INPUTS,
    ("harmony.npz", "key"): key_inputs.INPUTS,
    ("harmony.npz", "tonality"): tonality.INPUTS,
    ("melody.npz", "alone"): describe.ALONE_INPUTS,
    ("melody.npz", "among"): describe.AMONG_INPUTS,
    ("spectral.npz", "has_harmony"): spectral_harmony.TRAIT_INPUTS,
    **{("spectral.npz", part): names for part, names in spectral_statistics.INPUTS.items()},
    **{("bars.npz", f"meter{meter}"): hypotheses.input_names(meter) for meter in hypotheses.METERS},
}


@pytest.fixture
def other_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the weights that a test may damage."""
    shutil.copytree(FOLDER, tmp_path / "weights")
    monkeypatch.setattr(weights, "_folder", lambda: tmp_path / "weights")
    for each in (weights.load_arrays, weights.load_document):
        each.cache_clear()
    yield tmp_path / "weights"
    for each in (weights.load_arrays, weights.load_document):
        each.cache_clear()


def test_every_file_is_listed_with_its_digest_its_size_and_where_it_comes_from() -> None:
    there = {path.name for path in FOLDER.iterdir()} - {weights.MANIFEST_FILE}
    assert there == set(weights.manifest())
    for name, listed in weights.manifest().items():
        content = (FOLDER / name).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (listed.sha256, listed.n_bytes), name
        assert all((REPOSITORY / script).is_file() for script in listed.trained_by), name
        assert listed.trained_by
        assert all((listed.purpose, listed.commit, listed.seeds, listed.material, listed.licence)), name
    weights.check_weights(list(weights.manifest()))


def test_all_weights_together_stay_below_two_megabytes() -> None:
    assert sum(listed.n_bytes for listed in weights.manifest().values()) < 2_000_000


def test_every_input_of_every_network_has_a_name_of_its_own() -> None:
    networks = {(name, network) for name, listed in weights.manifest().items() for network in listed.networks}
    assert networks == set(INPUTS)
    for (name, network), names in INPUTS.items():
        assert weights.load_network(name, network, names).n_inputs == len(names)
        assert len(set(names)) == len(names), (name, network)


def test_too_few_names_are_refused() -> None:
    with pytest.raises(ValueError, match="22 inputs, and 1 are named"):
        weights.load_network("harmony.npz", "tonality", ("log duration",))


def test_inputs_of_the_logistic_models_have_names() -> None:
    fitted = {name: Logistic.from_document(each) for name, each in _document("rhythm_confidence.json").items()}
    assert set(fitted) == {"presence", "tempo", "beats", "bar", "meter"}
    for name, model in fitted.items():
        names = presence.PRESENCE_INPUTS if name == "presence" else presence.CONFIDENCE_INPUTS
        assert model.weights.shape == (len(names),)


def _document(name: str) -> dict[str, Any]:
    content: dict[str, Any] = weights.load_document(name)
    return content


@pytest.mark.parametrize("name", ["role.npz", "rhythm_confidence.json"])
def test_a_file_that_is_not_the_one_listed_is_refused(other_folder: Path, name: str) -> None:
    content = bytearray((other_folder / name).read_bytes())
    content[100] ^= 1
    (other_folder / name).write_bytes(content)
    with pytest.raises(WeightsDamaged, match=f"{name} are not those listed"):
        weights.check_weights([name])


def test_a_missing_file_is_refused_before_anything_is_heard(other_folder: Path) -> None:
    (other_folder / "melody.npz").unlink()
    with pytest.raises(WeightsDamaged, match=r"melody\.npz cannot be read"):
        identities(builtin_analyzers())


def test_every_file_of_an_analyzer_is_listed_and_every_listed_file_has_a_user() -> None:
    used = {name for analyzer in builtin_analyzers() for name in model_files(analyzer)}
    assert used <= set(weights.manifest())
    # The embedder's file stands in its space, and the profiles of a match are no part of what is heard.
    assert set(weights.manifest()) - used == {"spectral.npz", "match_profiles.json"}


def test_other_weights_are_another_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    from sonoteca.analysis import engine

    before = {each.producer: each.settings for each in identities(builtin_analyzers())}
    listed = dict(weights.manifest())
    retrained = {**listed, "role.npz": weights.WeightsFile("role.npz", "0" * 64, 1, "", (), "", "", "", "")}
    monkeypatch.setattr(engine, "manifest", lambda: retrained)
    after = {each.producer: each.settings for each in identities(builtin_analyzers())}
    assert [name for name in before if before[name] != after[name]] == ["labels.role.summary"]
