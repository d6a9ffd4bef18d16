"""Forms: what is read, what is refused, which roles wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.arrange.arrangement import MOST_BARS
from sonoteca.arrange.form import (
    DEFAULT_FORM,
    DEFAULT_ROLES,
    FormPart,
    parse_form,
    parse_roles,
    roles_by_section,
    sections_of,
)
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError

PARTS = st.builds(
    FormPart,
    st.from_regex(r"[a-z][a-z0-9 ]{0,10}[a-z0-9]", fullmatch=True),
    st.integers(1, 64),
    st.none() | st.lists(st.sampled_from(Role), unique=True, min_size=1).map(tuple),
)


def written(part: FormPart) -> str:
    return f"{part.name}:{part.bars}" + ("" if part.roles is None else ":" + "+".join(part.roles))


@given(st.lists(PARTS, min_size=1, max_size=8))
def test_a_form_reads_as_it_is_written(parts: list[FormPart]) -> None:
    assert list(parse_form(",".join(map(written, parts)))) == parts


@given(st.lists(PARTS, min_size=1, max_size=8))
def test_sections_follow_each_other(parts: list[FormPart]) -> None:
    sections = sections_of(parts)
    assert [(section.name, section.bars) for section in sections] == [(part.name, part.bars) for part in parts]
    assert sections[-1].end_bar == sum(part.bars for part in parts)


@pytest.mark.parametrize(
    "text",
    ["", "verse", "verse:", "verse:0", "verse:-4", "verse:4.5", "verse:x", ":8", "verse:8,", "verse:8:tuba", "#1:8"],
)
def test_what_is_no_form_is_refused(text: str) -> None:
    with pytest.raises(RequestError):
        parse_form(text)


def test_a_form_without_end_is_refused() -> None:
    with pytest.raises(RequestError, match="bars long"):
        parse_form(f"verse:{MOST_BARS},chorus:1")


def test_roles_are_named_once() -> None:
    assert parse_roles("bass,Drums, bass") == (Role.BASS, Role.DRUMS)
    with pytest.raises(RequestError, match="'banjo' is not a role"):
        parse_roles("bass,banjo")


def test_not_every_role_opens_and_closes() -> None:
    plan = roles_by_section(parse_form(DEFAULT_FORM), DEFAULT_ROLES)
    assert set(plan["intro"]) < set(plan["verse"]) == set(DEFAULT_ROLES) == set(plan["chorus"]) > set(plan["outro"])


def test_one_or_two_roles_play_everywhere() -> None:
    assert roles_by_section(parse_form("intro:4"), (Role.BASS, Role.MELODY)) == {"intro": (Role.BASS, Role.MELODY)}
    assert roles_by_section(parse_form("break:4"), (Role.DRUMS,)) == {"break": (Role.DRUMS,)}


def test_named_roles_hold_for_all_sections_of_the_name() -> None:
    plan = roles_by_section(parse_form("verse:8,chorus:8,verse:8:fx+drums"), DEFAULT_ROLES)
    assert plan["verse"] == (Role.FX, Role.DRUMS)
    assert plan["chorus"] == DEFAULT_ROLES
