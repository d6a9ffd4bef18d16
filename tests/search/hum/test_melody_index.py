from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoteca.catalogue.heard.same_recording import Recordings
from sonoteca.search.hum import windows_index
from sonoteca.search.hum.answer import Verdict, chance_of_first
from sonoteca.search.hum.melody import Melody
from sonoteca.search.hum.melody_index import MelodyIndex
from sonoteca.search.hum.query_notes import QueryNotes


def tune(key: int, n_notes: int = 60) -> Melody:
    """A random walk in C major over a grid of eighths, turned back at the ends of the range."""
    rng = np.random.default_rng(key)
    scale = np.array([p for p in range(55, 84) if p % 12 in (0, 2, 4, 5, 7, 9, 11)])
    walk = np.cumsum(rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 3], n_notes)) + len(scale) // 2
    top = len(scale) - 1
    steps = top - np.abs(walk % (2 * top) - top)  # reflected at both ends
    lengths = rng.choice([0.25, 0.25, 0.5, 0.5, 0.75, 1.0], n_notes)
    starts = np.concatenate([[0.0], np.cumsum(lengths[:-1])])
    return Melody.from_rows(key, np.stack([starts, starts + 0.9 * lengths, scale[steps]], axis=1))


def hummed(melody: Melody, first: int, n: int, *, tempo: float = 1.0, transpose: float = 0.0) -> QueryNotes:
    part = slice(first, first + n)
    begin = melody.starts_s[first]
    starts = ((melody.starts_s[part] - begin) * tempo + 0.3).astype(np.float32)
    ends = ((melody.ends_s[part] - begin) * tempo + 0.3).astype(np.float32)
    return QueryNotes(starts, ends, (melody.midi[part] + transpose).astype(np.float32))


TUNES = [tune(key) for key in range(60)]
INDEX = MelodyIndex.build(TUNES)


@given(
    key=st.integers(0, 59),
    first=st.integers(0, 40),
    tempo=st.floats(0.72, 1.38),
    transpose=st.floats(-20, 20),
)
@settings(max_examples=15, deadline=None)
def test_a_passage_is_found_in_any_key_and_tempo_with_its_span(
    key: int, first: int, tempo: float, transpose: float
) -> None:
    answer = INDEX.search(hummed(TUNES[key], first, 18, tempo=tempo, transpose=transpose))
    assert answer.ranking[0] == key
    assert answer.verdict is Verdict.FOUND
    assert answer.matches[0].start_s == pytest.approx(float(TUNES[key].starts_s[first]), abs=0.01)
    assert answer.matches[0].end_s == pytest.approx(float(TUNES[key].ends_s[first + 17]), abs=0.01)


def test_wrong_dropped_and_split_notes_are_forgiven() -> None:
    query = hummed(TUNES[7], 10, 20, tempo=1.2)
    midi = query.midi.copy()
    midi[[4, 11]] += 2
    kept = np.arange(20) != 8
    split = np.insert(np.flatnonzero(kept), 3, 3)
    starts = query.starts_s[split].copy()
    starts[4] += 0.12
    answer = INDEX.search(QueryNotes(starts, query.ends_s[split], midi[split]))
    assert answer.ranking[0] == 7


def test_where_narrows_before_ranking() -> None:
    query = hummed(TUNES[7], 10, 20)
    answer = INDEX.search(query, 5, where=[3, 4, 5, 6, 8, 9])
    assert set(answer.ranking) <= {3, 4, 5, 6, 8, 9}
    assert len(answer.ranking) == 5
    assert answer.verdict is not Verdict.FOUND


def test_how_sure_the_first_is_does_not_depend_on_copies_of_it() -> None:
    melodies = [tune(key) for key in range(20)]
    query = hummed(melodies[3], 10, 16, tempo=0.9, transpose=2.0)
    alone = MelodyIndex.build(melodies).search(query)
    # The same notes again, as another encoding of the sound is heard: region 100 of sound 1000.
    index = MelodyIndex.build([*melodies, replace(melodies[3], key=100)])
    twice = index.search(query)
    assert alone.verdict is Verdict.FOUND
    assert twice.verdict is not Verdict.FOUND

    def recordings(keys: Sequence[int]) -> Recordings:
        assert set(keys[:2]) == {3, 100}
        return Recordings({key: 10 * key for key in keys}, {1000: 30})

    as_one = index.search(query, recordings=recordings)
    assert (as_one.verdict, as_one.confidence, as_one.ranking[0]) == (alone.verdict, alone.confidence, 3)
    assert 100 not in as_one.ranking


def test_a_partitioned_index_answers_the_same_and_fills_every_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_index, "PARTITION_WINDOWS", 1000)
    monkeypatch.setattr(windows_index, "_WINDOWS_PER_LIST", 100)
    index = MelodyIndex.build(TUNES)
    query = hummed(TUNES[7], 10, 20, tempo=1.2)
    here, there = index.search(query).matches[0], INDEX.search(query).matches[0]
    assert (here.key, here.start_s, here.end_s) == (there.key, there.start_s, there.end_s)
    assert here.score == pytest.approx(there.score, abs=0.01)
    assert set(index.search(query, 3, where=[3, 7, 50]).ranking) == {3, 7, 50}
    monkeypatch.setattr(windows_index, "_COMPARED_ONE_BY_ONE", 0)
    assert index.search(query, 3, where=[3, 7, 50]).ranking[0] == 7
    index.remove([7])
    assert 7 not in index.search(query).ranking
    assert MelodyIndex.from_arrays(index.to_arrays()).search(query) == index.search(query)


