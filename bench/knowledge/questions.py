"""Questions as people type them, each with every entry of the starter base that answers it.

They were written before there was a search, in words that those entries do not use; a question that nothing
answers has no entry. ``tune`` may be looked at while a search is made, ``held`` only when it is measured.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias
from uuid import UUID

Split: TypeAlias = Literal["tune", "held"]

FILE = Path(__file__).with_name("questions.jsonl")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and the ids of the entries any of which is a right answer; none where nothing answers it."""

    text: str
    split: Split
    entries: frozenset[UUID]


def split_of(text: str) -> Split:
    """The half that a question belongs to: drawn by a hash of its text, so that nobody chooses.

    Examples
    --------
    >>> split_of("how long do I boil an egg")
    'tune'
    """
    return "held" if hashlib.sha256(text.encode()).digest()[0] % 2 else "tune"


def read_questions(split: Split | None = None) -> tuple[Question, ...]:
    """The questions in the order of their file; of one half, or all."""
    read = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        read.append(Question(row["question"], row["split"], frozenset(map(UUID, row["entries"]))))
    return tuple(question for question in read if split in (None, question.split))
