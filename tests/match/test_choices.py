from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from choice_samples import N_CANDIDATES, N_QUERIES, all_pairs, fill
from sonoteca.catalogue.made.match_weights import find_active_weights, list_weights, use_weights
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.names import public_id
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError
from sonoteca.match.choices import Choice, examples_of, judge, read_pairs, record_choice, recorded_choices
from sonoteca.match.fit import fit
from sonoteca.match.formula_fit import margins
from sonoteca.match.library_weights import library_weights
from sonoteca.match.load_regions import load_region_table
from sonoteca.match.rank import rank_matches
from sonoteca.match.region_table import ROLES
from sonoteca.match.tune import tune
from sonoteca.match.tune_library import keep_tuning
from sonoteca.match.weights import AXES, default_weights


@pytest.fixture
def stocked(library: Library) -> Library:
    fill(library)
    return library


def test_a_choice_comes_back_from_the_event_log_with_what_the_match_said(stocked: Library) -> None:
    table = load_region_table(stocked)
    one, other = table.take([0]), table.take([15])
    said = judge(one, other, default_weights(), role=Role.BASS)
    with stocked.write() as connection:
        record_choice(connection, Choice(one.ids[0], other.ids[0], True, Role.BASS, said), weights_version="1")
        [kept] = recorded_choices(connection)
    assert (kept.query, kept.candidate, kept.liked, kept.role) == (one.ids[0], other.ids[0], True, Role.BASS)
    assert kept.judged is not None
    assert kept.judged.role is Role.BASS
    assert kept.judged.axes == pytest.approx(dict(said.axes), abs=1e-5)
    assert kept.judged.semitone_shift == said.semitone_shift


def test_the_last_word_about_a_pair_counts(stocked: Library) -> None:
    with stocked.write() as connection:
        for liked in (True, False, True, False):
            record_choice(connection, Choice("q", "c", liked), weights_version="1")
        record_choice(connection, Choice("q", "c", True, Role.BASS), weights_version="1")
        found = recorded_choices(connection)
    assert [(each.role, each.liked) for each in found] == [(None, False), (Role.BASS, True)]


def test_choices_about_a_part_stand_beside_those_about_the_whole(stocked: Library) -> None:
    pair = all_pairs()[0]
    of_part = replace(pair, liked=not pair.liked, candidate_region=2)
    with stocked.write() as connection:
        for choice in (pair, of_part):
            record_choice(connection, choice, weights_version="1")
        found = recorded_choices(connection)
    assert [(each.candidate_region, each.liked) for each in found] == [(0, pair.liked), (2, not pair.liked)]
    # Nothing is known of such a part: the whole is not judged in its place.
    some, left_out = examples_of(stocked, found, default_weights())
    assert (len(some), left_out, some.liked.tolist()) == (1, 1, [pair.liked])


def test_examples_say_what_the_match_says(stocked: Library) -> None:
    choices = all_pairs()
    some, left_out = examples_of(stocked, choices, default_weights())
    assert (len(some), left_out) == (len(choices), 0)
    assert np.array_equal(np.bincount(some.queries), np.full(N_QUERIES, N_CANDIDATES))
    table = load_region_table(stocked)
    rows = [table.ids.index(choice.candidate) for choice in choices[:N_CANDIDATES]]
    fits = fit(table.take([table.ids.index(choices[0].query)]), table.take(rows), default_weights())
    foretold = 1.0 / (1.0 + np.exp(-margins(default_weights().roles[Role.BASS], some)[:N_CANDIDATES]))
    np.testing.assert_allclose(foretold, fits.uncapped, atol=1e-4)


def test_a_choice_about_a_file_that_is_gone_counts_as_it_was_judged(stocked: Library) -> None:
    table = load_region_table(stocked)
    said = judge(table.take([0]), table.take([15]), default_weights())
    upload = Choice("aaaaaaaaaaaaaaaa", table.ids[15], True, None, said)
    some, left_out = examples_of(stocked, [upload, Choice("aaaaaaaaaaaaaaaa", "b", False)], default_weights())
    assert (len(some), left_out) == (1, 1)
    assert ROLES[some.roles[0]] is Role.BASS
    expected = [np.nan if said.axes[name] is None else said.axes[name] for name in AXES]
    np.testing.assert_allclose(some.axes[0], np.array(expected, float))