def test_ten_are_ranked_when_ten_are_asked() -> None:
    answer = INDEX.search(hummed(TUNES[1], 0, 16), 10)
    assert len(set(answer.ranking)) == 10
    assert all(0.0 <= match.score <= 1.0 for match in answer.matches)
    assert list(answer.ranking) == [match.key for match in answer.matches]


def test_random_notes_are_not_found() -> None:
    rng = np.random.default_rng(5)
    starts = np.cumsum(rng.uniform(0.2, 0.7, 16)).astype(np.float32)
    noise = QueryNotes(starts, starts + np.float32(0.2), rng.uniform(50, 75, 16).astype(np.float32))
    assert INDEX.search(noise).verdict is not Verdict.FOUND


@pytest.mark.parametrize("n", [0, 1, 3])
def test_too_few_notes_ask_to_hum_again(n: int) -> None:
    some = np.arange(n, dtype=np.float32)
    answer = INDEX.search(QueryNotes(some, some + np.float32(0.5), some + 60))
    assert answer.verdict is Verdict.HUM_AGAIN
    assert answer.ranking == ()
    assert answer.message


def test_added_is_found_and_removed_is_not() -> None:
    index = MelodyIndex.build(TUNES[:10])
    query = hummed(TUNES[30], 5, 18)
    assert 30 not in index.search(query).ranking
    index.add([TUNES[30]])
    assert index.search(query).ranking[0] == 30
    assert index.remove([30, 999]) == 1
    assert 30 not in index.search(query).ranking
    assert len(index) == 10


def test_adding_a_key_again_replaces_its_melody() -> None:
    index = MelodyIndex.build(TUNES[:10])
    other = Melody.of_sure_notes(3, TUNES[40].starts_s, TUNES[40].ends_s, TUNES[40].midi)
    index.add([other])
    assert len(index) == 10
    assert index.search(hummed(TUNES[40], 5, 18)).ranking[0] == 3


def test_many_small_additions_are_joined_and_all_found() -> None:
    index = MelodyIndex.build(TUNES[:20])
    for melody in TUNES[20:32]:
        index.add([melody])
    assert list(index.keys()) == list(range(32))
    assert all(index.search(hummed(TUNES[key], 8, 18)).ranking[0] == key for key in range(0, 32, 3))


def test_as_arrays_and_back_it_answers_the_same() -> None:
    index = MelodyIndex.build(TUNES)
    index.add([tune(100)])
    index.remove([5])
    again = MelodyIndex.from_arrays(index.to_arrays())
    query = hummed(TUNES[12], 3, 18, tempo=0.9)
    assert again.search(query) == index.search(query)
    assert list(again.keys()) == list(index.keys())
    assert not len(MelodyIndex.from_arrays(MelodyIndex.build([]).to_arrays()))


def test_arrays_that_are_no_index_are_refused_before_native_code_sees_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for windows in (60_000, 1):
        monkeypatch.setattr(windows_index, "PARTITION_WINDOWS", windows)
        monkeypatch.setattr(windows_index, "_WINDOWS_PER_LIST", 20)
        arrays = MelodyIndex.build(TUNES[:20]).to_arrays()
        MelodyIndex.from_arrays(arrays)
        for name, array in arrays.items():
            if name.startswith(("0.windows", "0.list", "0.centroids", "0.learned", "0.means", "0.first", "0.alive")):
                with pytest.raises((ValueError, KeyError)):
                    MelodyIndex.from_arrays({**arrays, name: array[:-1]})
            with pytest.raises((ValueError, KeyError)):
                MelodyIndex.from_arrays({other: each for other, each in arrays.items() if other != name})
        harm = {"0.first_notes": -1, "0.list_rows": 0, "0.list_sizes": -3} if windows == 1 else {"0.first_notes": 10**6}
        for name, value in harm.items():
            wrong = arrays[name].copy()
            wrong[0] = wrong[1] if name == "0.list_rows" else value
            with pytest.raises(ValueError, match=r"windows|lists"):
                MelodyIndex.from_arrays({**arrays, name: wrong})


def test_a_copy_is_changed_by_itself() -> None:
    index = MelodyIndex.build(TUNES[:20])
    copy = index.copy()
    copy.remove([3])
    copy.add([tune(100)])
    assert list(index.keys()) == list(range(20))
    assert list(copy.keys()) == [*(key for key in range(20) if key != 3), 100]


def test_repeated_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="key 1 "):
        MelodyIndex.build([tune(1), tune(1)])


def test_an_empty_index_asks_to_hum_again() -> None:
    assert MelodyIndex.build([]).search(hummed(TUNES[0], 0, 12)).verdict is Verdict.HUM_AGAIN


def test_of_notes_that_start_together_the_upper_one_is_the_melody() -> None:
    melody = Melody.from_rows(1, [(0.0, 1.0, 60), (0.005, 1.0, 67), (1.0, 2.0, 62)])
    assert list(melody.midi) == [67, 62]


@given(lead=st.floats(0, 12), other=st.floats(0, 12), notes=st.integers(4, 40))
def test_a_larger_lead_is_never_less_sure(lead: float, other: float, notes: int) -> None:
    low, high = sorted((lead, other))
    assert chance_of_first(10.0, 10.0 - high, notes) >= chance_of_first(10.0, 10.0 - low, notes)


def test_one_semitone_is_told_in_the_singular() -> None:
    (first, *_) = INDEX.search(hummed(TUNES[7], 10, 20, transpose=1.0)).matches
    assert "hummed 1 semitone up" in first.reasons
