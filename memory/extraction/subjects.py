"""What a statement settles: facts that have one value at a time, so that a newer value takes the place of the older.

"Ada lives in Lisbon" settles "ada/lives in"; "Invoice 4711 is now paid" settles "invoice 4711/status". Most statements
settle nothing: people like many things, but live in one place.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from memory.extraction.persons import THE_USER
from memory.extraction.words import plain

_ADVERB = r"(?:(?:now|still|currently|actually|already|officially|also|just|recently|no longer|not|originally) ){0,4}"
_MOST_CHARS = 400
_BE = r"(?:is|are|was|were|isn't|aren't|will be|has been|have been|became|becomes)"
_OWNER = r"(?P<owner>[^,;:]{1,80}?)"
_VALUE = r"(?P<value>.+)"
# Attributes of which a person or a thing has one.
_ATTRIBUTES = (
    r"(?:(?:first|last|full|middle|maiden|nick)[ -]?name|name|birthday|date of birth|age|phone(?: number)?"
    r"|telephone(?: number)?"
    r"|mobile(?: number)?|e-?mail(?: address)?|(?:home |postal |billing |delivery |shipping )?address|time"
    r" ?zone|blood type"
    r"|job(?: title)?|profession|occupation|salary|employer|boss|manager|supervisor|landlord|doctor|dentist"
    r"|wife|husband"
    r"|spouse|native language|first language|nationality|hometown|diet|height|weight|shoe size"
    r"|budget|deadline|due date|start date|end date|release date|launch date|delivery date|price|cost|status"
    r"|state|owner"
    r"|version|port|region|location|limit|maximum(?: [\w-]+)?(?: [\w-]+)?|minimum(?: [\w-]+)?(?: [\w-]+)?"
    r"|capacity|head office"
    r"|headquarters|main supplier|priority|size|total|balance|amount|colour|color|password policy|domain|url|hostname"
    r"|preferred [\w-]+(?: [\w-]+)?|favou?rite [\w-]+(?: [\w-]+)?|fiscal year)"
)
_STATUS = (
    r"(?:paid|unpaid|overdue|open|closed|pending|shipped|delivered|cancelled|canceled|refunded|approved"
    r"|rejected|resolved"
    r"|done|finished|completed|in progress|blocked|on hold|active|inactive|live|offline|online|down|up|out of service"
    r"|disputed|draft|sent|lost|archived|deployed|available|unavailable|sold out|in stock|out of stock|broken|fixed)"
)
_WHEN = r"(?:on|by|for|until|at|to|in|from|next|this)"


class Settled(NamedTuple):
    """A subject and its value. `ended`: the value is no longer so."""

    subject: str
    value: str
    ended: bool = False

    @property
    def is_weak(self) -> bool:
        """Whether it does not say whose it is: "the deadline" of one conversation may be another one elsewhere."""
        return "/" not in self.subject

    def contradicts(self, other: Settled) -> bool:
        """Whether both cannot be so of the same subject."""
        if self.ended or other.ended:
            return self.ended != other.ended and self.value == other.value
        return self.value != other.value


def settled(text: str, *, me: str = THE_USER) -> Settled | None:
    """Return what a statement settles, None for most.

    Args:
        text: a statement that stands by itself.
        me: how it names the user; statements that say "User" instead settle the same.
    """
    if len(text) > _MOST_CHARS:
        return None
    sentence = text.strip().rstrip(".!").replace("\u2019", "'")
    for name, pattern in _PATTERNS:
        match = pattern.match(sentence)
        if match is not None:
            part = match.groupdict()
            attribute = plain(part.get("attribute") or name).replace("favorite", "favourite").replace("color", "colour")
            owner = _owner(match["owner"], me)
            if owner is None:
                return None
            value, ended = _value(part.get("value") or "", sentence, match)
            return Settled(f"{owner}/{attribute}" if owner else attribute, value, ended)
    return None


def _owner(owner: str, me: str) -> str | None:
    """Return the owner in its plain form: "" where nobody is named, None where the word stands for something else."""
    name = re.sub(r"^(?:the|our|a|an|this)\b ?", "", plain(owner)).removesuffix("'s")
    if name in {"user", "me"}:
        name = plain(me).removeprefix("the ")
    return None if name in _UNNAMED else name


def _value(value: str, sentence: str, match: re.Match[str]) -> tuple[str, bool]:
    head = sentence[: match.start("value")] if match["value"] else sentence
    ended = _DENIED.search(head) is not None or _ENDED.search(sentence) is not None
    cut = _TAIL.split(plain(value), maxsplit=1)[0]
    return _ARTICLES.sub("", cut).strip(" .,;"), ended


def _pattern(name: str, pattern: str) -> tuple[str, re.Pattern[str]]:
    return name, re.compile(pattern, re.I)


_UNNAMED = frozenset({"it", "this", "that", "he", "she", "they", "there", "which", "who", "what", "we", "you", "one"})
_DENIED = re.compile(r"\b(?:no longer|not|never|isn't|aren't|doesn't|don't|wasn't|quit|left)\b", re.I)
_ARTICLES = re.compile(r"^(?:(?:now|still|currently|actually|a|an|the|already|on|by|at) )+")
_ENDED = re.compile(r"\b(?:any ?more|any longer)$", re.I)
# What follows a value and is none of it.
_TAIL = re.compile(
    r",(?!\d)| (?:with|since|because|as of|instead of|rather than|and not|not|any ?more|any longer|these days|now"
    r"|at the moment"
    r"|and (?:is|has|was|lives|works|likes|loves)|on \d|in (?:\d{4}|(?:january|february|march|april|may|june"
    r"|july|august"
    r"|september|october|november|december)\b)|in the week|until|for (?:\d+|two|three|four|five|ten|many) years)\b"
)
_PATTERNS = (
    _pattern(
        "lives in",
        rf"^{_OWNER} {_ADVERB}(?:(?:doesn't |does not |has )?{_ADVERB}liv(?:e|es|ed|ing) in|(?:has )?(?:moved"
        rf"|relocated)(?: back)? (?:from [\w ]+? )?to"
        rf"|{_BE} {_ADVERB}(?:based|living) in) {_VALUE}",
    ),
    _pattern(
        "works at",
        rf"^{_OWNER} {_ADVERB}(?:(?:doesn't |does not |has )?{_ADVERB}work(?:s|ed)? (?:at|for)|(?:has )?(?:joined"
        rf"|started (?:working )?at)"
        rf"|{_BE} {_ADVERB}(?:employed (?:at|by)|working (?:at|for))|quit|left (?:the|their) job at) {_VALUE}",
    ),
    _pattern("name", rf"^{_OWNER} {_ADVERB}{_BE} {_ADVERB}(?:called|named) {_VALUE}"),
    _pattern("age", rf"^{_OWNER} {_ADVERB}{_BE} {_ADVERB}(?P<value>\d{{1,3}})(?: years old)?$"),
    _pattern(
        "marital status", rf"^{_OWNER} {_ADVERB}{_BE} {_ADVERB}(?P<value>single|married|divorced|widowed|engaged)\b"
    ),
    _pattern("diet", rf"^{_OWNER} {_ADVERB}{_BE} {_ADVERB}(?:an? )?(?P<value>(?:vegetarian|vegan|pescatarian)\b)"),
    _pattern("reports to", rf"^{_OWNER} {_ADVERB}reports to {_VALUE}"),
    _pattern("runs on", rf"^{_OWNER} {_ADVERB}(?:runs on|{_BE} {_ADVERB}(?:hosted|deployed) (?:on|in|at)) {_VALUE}"),
    _pattern(
        "",
        rf"^{_OWNER}(?:'s)? (?P<attribute>{_ATTRIBUTES})(?P<of>)? {_ADVERB}(?:{_BE}|changed to|starts|comes to)"
        rf" {_ADVERB}(?:now )?{_VALUE}",
    ),
    _pattern(
        "",
        rf"^(?:the|our|my) (?P<attribute>{_ATTRIBUTES}) (?:of|for|with) {_OWNER} {_ADVERB}(?:{_BE}|changed to"
        rf"|comes to) {_VALUE}",
    ),
    _pattern("", rf"^(?P<owner>the|our|this) (?P<attribute>{_ATTRIBUTES}) {_ADVERB}(?:{_BE}|changed to) {_VALUE}"),
    _pattern("status", rf"^(?P<owner>[^,;:]{{0,60}}?\b[\w-]*\d[\w-]*) {_ADVERB}{_BE} {_ADVERB}(?P<value>{_STATUS})\b"),
    _pattern("status", rf"^(?P<owner>(?:the|our) [\w -]{{1,40}}?) {_BE} {_ADVERB}(?P<value>{_STATUS})$"),
    _pattern(
        "date",
        rf"^(?P<owner>(?:the|our) [\w' -]{{1,60}}?) {_ADVERB}(?:{_BE} {_ADVERB}(?:(?:due|scheduled|planned|moved"
        rf"|postponed|rescheduled) )?"
        rf"{_WHEN}|moved to|(?:starts|ends|leaves|takes place) (?:on|at)) (?P<value>(?=.*(?:\d|day\b)).+)",
    ),
    _pattern(
        "is in",
        rf"^(?P<owner>(?:the|our) [\w' -]{{1,60}}?) {_ADVERB}{_BE} {_ADVERB}(?:located )?in (?P<value>(?-i:[A-Z]).+)",
    ),
)
