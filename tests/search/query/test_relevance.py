"""What ranks a text above another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sonoteca.catalogue.heard.word_splitting import MARK
from sonoteca.search.query.tree import Words
from sonoteca.search.relevance import FIELD_WEIGHTS, occurrences, rarity, relevance

WORD = st.sampled_from(["rain", "rainy", "warm", "pad", "01"])
TEXT = st.lists(WORD, min_size=1, max_size=6).map(" ".join)
TEXTS = st.dictionaries(st.sampled_from(list(FIELD_WEIGHTS)), st.lists(TEXT, max_size=2))
LEAF = st.builds(Words, st.lists(WORD, min_size=1, max_size=2).map(tuple), st.booleans())


def one(*words: str, is_prefix: bool = True) -> dict[Words, float]:
    return {Words(words, is_prefix): 1.0}


@given(leaf=LEAF, texts=TEXTS)
def test_a_sound_is_relevant_where_its_texts_hold_the_words(leaf: Words, texts: dict) -> None:  # type: ignore[type-arg]
    def holds(joined: str) -> bool:
        text = joined.split()
        n = len(leaf.words)
        spans = [text[start : start + n] for start in range(len(text) - n + 1)]
        *firsts, last = leaf.words
        return any(
            span[:-1] == firsts and (span[-1].startswith(last) if leaf.is_prefix else span[-1] == last)
            for span in spans
        )

    assert (relevance({leaf: 1.0}, texts) > 0.0) == any(holds(text) for field in texts.values() for text in field)


@given(leaf=LEAF, texts=TEXTS, text=TEXT, field=st.sampled_from(list(FIELD_WEIGHTS)))
def test_another_text_never_makes_it_less_relevant(leaf: Words, texts: dict, text: str, field: str) -> None:  # type: ignore[type-arg]
    more = {**texts, field: [*texts.get(field, []), text]}
    assert relevance({leaf: 1.0}, more) >= relevance({leaf: 1.0}, texts)


def test_a_title_says_more_than_a_tag_an_artist_an_album_and_a_path() -> None:
    ranks = [relevance(one("rain"), {field: ["rain x"]}) for field in ("title", "tags", "artist", "album", "path")]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == 5


def test_the_whole_word_says_more_than_its_beginning_and_a_short_text_more_than_a_long_one() -> None:
    assert relevance(one("rain"), {"title": ["rain"]}) > relevance(one("rain"), {"title": ["rainy"]})
    assert relevance(one("rain"), {"title": ["rain"]}) > relevance(one("rain"), {"title": ["rain on tin roofs"]})
    assert relevance(one("rain", is_prefix=False), {"title": ["rainy"]}) == 0.0


def test_a_word_by_itself_says_more_than_one_inside_another() -> None:
    whole, inside = "snare 01 wav", f"acousticsnare 01 wav {MARK} snare"
    assert relevance(one("snare"), {"path": [whole]}) > relevance(one("snare"), {"path": [inside]}) > 0.0
    assert relevance(one("snar"), {"path": [whole]}) > relevance(one("snare"), {"path": [inside]})


def test_another_spelling_says_as_much_as_the_word() -> None:
    assert relevance(one("rem"), {"artist": [f"r e m {MARK} rem em"]}) == relevance(
        one("rem"), {"artist": ["rem live today"]}
    )


def test_a_rare_word_decides() -> None:
    leaves = {Words(("loop",), True): rarity(1000, 900), Words(("thunder",), True): rarity(1000, 3)}
    rare_in_title = relevance(leaves, {"title": ["thunder"], "path": ["loop"]})
    common_in_title = relevance(leaves, {"title": ["loop"], "path": ["thunder"]})
    assert rare_in_title > common_in_title
    assert rarity(10, 20) > 0.0


def test_a_phrase_stands_together() -> None:
    phrase = Words(("warm", "pa"), True)
    assert occurrences("warm pad warm pa", phrase) == 1.7
    assert occurrences("kick kick kicker", Words(("kick",), is_prefix=True)) == 2.7
    assert occurrences("kick kick kicker", Words(("kick",), is_prefix=False)) == 2.0
    assert occurrences("pad warm", phrase) == 0.0
    assert occurrences("warm", phrase) == 0.0
