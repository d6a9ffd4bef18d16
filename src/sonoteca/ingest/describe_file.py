"""The sound object of a file that is in no library, as a worker that heard it makes it."""

from __future__ import annotations

from sonoteca.domain.claim import claimed_observations
from sonoteca.domain.file_analysis import AnalysisOrder, FileAnalysis
from sonoteca.domain.names import public_id
from sonoteca.domain.sound_object import AudioFacts, JsonObject, sound_object, statements_of
from sonoteca.ingest.listen import listen


def describe_file(order: AnalysisOrder) -> JsonObject:
    """Listen to one file, and say what was heard as a sound object (see ``domain.sound_object``).

    Raises
    ------
    AudioError
        The file cannot become sound.
    """
    return describe_analysis(order.path, listen(order), trust_names=order.settings.trust_names)


def describe_analysis(path: str, heard: FileAnalysis, *, trust_names: bool) -> JsonObject:
    """What was heard of a file, as a sound object."""
    info = heard.info
    facts = AudioFacts(info.duration_s, info.sample_rate, info.channels, info.codec, info.container, info.content_hash)
    return sound_object(
        path,
        sound_id=public_id(info.content_hash),
        audio=facts,
        statements=statements_of(heard.analysis, claimed_observations(heard.claims), trust_names=trust_names),
        warnings=(*heard.warnings, *heard.analysis.warnings),
    )
