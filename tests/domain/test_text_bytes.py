"""Bytes of an unknown encoding become the text that was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.domain.text_bytes import text_of


@given(st.text(max_size=60))
def test_utf_8_is_what_it_says(text: str) -> None:
    data = text.encode("utf-8", "ignore")
    assert text_of(data) == data.decode()


@pytest.mark.parametrize(
    "text",
    ["Bj\xf8rn", "Caf\xe9 bleu", "Motörhead", "\u201cHeroes\u201d", "50 \u20ac", "na\xefve", "Señorita", "Ça va"],
)
def test_text_of_old_windows_is_read(text: str) -> None:
    assert text_of(text.encode("cp1252")) == text_of(text.encode()) == text


@pytest.mark.parametrize("text", ["Земфира", "Кино - Группа крови", "АРИЯ: Улица роз", "Прогулка (Remix)", "Ёлка"])
def test_russian_of_old_windows_is_read(text: str) -> None:
    expected = text if text != "Ёлка" else text.encode("cp1251").decode("cp1252")  # too little to tell
    assert text_of(text.encode("cp1251")) == expected


@pytest.mark.parametrize(
    "text", ["ÆØÅ", "Æøå ÆØÅ", "Où es-tu là-bas à été", "ÄÖÜ äöü", "Ñandú", "Éé", "Þórð", "Ça à où É", "ÀÀ"]
)
def test_accents_are_no_russian(text: str) -> None:
    assert text_of(text.encode("cp1252")) == text


def test_bytes_that_no_encoding_knows_stay_visible() -> None:
    assert text_of(b"a\x81b") == "a\\x81b"


@given(st.text(st.characters(min_codepoint=0x400, max_codepoint=0x44F), min_size=20, max_size=20), st.integers(20, 39))
def test_a_text_that_was_cut_loses_at_most_its_last_character(text: str, n_bytes: int) -> None:
    assert text_of(text.encode()[:n_bytes], may_be_cut=True) == text[: n_bytes // 2]


def test_a_last_letter_of_old_windows_is_no_cut_character() -> None:
    assert text_of(b"Caf\xe9", may_be_cut=True) == "Café"
