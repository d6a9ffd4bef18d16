"""What a person can meet stands in a page of docs, or the suite fails; pages made from the program are as it is."""

import re
import tomllib
from pathlib import Path

import pytest
from reference_pages import PAGES, descriptors, error_classes, stale

from sonoteca import plugins
from sonoteca.domain.region import Region
from sonoteca.domain.sound_object import RegionStatements, sound_object
from sonoteca.match.rank import MatchRow
from sonoteca.search.result_row import ResultRow
from sonoteca.settings import ServerSettings, Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def in_code(text: str) -> set[str]:
    """What is written between backticks."""
    return set(re.findall(r"`([^`\n]+)`", text))


def test_pages_made_from_the_program_are_as_it_is() -> None:
    assert stale() == [], "make docs writes them"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_made_from_the_program_has_something_on_it(name: str) -> None:
    assert len(PAGES[name]().splitlines()) > 10


def test_every_descriptor_has_its_line() -> None:
    names = [each.name for each in descriptors()]
    assert len(names) > 40
    assert set(names) <= in_code(page("descriptors.md"))


def test_every_error_code_has_its_line_and_is_one_error() -> None:
    codes = [kind.code for kind in error_classes()]
    assert {"bad_request", "crash", "file_changed"} <= set(codes)
    assert sorted(set(codes)) == codes
    assert set(codes) <= in_code(page("errors.md"))


def test_every_setting_has_its_variable() -> None:
    names = [*Settings.model_fields, *ServerSettings.model_fields]
    assert {f"SONOTECA_{name}".upper() for name in names} <= in_code(page("settings.md"))


def test_every_entry_point_group_is_told_and_is_a_door_for_ourselves() -> None:
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    assert set(ours) == set(plugins.GROUPS)
    told = page("adding-an-analyzer.md") + page("similarity.md")
    assert set(plugins.GROUPS) <= in_code(told)


def keys_of(document: object) -> set[str]:
    """All keys of a document and of what it holds, those of ``descriptors`` and ``provenance`` left out."""
    if isinstance(document, list):
        return set().union(*map(keys_of, document))
    if not isinstance(document, dict):
        return set()
    inner = (keys_of(value) for name, value in document.items() if name not in ("descriptors", "provenance"))
    return set(document).union(*inner)


def test_every_key_of_the_sound_object_is_told() -> None:
    whole, event = (RegionStatements(Region(number, 0.0, 1.0)) for number in (0, 1))
    made = sound_object("x.wav", sound_id="s1", audio=None, statements=[whole, event])
    assert made["regions"]
    assert keys_of(made) <= in_code(page("sound-object.md"))


def test_every_key_of_the_result_row_is_told() -> None:
    row = ResultRow("s1", None, None, None, 0, 0.0, 1.0, 0.5, "similar")
    assert set(row.as_json()) <= in_code(page("result-row.md"))
    match = MatchRow(row, "bass", 1.0, 0, (), "accepted", (), 0.5, 0.5)
    assert set(match.as_json()) <= in_code(page("result-row.md"))


def test_every_page_is_reached_from_another() -> None:
    readers = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    linked = {
        (source.parent / target).resolve()
        for source in readers
        for target in re.findall(r"\]\(([^)#:]+\.md)", source.read_text(encoding="utf-8"))
    }
    alone = [each for each in DOCS.rglob("*.md") if each.resolve() not in linked and each != DOCS / "README.md"]
    assert [str(each.relative_to(ROOT)) for each in alone if each.parent.name != "decisions"] == []


def test_no_link_of_a_page_leads_nowhere() -> None:
    lost = [
        f"{source.relative_to(ROOT)}: {target}"
        for source in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", source.read_text(encoding="utf-8"))
        if not (source.parent / target).exists()
    ]
    assert lost == []
