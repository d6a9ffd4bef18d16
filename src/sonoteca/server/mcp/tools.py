"""The table of all tools: which question of the front each asks, and which of them change the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from pydantic import Field

import sonoteca
from sonoteca.domain.answer import MeantSounds
from sonoteca.domain.request import Request
from sonoteca.errors import NotThereYet, RequestError
from sonoteca.server.mcp import rows
from sonoteca.server.mcp.naming import Naming
from sonoteca.server.mcp.tool import Context, Tool
from sonoteca.server.running import models_folder

_SOUND_NAMES = "A sound is named by its id, as answers tell it; a path, a title and external:ID work too."
# Older ones are asked for by their ids.
_MOST_JOBS = 200
_QUERY = "Queries are words and rules: `kind:loop role:drums bpm:120..128 key:8A~ tag:dusty -tag:vocal`."


class NothingAsked(Request):
    """A question without arguments."""


class ArrangementAsked(Request):
    """Which arrangement.

    Attributes
    ----------
    arrangement : str
        Its id, or a unique prefix of it.
    """

    arrangement: str


class JobAsked(Request):
    """Which job.

    Attributes
    ----------
    job : str
        Its id.
    """

    job: str


class CarefulEdit(sonoteca.EditRequest):
    """An edit, and how many sounds it may be about.

    Attributes
    ----------
    at_most : int >= 1
        Nothing is changed where the query finds more sounds than that; the error says how many.
    """

    at_most: int = Field(default=1, ge=1)


def tools() -> Mapping[str, Tool]:
    """All tools by name, those that read first."""
    return {tool.name: tool for tool in (*_READING, *_CHANGING)}


# --- asking ---------------------------------------------------------------------------------------


def _jobs(context: Context, request: sonoteca.ListJobsRequest) -> Mapping[str, Any]:
    answer = sonoteca.list_jobs(context.library, request.model_copy(update={"limit": _MOST_JOBS})).as_json()
    return {"query": {"counts": answer["counts"]}, "results": answer["results"]}


def _edited(context: Context, request: CarefulEdit) -> Mapping[str, Any]:
    def approve(meant: MeantSounds) -> None:
        if meant.count > request.at_most:
            raise RequestError(
                f"The query means {meant.told}, and at most {request.at_most} may be changed.",
                "Make the query narrower, or say at_most if all of them are meant.",
                field="at_most",
            )

    return sonoteca.edit(context.library, request, approve=approve).as_json()


def _renamed(context: Context, request: sonoteca.RenamePlaylistRequest) -> Mapping[str, Any]:
    sonoteca.rename_playlist(context.library, request)
    return {"playlist": request.new_name}


def _forgotten(context: Context, request: sonoteca.ForgetPlaylistRequest) -> Mapping[str, Any]:
    sonoteca.forget_playlist(context.library, request)
    return {"forgotten": request.playlist}


def _no_advice(context: Context, request: Request) -> NoReturn:
    raise NotThereYet("There is no advice about sounds in this version.")


_READING = (
    Tool(
        "search",
        "Search by words",
        f"Find sounds whose title, artist, album, tags or path hold these words, best first. {_QUERY}",
        sonoteca.WordsRequest,
        lambda context, request: sonoteca.search_words(context.library, request).as_json(),
        rows.results(rows.RESULT),
    ),
    Tool(
        "list",
        "List sounds",
        f"List the sounds that a query finds, newest first or as `sort:` says, and how many there are. {_QUERY}",
        sonoteca.ListRequest,
        lambda context, request: sonoteca.list_sounds(context.library, request).as_json(),
        rows.results(rows.SOUND),
    ),
    Tool(
        "facets",
        "Count by kind, role, key, tempo and tag",
        "Count what a query finds, all sounds without one, and how it divides: a first look at a library.",
        sonoteca.FacetsRequest,
        lambda context, request: sonoteca.count_facets(context.library, request).as_json(),
        rows.whole,
        is_paged=False,
    ),
    Tool(
        "show",
        "Show one sound",
        f"Everything that is known of one sound, and who said it. Long lists are cut. {_SOUND_NAMES}",
        sonoteca.DescribeRequest,
        lambda context, request: sonoteca.describe_sound(context.library, request).as_json(),
        rows.whole,
        is_paged=False,
    ),
    Tool(
        "similar",
        "Find what sounds alike",
        f"Find regions that sound like some sounds, and unlike others. {_SOUND_NAMES} A file inside the library's folders is heard.",
        sonoteca.SimilarRequest,
        lambda context, request: sonoteca.find_similar(context.library, request, listener=context.listener).as_json(),
        rows.results(rows.RESULT),
        names={"sounds": Naming.SOUND_OR_FILE, "minus": Naming.SOUND_OR_FILE},
    ),
    Tool(
        "copies",
        "Find copies of a recording",
        f"Find the other sounds that are the same recording, encoded again or as another edit; without a sound all recordings that are there more than once. {_SOUND_NAMES}",
        sonoteca.CopiesRequest,
        lambda context, request: sonoteca.find_copies(context.library, request).as_json(),
        rows.results(rows.RESULT),
    ),
    Tool(
        "hum",
        "Find a hummed tune",
        "Find where a tune is that somebody hums, sings or whistles in a recording. The recording is a file inside the library's folders, or a sound.",
        sonoteca.HumRequest,
        lambda context, request: sonoteca.find_tune(context.library, request, listener=context.listener).as_json(),
        rows.results(rows.RESULT, "verdict", "confidence", "message"),
        names={"file": Naming.FILE},
    ),
    Tool(
        "tap",
        "Find a tapped rhythm",
        "Find the drum loop or break whose rhythm somebody taps or beatboxes in a recording: a file inside the library's folders, or a sound.",
        sonoteca.TapRequest,
        lambda context, request: sonoteca.find_rhythm(context.library, request, listener=context.listener).as_json(),
        rows.results(rows.RESULT, "verdict", "confidence", "n_taps", "message"),
        names={"file": Naming.FILE},
    ),
    Tool(
        "match",
        "Find what goes with a sound",
        f"Rank the sounds that go with one, in a role, with the stretch and shift they need and what speaks against them. {_SOUND_NAMES} A file inside the library's folders is heard.",
        sonoteca.MatchRequest,
        lambda context, request: sonoteca.find_matches(context.library, request, listener=context.listener).as_json(),
        rows.results(rows.MATCH, "rejected"),
        names={"sound": Naming.SOUND_OR_FILE},
    ),
    Tool(
        "next",
        "Find what to play next",
        f"Rank tracks by the transition from the one that plays now. {_SOUND_NAMES}",
        sonoteca.NextRequest,
        lambda context, request: sonoteca.find_next(context.library, request).as_json(),
        rows.results(rows.NEXT, "candidates"),
        names={"played": Naming.PLAYLIST},
    ),
    Tool(
        "set",
        "Build a set",
        f"Build orders of tracks for so much time or so many tracks, with an energy curve and locked tracks. Rows are the tracks of all sets. {_SOUND_NAMES}",
        sonoteca.SetRequest,
        lambda context, request: sonoteca.build_set(context.library, request).as_json(),
        rows.sets,
        names={"curve": Naming.CURVE},
    ),
    Tool(
        "path",
        "Walk from sound to sound",
        f"Lead from one sound to another through sounds that are each a little nearer to the end. {_SOUND_NAMES}",
        sonoteca.WalkRequest,
        lambda context, request: sonoteca.walk(context.library, request).as_json(),
        rows.results(rows.RESULT),
    ),
    Tool(
        "lint",
        "Judge a playlist",
        "Say what is wrong with the order of a playlist, and the smallest repairs; nothing is changed. The playlist is one of the library, or an M3U file inside its folders.",
        sonoteca.LintRequest,
        lambda context, request: sonoteca.lint(context.library, request).as_json(),
        rows.findings,
        names={"playlist": Naming.PLAYLIST},
    ),
    Tool(
        "playlists",
        "List playlists",
        "List the playlists of the library, and how many entries each has.",
        NothingAsked,
        lambda context, request: sonoteca.list_playlists(context.library).as_json(),
        rows.results(("name", "entries", "smart", "changed_at")),
    ),
    Tool(
        "playlist",
        "Show a playlist",
        "List the entries of a playlist of the library in order.",
        sonoteca.ShowPlaylistRequest,
        lambda context, request: sonoteca.show_playlist(context.library, request).as_json(),
        rows.results(rows.ENTRY),
        hidden=frozenset({"output"}),
    ),
    Tool(
        "arrangements",
        "List arrangements",
        "List the arrangements that the library keeps, the last made first.",
        NothingAsked,
        lambda context, request: sonoteca.list_arrangements(context.library).as_json(),
        rows.results(("public_id", "title", "tempo_bpm", "key", "bars", "duration_s", "created_at")),
    ),
    Tool(
        "arrangement",
        "Show an arrangement",
        "Show the form of an arrangement and its clips: which sound plays in which bars, stretched and shifted how far.",
        ArrangementAsked,
        lambda context, request: sonoteca.open_arrangement(
            context.library, request.arrangement, listener=context.workers
        ).as_json(),
        rows.arrangement,
    ),
    Tool(
        "audit",
        "Count what is done and what is missing",
        "Count what the library holds, what was analysed, failed or is missing; with roots also compared with the disk.",
        sonoteca.AuditRequest,
        lambda context, request: sonoteca.audit(
            context.library, request, is_kept=False, listener=context.workers
        ).as_json(),
        rows.audited,
        names={"roots": Naming.FOLDER},
    ),
    Tool(
        "jobs",
        "List jobs",
        "List the work that was asked for and is done later, such as listening to new files: the last asked for first.",
        sonoteca.ListJobsRequest,
        _jobs,
        rows.results(("id", "kind", "state", "progress", "error", "created_at", "finished_at"), "counts"),
        hidden=frozenset({"cursor", "limit"}),
    ),
    Tool(
        "job",
        "How a job stands",
        "How far a job is, and what came of it.",
        JobAsked,
        lambda context, request: sonoteca.get_job(context.library, request.job).as_json(),
        rows.whole,
        is_paged=False,
    ),
    Tool(
        "knowledge",
        "Search the knowledge base",
        "Find advice about mixing, EQ, dynamics, loudness, harmony, rhythm, sampling, DJ transitions, sound design and field recording: what to do, with which numbers, and what states it. Ask in the words that advice is written in.",
        sonoteca.SearchKnowledgeRequest,
        lambda context, request: sonoteca.search_knowledge(context.library, request, models=models_folder()).as_json(),
        rows.results(rows.ADVICE, "mode"),
    ),
    Tool(
        "advice",
        "Ask for advice about a sound",
        "Not there yet: advice about a sound will be given in a later version.",
        sonoteca.DescribeRequest,
        _no_advice,
        rows.whole,
        is_paged=False,
    ),
)

_CHANGING = (
    Tool(
        "edit",
        "Correct values and tags",
        f"Say tempo, key, kind, role, rating, tags, cues of the sounds that a query finds; files are never touched. `undo` takes it back. {_SOUND_NAMES}",
        CarefulEdit,
        _edited,
        rows.changes,
        changes=True,
        destroys=True,
        is_paged=False,
    ),
    Tool(
        "undo",
        "Take back the last change",
        "Take back the last edit or change of a playlist that was not taken back yet, whoever made it, and say what it was.",
        NothingAsked,
        lambda context, request: sonoteca.undo(context.library).as_json(),
        rows.changes,
        changes=True,
        destroys=True,
        is_paged=False,
    ),
    Tool(
        "playlist_create",
        "Make a playlist",
        f"Keep sounds as a playlist: those named, those of another playlist, those that a query finds now. `undo` takes it back. {_SOUND_NAMES}",
        sonoteca.CreatePlaylistRequest,
        lambda context, request: sonoteca.create_playlist(context.library, request).as_json(),
        rows.whole,
        names={"source": Naming.PLAYLIST},
        changes=True,
        destroys=True,
        is_paged=False,
    ),
    Tool(
        "playlist_smart",
        "Make a smart playlist",
        f"Keep a query as a playlist, which holds what the query finds whenever it is read. `undo` takes it back. {_QUERY}",
        sonoteca.SmartPlaylistRequest,
        lambda context, request: sonoteca.create_smart_playlist(context.library, request).as_json(),
        rows.whole,
        changes=True,
        destroys=True,
        is_paged=False,
    ),
    Tool(
        "playlist_add",
        "Put sounds into a playlist",
        f"Put sounds at the end of a playlist, or at a position from 1. `undo` takes it back. {_SOUND_NAMES}",
        sonoteca.AddToPlaylistRequest,
        lambda context, request: sonoteca.add_to_playlist(context.library, request).as_json(),
        rows.whole,
        changes=True,
        is_paged=False,
    ),
    Tool(
        "playlist_remove",
        "Take entries out of a playlist",
        "Take entries out of a playlist by position or by sound; the sounds stay in the library. `undo` takes it back.",
        sonoteca.TakeFromPlaylistRequest,
        lambda context, request: sonoteca.take_from_playlist(context.library, request).as_json(),
        rows.whole,
        changes=True,
        destroys=True,
        is_paged=False,
    ),
    Tool(
        "playlist_move",
        "Move an entry of a playlist",
        "Let the entry at a position stand at another, both from 1. `undo` takes it back.",
        sonoteca.MoveInPlaylistRequest,
        lambda context, request: sonoteca.move_in_playlist(context.library, request).as_json(),
        rows.whole,
        changes=True,
        destroys=True,
        is_paged=False,
    ),
    Tool(
        "playlist_rename",
        "Rename a playlist",
        "Call a playlist otherwise. `undo` takes it back.",
        sonoteca.RenamePlaylistRequest,
        _renamed,
        rows.whole,
        changes=True,
        destroys=True,
        is_paged=False,
    ),
    Tool(
        "playlist_forget",
        "Forget a playlist",
        "Forget a playlist; its sounds stay. `undo` takes it back.",
        sonoteca.ForgetPlaylistRequest,
        _forgotten,
        rows.whole,
        changes=True,
        destroys=True,
        is_paged=False,
    ),
    Tool(
        "match_choice",
        "Remember what was liked",
        f"Remember that a match was taken or turned down, so that weights can be learnt from it; the opposite choice takes it back. {_SOUND_NAMES}",
        sonoteca.ChoiceRequest,
        lambda context, request: sonoteca.choose_match(context.library, request, listener=context.listener).as_json(),
        rows.whole,
        names={"query": Naming.SOUND_OR_FILE},
        changes=True,
        is_paged=False,
    ),
    Tool(
        "arrange",
        "Compose an arrangement",
        f"Compose an arrangement of the library's loops and keep it beside the others: what plays, how fast, in which key. {_SOUND_NAMES}",
        sonoteca.ArrangeRequest,
        lambda context, request: sonoteca.make_arrangement(
            context.library, request, listener=context.workers
        ).as_json(),
        rows.arrangement,
        changes=True,
        is_paged=False,
    ),
    Tool(
        "arrangement_edit",
        "Change an arrangement",
        "Change an arrangement: replace sounds, gain, mute, bars, sections. Its own undo takes the last change back.",
        sonoteca.ArrangementEditRequest,
        lambda context, request: sonoteca.edit_arrangement(
            context.library, request, listener=context.workers
        ).as_json(),
        rows.arrangement,
        changes=True,
        destroys=True,
        is_paged=False,
    ),
)
