"""Tempo and key in file names: "break_120bpm_Am.wav", "8A - 124 - Title.mp3".

Names are written for people. "Am" is a key in ``Pad_Am.wav`` and a verb in ``Am I Wrong.mp3``;
"A minor" is a key in ``Sonata in A minor`` and an article in ``A minor edit``; "4B" is a flat.
A reading that has another likely meaning needs company: a tempo beside it, brackets, or
separators other than spaces. When two readings disagree, none is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from sonoteca.domain.claim import Claim
from sonoteca.domain.music import Key

_PRODUCER = "name"
_SLOWEST_BPM, _FASTEST_BPM = 40.0, 300.0
# A bare number next to a key is a tempo if it is a common one: "Lead_128_F#m".
_SLOWEST_BARE_BPM, _FASTEST_BARE_BPM = 60, 200

_NUMBER = r"\d{2,3}(?:[.,]\d{1,3})?"
_BPM = re.compile(
    rf"(?<![\d.,])({_NUMBER})[ _-]{{0,2}}bpm(?![a-z])|(?<![a-z])bpm[ _-]{{0,2}}({_NUMBER})(?!\d)", re.IGNORECASE
)
# Stands in the name where a marked tempo was.
_TEMPO_MARK = "\x01"
_TOKEN = re.compile(r"[^\s_\-.,;()\[\]{}+&~]+")
_SHORT_KEY = re.compile(r"([A-G])(#|b|♯|♭|sharp|flat|s(?=m))?(m)")
_WORD_KEY = re.compile(r"([A-Ga-g])(#|b|♯|♭|sharp|flat)?(min|maj|minor|major|Min|Maj|Minor|Major|MIN|MAJ|MINOR|MAJOR)")
_ROOT = re.compile(r"([A-G])(#|b|♯|♭|sharp|flat)?")
_MODES = ("min", "maj", "minor", "major")
_CAMELOT = re.compile(r"(?:0?[1-9]|1[0-2])[AB]")
# Words that show that the name is a sentence, in which "Am" is a verb.
_SENTENCE = frozenset(
    "i i'm who what where why when how you we they he she this that there here not it its for to of".split()  # noqa: SIM905 - a list of words reads better as a line
)
# "Em" is short for "them".
_AMBIGUOUS_SHORT = frozenset({"Am", "Em"})


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    before: str
    after: str

    @property
    def stands_apart(self) -> bool:
        """Set off by something other than spaces, on both sides where there are two."""
        sides = [side for side in (self.before, self.after) if side]
        return bool(sides) and all(side.strip() for side in sides)

    @property
    def in_brackets(self) -> bool:
        return self.before[-1:] in ("(", "[", "{") and self.after[:1] in (")", "]", "}")

    @property
    def is_number(self) -> bool:
        return self.text.isascii() and self.text.isdigit()


def name_claims(name: str) -> Iterable[Claim]:
    """Claims of producer ``name`` from a file name or path.

    >>> [(claim.field, claim.value) for claim in name_claims("loops/Bass_120bpm_F#m.wav")]
    [('tempo_bpm', 120.0), ('key', 'F# minor')]
    >>> list(name_claims("Am I Wrong.mp3")), list(name_claims("A minor edit.wav"))
    ([], [])
    """
    stem = PurePosixPath(name.replace("\\", "/")).name[:300]
    # Only a short ending is a suffix: the rest of "120.5bpm loop" is not.
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}\s*$", "", stem) or stem
    marked = {float((first or second).replace(",", ".")) for first, second in _BPM.findall(stem)}
    rest = _BPM.sub(_TEMPO_MARK, stem)
    tokens = list(_tokens(rest))
    keys = list(_keys(tokens, has_tempo=bool(marked)))
    tempos = marked or {float(number) for number in _bare_tempos(tokens, [span for span, _ in keys])}
    if len(tempos) == 1 and _SLOWEST_BPM <= (bpm := tempos.pop()) <= _FASTEST_BPM:
        yield Claim("tempo_bpm", bpm, _PRODUCER)
    names = {key.name for _, key in keys}
    if len(names) == 1:
        yield Claim("key", names.pop(), _PRODUCER)


def _tokens(text: str) -> Iterator[_Token]:
    matches = list(_TOKEN.finditer(text))
    for index, match in enumerate(matches):
        start = matches[index - 1].end() if index else 0
        stop = matches[index + 1].start() if index + 1 < len(matches) else len(text)
        yield _Token(match[0], text[start : match.start()], text[match.end() : stop])


def _keys(tokens: list[_Token], *, has_tempo: bool) -> Iterator[tuple[range, Key]]:
    """(indices of its tokens, key) for every believable key."""
    is_sentence = any(token.text.lower() in _SENTENCE for token in tokens)
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else None
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        has_company = has_tempo or token.in_brackets or _is_tempo_like(before) or _is_tempo_like(after)
        if _SHORT_KEY.fullmatch(token.text):
            if token.text in _AMBIGUOUS_SHORT and not token.stands_apart:
                # "Guitar Loop Am" ends with a key; "Kill Em" does not.
                ends_with_am = token.text == "Am" and before is not None and after is None
                if is_sentence or not (has_company or ends_with_am):
                    continue
            yield range(index, index + 1), _key(token.text)
        elif _WORD_KEY.fullmatch(token.text):
            yield range(index, index + 1), _key(token.text)
        elif _CAMELOT.fullmatch(token.text):
            # "8A - 124 - Title" is how DJ programs rename files; "Kick_1A" is a variant.
            leads = index == 0 and token.after.strip() == "-" and token.after != "-"
            if has_company or leads:
                yield range(index, index + 1), _key(token.text)
        elif _ROOT.fullmatch(token.text) and after is not None and after.text.lower() in _MODES:
            following = tokens[index + 2] if index + 2 < len(tokens) else None
            if not _is_article(token, before, after, following):
                yield range(index, index + 2), _key(token.text + after.text)


def _is_article(token: _Token, before: _Token | None, mode: _Token, following: _Token | None) -> bool:
    """Whether the "A" of "A minor ..." is likely the article: a word follows, and no "in" goes before."""
    if token.text != "A" or token.after.strip() or (before is not None and before.text.lower() == "in"):
        return False
    return following is not None and following.text[0].isalpha() and not mode.after.strip()


def _is_tempo_like(token: _Token | None) -> bool:
    if token is None:
        return False
    if token.text == _TEMPO_MARK:
        return True
    return token.is_number and len(token.text) <= 3 and _SLOWEST_BARE_BPM <= int(token.text) <= _FASTEST_BARE_BPM


def _bare_tempos(tokens: list[_Token], key_spans: list[range]) -> Iterator[int]:
    """Numbers that stand right beside a key."""
    for span in key_spans:
        for neighbour in (span.start - 1, span.stop):
            if 0 <= neighbour < len(tokens) and tokens[neighbour].is_number and _is_tempo_like(tokens[neighbour]):
                yield int(tokens[neighbour].text)


def _key(text: str) -> Key:
    plain = text.replace("sharp", "#").replace("flat", "b")
    plain = re.sub(r"^([A-G])s(?=m)", r"\1#", plain)
    root = plain[0].upper()
    return Key.parse(plain if plain[0].isdigit() else root + plain[1:].lower())
