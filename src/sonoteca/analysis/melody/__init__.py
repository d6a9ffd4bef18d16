"""Pitch of one-shots, and the melody of regions."""

from __future__ import annotations

from sonoteca.analysis.analyzer import Analyzer
from sonoteca.analysis.melody.note_list import MelodyNotes
from sonoteca.analysis.melody.one_pitch import OneShotPitch

ANALYZERS: tuple[Analyzer, ...] = (OneShotPitch(), MelodyNotes())
