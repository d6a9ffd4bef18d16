"""What a text can be found by, whatever its script and however it is spelt."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sonoteca.catalogue.heard.word_splitting import BREAK, MARK, stored_words, typed_words, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Café_del-Mar", ["cafe", "del", "mar"]),
        ("ŁÓDŹ Straße", ["lodz", "strasse"]),
        ("Ænima ﬁne", ["aenima", "fine"]),
        ("東京 – 夜", ["東京", "夜"]),
        ("...", []),
        ("808'kick\x00\ue000", ["808", "kick"]),
        ("กิน", ["กิน"]),
        ("हिन्दी", ["हिनदी"]),
        ("می\u200cخواهم", ["میخواهم"]),
        ("❤\ufe0f", []),
    ],
)
def test_words_are_folded_runs_of_letters_and_digits(text: str, found: list[str]) -> None:
    assert words(text) == found


# A bold capital becomes a plain capital only when it is decomposed.
@example("\U0001d756")
@given(st.text(max_size=30))
def test_folding_words_again_changes_nothing(text: str) -> None:
    found = words(text)
    assert [again for word in found for again in words(word)] == found
    assert not any(BREAK in word for word in found)


@pytest.mark.parametrize(
    ("text", "found", "forms"),
    [
        ("AcousticSnare.wav", ["acousticsnare", "wav"], ["snare"]),
        ("01Kick.wav", ["01kick", "wav"], ["kick"]),
        ("tr808clap.mp3", ["tr808clap", "mp3"], ["808clap", "clap"]),
        ("openHiHat.m4a", ["openhihat", "m4a"], ["hihat", "hat"]),
        ("hihat_closed.ogg", ["hihat", "closed", "ogg"], ["hat"]),
        ("handclaps BIGKICKLOOP", ["handclaps", "bigkickloop"], ["claps", "kickloop", "loop"]),
        ("what custom pilgrim bride", ["what", "custom", "pilgrim", "bride"], []),
        ("DJShadow", ["djshadow"], ["shadow"]),
        ("МалыйБарабан", ["малыибарабан"], ["барабан"]),
        ("PlanB KICK mp3", ["planb", "kick", "mp3"], []),
        ("Don't Stop", ["don", "t", "stop"], ["dont"]),
        ("Run-D.M.C.", ["run", "d", "m", "c"], ["rundmc", "dmc", "mc"]),
        ("R.E.M.", ["r", "e", "m"], ["rem", "em"]),
        ("P!nk", ["p", "nk"], ["pnk", "pink"]),
        ("Simon & Garfunkel", ["simon", "garfunkel"], ["and"]),
        ("!!!", [], ["\ue121\ue121\ue121"]),
        ("÷ - x", ["x"], ["÷"]),
        ("A - B", ["a", "b"], []),
        ("中国人民", ["中国", "国人", "人民", "民"], []),
        ("ルー 夜x", ["ルー", "ー", "夜", "x"], []),
        ("กิน", ["กิ", "ิน", "น"], []),
    ],
)
def test_a_text_is_stored_with_what_begins_inside_and_what_is_written_as_one(
    text: str, found: list[str], forms: list[str]
) -> None:
    is_path = text.endswith((".wav", ".mp3", ".m4a"))
    assert stored_words(text, is_path=is_path) == ([*found, MARK, *forms] if forms else found)


def test_folders_are_no_joined_words_and_signs_may_name_one() -> None:
    assert stored_words("Drums/Kicks/!!!/a.wav", is_path=True) == ["drums", "kicks", "a", "wav", MARK, "\ue121" * 3]
    assert stored_words("AC/DC") == ["ac", "dc", MARK, "acdc"]


def test_a_name_made_of_letters_and_digits_has_a_bounded_number_of_forms() -> None:
    assert len(stored_words("a1" * 500)) == 1 + 1 + 24


TEXTS = st.text(alphabet=st.sampled_from("abAB01 _-.'/!&ßé中国人のกิ한국\u200d\ue000\ue001\ue002\""), max_size=20)


def holds(stored: list[str], asked: tuple[str, ...], *, is_prefix: bool) -> bool:
    spans = [stored[at : at + len(asked)] for at in range(len(stored) - len(asked) + 1)]
    last = asked[-1]
    return any(
        tuple(span[:-1]) == asked[:-1] and (span[-1].startswith(last) if is_prefix else span[-1] == last)
        for span in spans
    )


def finds(typed: str, text: str) -> bool:
    stored = stored_words(text)
    return any(holds(stored, each.words, is_prefix=each.is_prefix) for each in typed_words(typed, is_prefix=True))


@example("!!! a")
@example("R.E.M.")
@example("中国人の 한국")
@example("aB0B'a")
@given(TEXTS)
def test_every_text_is_found_as_it_is_typed(text: str) -> None:
    if typed_words(text, is_prefix=True):
        assert finds(text, text)


@example(run="中国人の", start=1, length=2)
@example(run="กินข้าว", start=3, length=1)
@given(run=st.text(alphabet="中国人の한กิ", min_size=1, max_size=8), start=st.integers(0, 7), length=st.integers(1, 8))
def test_every_part_of_a_run_without_blanks_is_found(run: str, start: int, length: int) -> None:
    part = run[start : start + length]
    if words(part) == [part]:
        assert finds(part, run)


@example(["tr", "808", "Kick"])
@given(st.lists(st.sampled_from(["Kick", "Snare", "Hat", "808", "tr", "909"]), min_size=1, max_size=4))
def test_every_part_of_a_sample_name_is_found_by_its_beginning(parts: list[str]) -> None:
    text = ""
    for part in parts:
        # Small letters after small ones, and digits after digits, have no seam.
        text += "_" if text and (text[-1].isdigit() == part[0].isdigit()) and not part[0].isupper() else ""
        text += part
    for part in parts:
        assert finds(part, text)
        assert finds(part[:2], text)


@given(TEXTS)
def test_no_stored_word_can_end_a_quote_or_hold_a_blank(text: str) -> None:
    for word in stored_words(text):
        assert word == MARK or not set(word) & set(" '\"\\\t\n\0" + BREAK + MARK)
        assert word.isascii() is word.isalnum() or not word.isascii()


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("dont", "Don't Stop"), ("don't", "Dont Stop"), ("don’t", "Don't"), ("dmc", "Run-D.M.C."), ("rundmc", "Run-D.M.C."),
        ("d.m.c.", "Run DMC"), ("rem", "R.E.M."), ("R.E.M.", "REM"), ("hiphop", "Hip-Hop"), ("hip-hop", "hiphop"),
        ("acdc", "AC/DC"), ("ac/dc", "ACDC"), ("oconnor", "Sinéad O'Connor"), ("sinead", "Sinéad"), ("pink", "P!nk"),
        ("kesha", "Ke$ha"), ("and", "Drum & Bass"), ("808", "TR-808"), ("tr808", "TR-808"), ("hihat", "openHiHat"),
        ("AcousticSnare", "acousticsnare"), ("blink182", "blink-182"), ("amour", "l'amour"), ("nana", "Na-Na Hey"),
    ],
)  # fmt: skip
def test_spellings_find_each_other(typed: str, text: str) -> None:
    assert finds(typed, text)


@pytest.mark.parametrize(("typed", "text"), [("rain", "drain"), ("4a", "Track.m4a"), ("民人", "人民"), ("-", "a - b")])
def test_what_is_not_there_is_not_found(typed: str, text: str) -> None:
    stored = stored_words(text, is_path=text.endswith(".m4a"))
    assert not any(holds(stored, each.words, is_prefix=True) for each in typed_words(typed, is_prefix=True))