def test_what_no_match_would_show_teaches_nothing(stocked: Library) -> None:
    pair = all_pairs()[0]
    some, left_out = examples_of(
        stocked, [Choice(pair.query, pair.candidate, True, Role.DRUMS), pair], default_weights()
    )
    assert (len(some), left_out) == (1, 1)


def test_learnt_weights_become_a_version_and_change_the_order(stocked: Library) -> None:
    examples, _ = examples_of(stocked, all_pairs(), default_weights())
    tuning = tune(examples, default_weights())
    assert library_weights(stocked).version == default_weights().version
    version = keep_tuning(stocked, tuning)
    used = library_weights(stocked)
    assert used.version == f"library-{version}"
    assert used.roles == tuning.weights.roles
    assert used.caps == default_weights().caps
    table = load_region_table(stocked)
    candidates = table.take([each.startswith("x1:candidate") for each in table.content_hashes])
    ranking = rank_matches(
        stocked, table.take([0]), used, where=candidates.region_ids, k=N_CANDIDATES // 2, role=Role.BASS
    )
    loud = {public_id(f"x1:candidate{each}") for each in range(0, N_CANDIDATES, 2)}
    assert not loud & {match.row.id for match in ranking.rows}
    with stocked.write() as connection:
        use_weights(connection, None)
    assert library_weights(stocked) == default_weights()


def test_a_second_tuning_keeps_what_the_first_learnt_about_other_roles(stocked: Library) -> None:
    examples, _ = examples_of(stocked, all_pairs(), default_weights())
    keep_tuning(stocked, tune(examples, default_weights()))
    learnt = library_weights(stocked).roles[Role.BASS]
    as_melody = type(examples)(
        examples.axes, examples.cost, np.full(len(examples), ROLES.index(Role.MELODY)), examples.liked, examples.queries
    )
    keep_tuning(stocked, tune(as_melody, library_weights(stocked)))
    assert library_weights(stocked).roles[Role.BASS] == learnt
    assert library_weights(stocked).roles[Role.MELODY] != default_weights().roles[Role.MELODY]


def test_a_gain_inside_the_noise_changes_nothing(stocked: Library) -> None:
    random = np.random.default_rng(0)
    guesses = [Choice(each.query, each.candidate, bool(random.random() < 0.5)) for each in all_pairs()]
    examples, _ = examples_of(stocked, guesses, default_weights())
    with pytest.raises(RequestError, match="Nothing was changed"):
        keep_tuning(stocked, tune(examples, default_weights()))
    with stocked.read() as connection:
        assert find_active_weights(connection) is None
        assert list_weights(connection) == []


def table(folder: Path, text: str) -> Path:
    path = folder / "pairs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_of_pairs_is_read_by_any_name_of_a_sound(stocked: Library, tmp_path: Path) -> None:
    first, second = public_id("x1:query0"), public_id("x1:candidate1")
    path = table(tmp_path, f"liked,query,candidate,role\nyes,{first},{second},bass\n0,{first[:12]},{second},\n")
    with stocked.read() as connection:
        found = read_pairs(connection, path)
    assert found == [Choice(first, second, True, Role.BASS), Choice(first, second, False)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("query,candidate\na,b\n", "no column liked"),
        ("", "no column query, candidate, liked"),
        ("query,candidate,liked\n{one},{two},perhaps\n", "line 2: 'perhaps' is neither"),
        ("query,candidate,liked,role\n{one},{two},1,tuba\n", "line 2: 'tuba' is not a role"),
        ("query,candidate,liked\n{one},{two},1\nzzzz,{two},1\n", "line 3: "),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused_with_its_line(
    stocked: Library, tmp_path: Path, text: str, complaint: str
) -> None:
    path = table(tmp_path, text.format(one=public_id("x1:query0"), two=public_id("x1:candidate1")))
    with stocked.read() as connection, pytest.raises(RequestError, match=complaint):
        read_pairs(connection, path)


def test_a_table_that_is_none_is_refused(stocked: Library, tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_bytes(b"\xff\xfe\x00query")
    with stocked.read() as connection:
        with pytest.raises(RequestError, match="cannot be read"):
            read_pairs(connection, tmp_path / "pairs.csv")
        with pytest.raises(RequestError, match="cannot be read"):
            read_pairs(connection, tmp_path / "absent.csv")
