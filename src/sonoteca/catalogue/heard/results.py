"""Storing what workers found: many sounds in one transaction, read back and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import embeddings, file_claims, observations, pending, region_rows, summaries, tags
from sonoteca.catalogue.store import clock, leases, schema
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.names import storable
from sonoteca.catalogue.store.read_back import rows_counted
from sonoteca.domain.audio_info import AudioInfo
from sonoteca.domain.claim import Claim
from sonoteca.domain.embedding import Embedding, Space
from sonoteca.domain.sound_analysis import Identity, Run, SoundAnalysis
from sonoteca.domain.vocabulary import RunOutcome, Source


@dataclass(frozen=True, slots=True, eq=False)
class SoundResult:
    """Everything that one pass over one file found.

    Attributes
    ----------
    sound_id : int
        From ``locations.record_files``.
    info : AudioInfo
        Its content hash must be the sound's.
    analysis : SoundAnalysis
    claims : tuple of Claim
        What the file says about itself; stored as source ``import``, title/artist/album on the sound. What the
        sound's main file is known to say (``file_claims``) goes before.
    embeddings : mapping of space id to a list per region
        As ``Embedder.embed`` gives them: in the order of ``analysis.regions``, possibly empty lists.
        A space that is absent here was not computed and stays as it was.
    warnings : tuple of str
        The recording's; the analysis' own are added.
    failed_spaces : mapping of space id to a reason
        Spaces of ``embeddings`` whose embedder failed: their runs are kept as failed.
    input : str
        ``observations.input_digest`` of what a person had said when it was heard. If they say
        something else by now, the sound is stored and stays pending.
    """

    sound_id: int
    info: AudioInfo
    analysis: SoundAnalysis
    claims: tuple[Claim, ...] = ()
    embeddings: Mapping[str, Sequence[Sequence[Embedding]]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    failed_spaces: Mapping[str, str] = field(default_factory=dict)
    input: str = ""


def store_results(
    connection: Connection,
    results: Sequence[SoundResult],
    *,
    identities: Sequence[Identity],
    spaces: Sequence[Space] = (),
    trust_names: bool = False,
    owner: str | None = None,
) -> None:
    """Store all of ``results`` or, if anything is raised, none: call it in one write transaction.

    What analyzers and files said before is replaced; what a user said stays, and all that is known of a sound that
    a user locked. Event regions that
    are found again at the same place keep their row; those a user edited are kept in any case.
    Summaries and words are derived anew, the sounds become ``analysed``, and the leases of
    ``owner`` on them are released.

    Parameters
    ----------
    identities : sequence of Identity
        Today's producers (``engine.identities``): the sounds count as complete for them.
    spaces : sequence of Space
        The spaces that ``embeddings`` may name.
    trust_names : bool
        Let what file names claim rank with tags instead of below the analyzers.

    Raises
    ------
    WriteSwallowed
        If the rows that are there afterwards are not those that were written.
    SpaceMismatch
        If a vector's length or space is not that of the space it is filed under.
    """
    if owner is not None:
        leases.release(connection, owner, [pending.sound_key(each.sound_id) for each in results])
    # A person may have locked one while it was heard.
    locked = pending.locked_sounds(connection, [each.sound_id for each in results])
    results = [each for each in results if each.sound_id not in locked]
    if not results:
        return
    at = clock.now()
    stored_spaces = {space.id: embeddings.ensure_space(connection, space) for space in spaces}
    _check(connection, results, stored_spaces)
    digest = pending.identity_digest(identities)
    expected = _Expected()

    said: dict[int, Sequence[Claim]] = {each.sound_id: each.claims for each in results}
    said |= file_claims.main_claims(connection, list(said))
    _update_sounds(connection, results, said, digest, at)
    region_ids = region_rows.replace(connection, {each.sound_id: each.analysis for each in results})
    _replace_observations(connection, results, region_ids, said, trust_names, at, expected)
    _replace_runs(connection, results, region_ids, stored_spaces, at, expected)
    _replace_embeddings(connection, results, region_ids, stored_spaces, expected)
    tags.replace_imported(
        connection, {region_ids[sound_id][0]: file_claims.labels_of(claims) for sound_id, claims in said.items()}
    )
    _read_back(connection, results, region_ids, stored_spaces, at, expected)

    summaries.derive(connection, [each.sound_id for each in results])


@dataclass(slots=True)
class _Expected:
    """How many rows were written."""

    observations: int = 0
    runs: int = 0
    vectors: dict[str, int] = field(default_factory=dict)


def _check(
    connection: Connection, results: Sequence[SoundResult], stored_spaces: Mapping[str, embeddings.StoredSpace]
) -> None:
    ids = [each.sound_id for each in results]
    if len(set(ids)) != len(ids):
        raise ValueError("a sound stands twice in one batch of results")
    known: dict[int, str] = {}
    for some in chunks(ids):
        query = sa.select(schema.sounds.c.id, schema.sounds.c.content_hash).where(schema.sounds.c.id.in_(some))
        known.update((row.id, row.content_hash) for row in connection.execute(query))
    for result in results:
        if known.get(result.sound_id) != result.info.content_hash:
            raise ValueError(
                f"sound {result.sound_id} is {known.get(result.sound_id)}, not {result.info.content_hash}: "
                f"record the file anew before storing its result"
            )
        for space_id, per_region in result.embeddings.items():
            if space_id not in stored_spaces:
                raise ValueError(f"vectors of the space {space_id}, which is not among `spaces`")
            if len(per_region) != len(result.analysis.regions):
                raise ValueError(f"{len(per_region)} lists of vectors for {len(result.analysis.regions)} regions")
            for vectors in per_region:
                for vector in vectors:
                    embeddings.check_fits(vector, space_id, stored_spaces[space_id].space.dimensions)


def _update_sounds(
    connection: Connection,
    results: Sequence[SoundResult],
    said: Mapping[int, Sequence[Claim]],
    digest: str,
    at: str,
) -> None:
    rows = []
    stated = observations.stated(connection, [result.sound_id for result in results])
    today = {sound_id: observations.input_digest(each.values()) for sound_id, each in stated.items()}
    for result in results:
        names = file_claims.names_of(said[result.sound_id])
        info = result.info
        rows.append(
            {
                "of_sound": result.sound_id,
                "duration_s": info.duration_s,
                "sample_rate": info.sample_rate,
                "channels": info.channels,
                "n_samples": info.n_samples,
                "codec": info.codec,
                "container": info.container,
                "bit_depth": info.bit_depth,
                "bit_rate": info.bit_rate,
                "warnings": list(dict.fromkeys(map(storable, (*result.warnings, *result.analysis.warnings)))),
                "identity": digest if result.input == today.get(result.sound_id, "") else None,
                **{f"new_{name}": text for name, text in names.items()},
            }
        )
    table = schema.sounds
    statement = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("of_sound"))
        .values(
            {
                name: sa.bindparam(name, type_=table.c[name].type)
                for name in rows[0]
                if name not in {"of_sound", "identity"} and not name.startswith("new_")
            }
        )
        .values(
            # What a shop calls it goes before what a file says.
            title=sa.func.coalesce(table.c.shop_title, sa.bindparam("new_title", type_=sa.Text)),
            artist=sa.bindparam("new_artist", type_=sa.Text),
            album=sa.bindparam("new_album", type_=sa.Text),
        )
        .values(
            status="analysed",
            error_code=None,
            error_message=None,
            error_remedy=None,
            analysed_at=at,
            analysis_identity=sa.bindparam("identity", type_=table.c.analysis_identity.type),
        )
    )
    connection.execute(statement, rows)


def _replace_observations(
    connection: Connection,
    results: Sequence[SoundResult],
    region_ids: Mapping[int, Sequence[int]],
    said: Mapping[int, Sequence[Claim]],
    trust_names: bool,
    at: str,
    expected: _Expected,
) -> None:
    table = schema.observations
    rows: list[dict[str, Any]] = []
    for result in results:
        ids = region_ids[result.sound_id]
        for region_id, part in zip(ids, result.analysis.regions, strict=True):
            rows += [observations.row_of(region_id, each, at) for each in part.observations]
            # A producer that failed today leaves what it said before.
            failed = [run.producer for run in part.runs if run.outcome is not RunOutcome.DONE]
            if failed:
                expected_old = (table.c.region_id == region_id) & (table.c.source == Source.ANALYZER)
                connection.execute(sa.delete(table).where(expected_old, table.c.producer.not_in(failed)))
        imported = file_claims.statements_of(said[result.sound_id], trust_names=trust_names)
        rows += [observations.row_of(ids[0], each, at) for each in imported]
    whole_ids = [region_ids[result.sound_id][0] for result in results]
    plain_ids = [
        region_id
        for result in results
        for region_id, part in zip(region_ids[result.sound_id], result.analysis.regions, strict=True)
        if all(run.outcome is RunOutcome.DONE for run in part.runs)
    ]
    for some in chunks(plain_ids):
        connection.execute(sa.delete(table).where(table.c.region_id.in_(some), table.c.source == Source.ANALYZER))
    for some in chunks(whole_ids):
        connection.execute(sa.delete(table).where(table.c.region_id.in_(some), observations.IS_FROM_FILE))
    if rows:
        connection.execute(sa.insert(table), rows)
    expected.observations = len(rows)


def _replace_runs(
    connection: Connection,
    results: Sequence[SoundResult],
    region_ids: Mapping[int, Sequence[int]],
    stored_spaces: Mapping[str, embeddings.StoredSpace],
    at: str,
    expected: _Expected,
) -> None:
    rows: list[dict[str, Any]] = []
    for result in results:
        computed = [_embedding_run(result, stored_spaces[space_id].space) for space_id in result.embeddings]
        for region_id, part in zip(region_ids[result.sound_id], result.analysis.regions, strict=True):
            rows += [
                {
                    "region_id": region_id,
                    "producer": run.producer,
                    "version": run.version,
                    "settings": run.settings,
                    "input": result.input,
                    "outcome": str(run.outcome),
                    "reason": storable(run.reason) or None,
                    "elapsed_s": run.elapsed_s,
                    "at": at,
                }
                for run in (*part.runs, *computed)
            ]
    table = schema.runs
    renewed = [pending.embedding_identity(each.space).producer for each in stored_spaces.values()]
    is_old = table.c.producer.not_like("embedding.%") | table.c.producer.in_(renewed)
    for some in chunks([region_id for ids in region_ids.values() for region_id in ids]):
        connection.execute(sa.delete(table).where(table.c.region_id.in_(some), is_old))
    connection.execute(sa.insert(table), rows)
    expected.runs = len(rows)


def _embedding_run(result: SoundResult, space: Space) -> Run:
    identity = pending.embedding_identity(space)
    reason = result.failed_spaces.get(space.id)
    outcome = RunOutcome.DONE if reason is None else RunOutcome.FAILED
    return Run(identity.producer, identity.version, identity.settings, outcome, reason or "", 0.0)


def _replace_embeddings(
    connection: Connection,
    results: Sequence[SoundResult],
    region_ids: Mapping[int, Sequence[int]],
    stored_spaces: Mapping[str, embeddings.StoredSpace],
    expected: _Expected,
) -> None:
    for space_id, stored in stored_spaces.items():
        renewed = [result for result in results if space_id in result.embeddings]
        embeddings.delete_of_regions(
            connection, stored, [region_id for result in renewed for region_id in region_ids[result.sound_id]]
        )
        rows = [
            {
                "region_id": region_id,
                "start_s": vector.start_s,
                "end_s": vector.end_s,
                "is_window": vector.is_window,
                "vector": embeddings.pack(vector.vector),
            }
            for result in renewed
            for region_id, vectors in zip(region_ids[result.sound_id], result.embeddings[space_id], strict=True)
            for vector in vectors
        ]
        if rows:
            connection.execute(sa.insert(schema.embeddings_table(stored.number)), rows)
        expected.vectors[space_id] = len(rows)


def _read_back(
    connection: Connection,
    results: Sequence[SoundResult],
    region_ids: Mapping[int, Sequence[int]],
    stored_spaces: Mapping[str, embeddings.StoredSpace],
    at: str,
    expected: _Expected,
) -> None:
    """Count what is there: a database can accept a write and then not have it."""
    all_ids = [region_id for ids in region_ids.values() for region_id in ids]
    sound_ids = [result.sound_id for result in results]
    fresh_sounds = (schema.sounds.c.analysed_at == at) & (schema.sounds.c.status == "analysed")
    rows_counted(connection, "sounds", len(results), schema.sounds.c.id, sound_ids, fresh_sounds).require()
    rows_counted(connection, "regions", len(all_ids), schema.regions.c.id, all_ids).require()
    for name, table, wanted in (
        ("observations", schema.observations, expected.observations),
        ("runs", schema.runs, expected.runs),
    ):
        rows_counted(connection, name, wanted, table.c.region_id, all_ids, table.c.at == at).require()
    for space_id, wanted in expected.vectors.items():
        stored = stored_spaces[space_id]
        table = schema.embeddings_table(stored.number)
        renewed = [
            region_id
            for result in results
            if space_id in result.embeddings
            for region_id in region_ids[result.sound_id]
        ]
        whole = sa.func.length(table.c.vector) == 2 * stored.space.dimensions
        rows_counted(connection, "embeddings", wanted, table.c.region_id, renewed, whole).require()
