"""The sentences of a message, without what is no prose: code, quotations of others, marks of layout."""

from __future__ import annotations

import re
from collections.abc import Iterator

_MOST_CHARS = 100_000
_MOST_SENTENCES = 2_000
# A sentence that is longer is none, and would take long to cut.
_LONGEST_SENTENCE = 1_000
_LONGEST_ABBREVIATION = 12
_FENCED = re.compile(r"(```|~~~).*?(?:\1|\Z)", re.S)
_LINK = re.compile(r"\[([^\]\n]{1,200})\]\([^)\s]{1,500}\)")
_MARKS = re.compile(r"[*_]{2,3}|`")
_LINE_START = re.compile(r"^\s*(?:[-*•+]|\d{1,2}[.)]|#{1,6})\s+")
_END = re.compile(r"(?<=[.!?…])[\"'”\u2019)\]]*\s+(?=[\"'“\u2018(\[]?[^\W_a-z])|;\s+|(?<=[。\uff01\uff1f])")
_ABBREVIATED = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|no|nr|approx|e\.g|i\.e|etc|vs|inc|ltd|dept|fig)|\b[A-Z])\.$", re.I
)
# Where a sentence says two things of which each stands by itself: ", and I …", ", but my …".
_SEAM = re.compile(r"(?:,? (?:and|but)|,) (?=(?:I|we|my|our)(?:['\u2019]| ))")
_WHOLE = re.compile(
    r"^(?:I|we|he|she|they|it)(?:['\u2019]| )|\b(?:is|are|was|were|has|had|isn't|wasn't)\b"
    r"|\b\w+['\u2019]s [a-z]+ (?:in|at|on)\b",
    re.I,
)
_SUBORDINATE = re.compile(
    r"^(?:when|whenever|if|because|after|before|while|since|although|though|unless|until|as|once|every|each"
    r"|to|in|on|at|from)\b",
    re.I,
)


def sentences(text: str) -> Iterator[str]:
    """Return what a message says, sentence by sentence; a sentence that says two things is two."""
    text = text[:_MOST_CHARS].replace("\u2019", "'")
    prose = _MARKS.sub("", _LINK.sub(r"\1", _FENCED.sub("\n", text)))
    count = 0
    for line in prose.splitlines():
        if line.lstrip().startswith((">", "|")):
            continue
        for sentence in _cut(_LINE_START.sub("", line)):
            for part in _parts(" ".join(sentence.split())):
                yield part
                count += 1
                if count >= _MOST_SENTENCES:
                    return


def _cut(line: str) -> Iterator[str]:
    begin = 0
    for match in _END.finditer(line):
        piece = line[begin : match.end()]
        if _ABBREVIATED.search(piece[-_LONGEST_ABBREVIATION:].rstrip()):
            continue
        yield piece.strip().removesuffix(";")
        begin = match.end()
    if line[begin:].strip():
        yield line[begin:].strip()


def _parts(sentence: str) -> Iterator[str]:
    """Cut at the seams whose both sides are statements of their own."""
    if len(sentence) > _LONGEST_SENTENCE or sentence.endswith("?") or _SUBORDINATE.match(sentence):
        yield sentence
        return
    begin = 0
    for seam in _SEAM.finditer(sentence):
        head, tail = sentence[begin : seam.start()], sentence[seam.end() :]
        if len(head.split()) >= 3 and len(tail.split()) >= 3 and _WHOLE.search(head):
            yield head
            begin = seam.end()
    yield sentence[begin:]
