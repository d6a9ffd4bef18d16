from __future__ import annotations

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

import catalogue_samples as samples
from sonoteca.catalogue.heard.summaries import VALUE_COLUMNS, rebuild, summary_of
from sonoteca.catalogue.store import schema
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.descriptor import CONTENT, DESCRIPTORS, KEY, KIND, LOUDNESS, METER, PITCH, ROLE, TEMPO, Descriptor
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.upkeep.check import check_library


def believed(*values: tuple[Descriptor, JsonValue]) -> dict[str, Observation]:
    return {descriptor.name: Observation(descriptor, value, 0.5) for descriptor, value in values}


def test_objects_become_columns() -> None:
    columns = summary_of(
        believed(
            (KIND, "loop"),
            (ROLE, {"value": "bass", "scores": {}}),
            (TEMPO, {"bpm": 87.25, "alternatives_bpm": [174.5]}),
            (KEY, {"tonic": 9, "mode": "minor", "alternatives": []}),
            (METER, {"beats_per_bar": 3, "beat_unit": 4}),
            (PITCH, {"midi": 60.5, "hz": 270.0}),
            (LOUDNESS, {"integrated_lufs": -9.5, "range_lu": None, "true_peak_dbtp": 0.5}),
            (
                CONTENT,
                [{"start_s": 0.0, "end_s": 3.0, "label": "music"}, {"start_s": 3.0, "end_s": 9.0, "label": "nature"}],
            ),
        )
    )
    known = {name: value for name, value in columns.items() if value is not None}
    assert known == {
        "kind": "loop", "kind_confidence": 0.5, "role": "bass", "role_confidence": 0.5, "tempo_bpm": 87.25,
        "tempo_confidence": 0.5, "tonic": 9, "mode": "minor", "key_number": 21, "key_confidence": 0.5,
        "beats_per_bar": 3, "beat_unit": 4, "pitch_midi": 60.5, "loudness_lufs": -9.5, "true_peak_dbtp": 0.5,
        "content": "nature",
    }  # fmt: skip


def test_a_stated_absence_is_unknown_in_every_column() -> None:
    columns = summary_of(believed(*((descriptor, None) for descriptor in DESCRIPTORS.values())))
    assert set(columns) == set(VALUE_COLUMNS)
    assert not any(value is not None for value in columns.values())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["bpm", "tonic", "mode", "value", "label", "start_s", "end_s"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@given(st.sampled_from(sorted(DESCRIPTORS)), json_values)
def test_whatever_a_plugin_states_the_columns_keep_their_types(name: str, value: JsonValue) -> None:
    for column, found in summary_of(believed((DESCRIPTORS[name], value))).items():
        wanted = schema.summaries.c[column].type.python_type
        assert found is None or isinstance(found, int if wanted is int else (int, float) if wanted is float else str)


def test_summaries_can_be_rebuilt(library: Library) -> None:
    with library.write() as connection:
        samples.add(connection, "a.wav", "x1:a", kind="loop")
        samples.add(connection, "b.wav", "x1:b", kind="track")
        connection.execute(sa.delete(schema.summaries))
        connection.execute(sa.text("DELETE FROM sound_text"))
        assert rebuild(connection) == 2
    assert check_library(library).findings == ()
