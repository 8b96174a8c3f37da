"""Which sentences state something that is worth remembering, and what kind of thing it is. English."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from contracts.memories import MemoryKind
from memory.extraction.chatter import is_chatter
from memory.extraction.facts import Fact, fact_in
from memory.extraction.orders import is_order
from memory.extraction.words import is_past, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a sentence is.

    Attributes:
        text: the sentence without what leads to it ("Please note that …").
        kind: of the memory.
        importance: from 0 to 1.
        confidence: from 0 to 1.
        tag: what sort of statement: "preference", "decision", "plan", "correction", "procedure", "event", "fact".
    """

    text: str
    kind: MemoryKind
    importance: float
    confidence: float
    tag: str


def judged(sentence: str, *, role: str) -> Judgement | None:
    """Return what a sentence is; None where it is not worth remembering.

    Args:
        sentence: one sentence.
        role: of who said it: "user", "agent" or "tool".
    """
    if len(sentence) > _MOST_CHARS:
        return None
    text, corrects, hedged = _bare(sentence)
    if not 2 <= len(text.split()) <= _MOST_WORDS:
        return None
    found = _READERS[role](text)
    if found is None and corrects and role == "user":
        found = _fragment(text)
    if found is None:
        return None
    if corrects and found.tag != "procedure":
        found = replace(found, tag="correction", importance=max(found.importance, 0.7))
    return replace(found, confidence=0.4) if hedged else found


def _bare(sentence: str) -> tuple[str, bool, bool]:
    """Return the sentence without what leads to it, whether it corrects something, and whether it is unsure."""
    corrects = _CORRECTS.search(sentence) is not None
    text = _LEAD.sub("", sentence)
    hedge = _HEDGE.match(text)
    if hedge is not None:
        text = text[hedge.end() :]
    text = text.strip(" ,")
    return text[:1].upper() + text[1:], corrects, hedge is not None


def _fragment(text: str) -> Judgement | None:
    if not _FRAGMENT.match(text):
        return None
    # What it corrects stands elsewhere: somebody must say.
    return Judgement(text=f"Correction: {text}", kind="semantic", importance=0.7, confidence=0.4, tag="correction")


def _of_user(text: str) -> Judgement | None:
    procedure = _procedure(text)
    if procedure is not None:
        return procedure
    if is_chatter(text):
        return None
    for pattern, kind, importance, tag in _FIRST_PERSON:
        if pattern.search(text):
            return Judgement(text=text, kind=kind, importance=importance, confidence=0.9, tag=tag)
    fact = fact_in(text)
    return None if fact is None else _stated(text, fact, confidence=0.75)


def _of_agent(text: str) -> Judgement | None:
    if is_chatter(text) or not _AGENT_SAYS.search(text) or _AGENT_TALK.search(text):
        return None
    decided = _DECIDED.search(text) is not None
    past = any(is_past(word.lower()) for word in words(text)[:4])
    kind: MemoryKind = "semantic" if decided or not past else "episodic"
    return Judgement(text=text, kind=kind, importance=0.6, confidence=0.7, tag="decision" if decided else "result")


def _of_tool(text: str) -> Judgement | None:
    if is_order(text):
        # Kept, so that somebody sees what was tried; nobody is told of it before.
        return Judgement(text=text, kind="procedural", importance=0.1, confidence=0.1, tag="instruction")
    if not _TOOL_SAYS.search(text) or is_chatter(text):
        return None
    return Judgement(text=text, kind="semantic", importance=0.4, confidence=0.55, tag="fact")


def _procedure(text: str) -> Judgement | None:
    if not any(pattern.search(text) for pattern in _PROCEDURES) or _NO_PROCEDURE.search(text) or text.endswith("?"):
        return None
    return Judgement(text=text, kind="procedural", importance=0.75, confidence=0.85, tag="procedure")


def _stated(text: str, fact: Fact, *, confidence: float) -> Judgement:
    kind: MemoryKind = "episodic" if fact.happened else "semantic"
    return Judgement(
        text=text,
        kind=kind,
        importance=0.5,
        confidence=0.45 if fact.unclear else confidence,
        tag="event" if fact.happened else "fact",
    )


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)


_MOST_WORDS = 60
_MOST_CHARS = 500
_READERS: dict[str, Callable[[str], Judgement | None]] = {"user": _of_user, "agent": _of_agent, "tool": _of_tool}
_LEAD = _compiled(
    r"^(?:(?:(?:hi|hello|hey|good (?:morning|afternoon|evening))(?: (?:there|all|team|everyone))?[,!.]|well,?"
    r"|so,?|also,?|and|but|oh,?|hmm,?"
    r"|ok(?:ay)?,?|ye(?:s|ah|p),|no,|nope,|right,|anyway,?|by the way,?|btw,?|fyi:?,?|for the record,?|just"
    r" so you know,?"
    r"|as (?:i|you) (?:said|know|mentioned),?|(?:please )?(?:note|remember|keep in mind|be aware|don't forget) that"
    r"|you should know (?:that )?|i (?:just )?(?:wanted to|should) (?:say|let you know|mention|tell you)"
    r" (?:that )?|to be clear,?"
    r"|in fact,?|unfortunately,?|luckily,?|thankfully,?|honestly,?|sorry,?|correction:|actually,?|wait,|i"
    r" meant(?: to say)?:?,?"
    r"|i mean,?|update:|news:|scratch that[,:]|that said,?|of course,?|sure,)\s+)+"
)
_HEDGE = _compiled(
    r"^(?:i (?:think|believe|guess|suppose|assume)(?: that)?|probably|i'm (?:pretty|fairly|quite|almost) sure(?: that)?"
    r"|if i (?:remember|recall) (?:correctly|right|it right),?|as far as i (?:know|remember),?|apparently,?"
    r"|supposedly,?|it seems(?: that)?)\s+"
)
_CORRECTS = _compiled(
    r"^(?:actually\b|correction\b|no, |sorry, i meant|i meant|wait, |scratch that)|\bnot [\w' ]{1,40} but\b|,"
    r" not \w+|\bno longer\b|\bany ?more\b"
    r"|\bswitched from\b|\bchanged (?:from|to)\b|\bmoved (?:from|to)\b|\b(?:instead of|used to)\b|\bis now\b"
    r"|, but now\b"
)
_VERBS = (
    r"(?:send|call|ask|write|use|run|check|reply|answer|put|add|tell|inform|contact|email|open|close|restart"
    r"|merge|push|escalate|stop"
    r"|notify|wait|log|save|attach|include|keep|follow|create|update|review|copy|start|set|report|return"
    r"|refund|offer|apply|do not|don't|never|always)"
)
_PROCEDURES = (
    _compiled(
        r"^(?:please )?(?:always|never|from now on|don't ever|do not ever|in (?:the )?future,?) (?!mind|again)\w+ .+"
    ),
    _compiled(
        r"^(?:please )?(?:make sure|be sure|take care|remember|don't forget) (?:to|that|every|each|all|you|we"
        r"|the)\b.+ (?:always|never|every|each|whenever)\b"
    ),
    _compiled(r"^(?:please )?make sure (?:that )?(?:every|each|all|no)\b"),
    _compiled(r"^first\b.+\bthen\b"),
    _compiled(
        rf"^(?:when|whenever|if|once|every time|each time|before|after|unless)\b(?![^,]*\byou(?:'re)? (?:are|can"
        rf"|have|find|see|want|need|think|finish|done)\b)(?:[^,]|,\d)+, (?:please )?(?:always |never |first |then"
        rf" )?{_VERBS}\b"
    ),
    _compiled(r"^(?:when|whenever|every time|each time|once)\b(?!.*\b(?:was|were|had|did|ago)\b) .+, we \w+"),
    _compiled(r"^(?:before|after|for) (?:each|every)\b.+"),
    _compiled(rf"^to \w+(?: [\w' -]+)?, (?:first |you (?:must|have to) |we )?{_VERBS}\b"),
    _compiled(
        r"^(?:every|each) (?:day|night|morning|evening|week|month|quarter|year|monday|tuesday|wednesday|thursday"
        r"|friday|saturday|sunday)\b.* (?:we|i|the)\b"
    ),
    _compiled(
        r"^(?!(?:i|you|it|this|that|he|she|they|there|someone|something)\b)(?:[\w'-]+ ){1,6}(?:must|has to|have"
        r" to|needs? to|should(?: always| never| only)) (?:always |never |only |not )?(?:be|go|have|get|come|use"
        r"|contain|follow|include|pass)\b"
    ),
)
_NO_PROCEDURE = _compiled(
    r"^(?:never ?mind|always (?:here|there|up|down|so|nice|good|glad|happy|a pleasure)|first (?:of all|things"
    r" first))|\bthis"
    r" (?:time|once)\b|\bjust (?:once|this)\b"
)
_DAY = (
    r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|june|july"
    r"|august|september|october|november|december)"
)
_TIME = (
    rf"(?:tomorrow|tonight|\b(?:next|this|last) \w+|\b(?:by|before|until|on|in) (?:the )?(?:\d|{_DAY}|may\b"
    rf"|(?:a|one|two|three|four|five|six|ten|twelve) (?:day|week|month|year))|\bon {_DAY}|soon\b)"
)
_ADV = (
    r"(?:(?:really|also|usually|still|just|now|always|never|absolutely|mostly|generally|often|currently|only"
    r"|already|normally|sometimes|no longer|definitely|both) )*"
)
_DECIDED = _compiled(
    r"\b(?:decided|chose|settled on|opted (?:for|to)|agreed (?:on|to|that|with \w+ (?:on|to|that))|switched"
    r" (?:from|to)|picked|approved|selected)\b|\b(?:go|going|went) with\b"
)
_FIRST_PERSON: tuple[tuple[re.Pattern[str], MemoryKind, float, str], ...] = (
    (
        _compiled(
            r"^(?:we|i|the \w+|our \w+|it was)(?:'ve| have)? (?:\w+ ){0,2}?(?:decided|chose|settled on|opted (?:for"
            r"|to)|agreed (?:on|to|that)|switched (?:from|to)|picked|approved|selected)\b"
        ),
        "semantic",
        0.75,
        "decision",
    ),
    (
        _compiled(
            r"^(?:we(?:'ll| will|'re going to| are going to)|i(?:'ll| will)|let's) (?:go with|use|adopt|stick with"
            r"|switch to|standardi[sz]e on|keep using)\b"
        ),
        "semantic",
        0.75,
        "decision",
    ),
    (_compiled(r"^(?:my name is|i am called|i'm called|call me|people call me) \w+"), "semantic", 0.9, "fact"),
    (
        _compiled(
            rf"^i {_ADV}(?:(?:have|suffer from) (?:an? )?[\w ]*(?:allergy|diabetes|asthma|condition|intolerance)"
            rf"|(?:can't|cannot|don't|do not|won't) (?:eat|drink|drive|swim|see|hear|tolerate))\b|^(?:i'm|i am|we're"
            rf"|we are) (?:\w+ )?(?:allergic|intolerant)\b|\bintolerant\b"
        ),
        "semantic",
        0.9,
        "preference",
    ),
    (
        _compiled(
            rf"^(?:i|we) {_ADV}(?:don't |do not |didn't )?{_ADV}(?:like|love|enjoy|hate|dislike|prefer|adore|can't"
            rf" stand|cannot stand|avoid|favou?r) (?!it\b|that\b|this\b|your\b|you\b|the idea|how\b)\w+"
        ),
        "semantic",
        0.7,
        "preference",
    ),
    (_compiled(r"^(?:i(?:'d| would)) (?:rather|prefer)\b(?! you| not to say)"), "semantic", 0.7, "preference"),
    (
        _compiled(
            r"^(?:i'm|i am) (?:really |very |also |mostly )?(?:interested in|fond of|into|a fan of|keen on|afraid of"
            r"|good at|bad at)\b (?!that|this|it)"
        ),
        "semantic",
        0.6,
        "preference",
    ),
    (
        _compiled(
            rf"^(?:i|we)(?:'m| am|'re| are) {_ADV}(?:going to|planning (?:to|on|a)|about to|expecting (?:a|our)"
            rf"|(?:flying|travelling|traveling|moving|leaving|meeting|visiting|starting|getting)\b(?=.*{_TIME})|having"
            rf" .*{_TIME})"
        ),
        "episodic",
        0.65,
        "plan",
    ),
    (
        _compiled(
            rf"^(?:i|we) {_ADV}(?:plan|intend|want|hope|aim) to (?:be|become|learn|visit|travel|start|open|study|move"
            rf"|buy|retire|write|run|finish|build|hire|launch|sell|renovate|quit|apply)\b"
        ),
        "episodic",
        0.6,
        "plan",
    ),
    (
        _compiled(rf"^(?:i|we)(?:'ll| will| shall| have to| must| need to|'ve got to) .*{_TIME}"),
        "episodic",
        0.65,
        "plan",
    ),
    (
        _compiled(r"^(?:i|we)(?:'ve| have)? (?:promised|committed|volunteered|pledged|signed up)\b"),
        "episodic",
        0.65,
        "plan",
    ),
    (
        _compiled(
            r"^(?:i|we)(?:'ve| have)(?: got)? (?:an? |my |our )?(?:appointment|interview|meeting|exam|surgery|flight"
            r"|deadline|reservation|booking|trip|call|date)\b"
        ),
        "episodic",
        0.65,
        "plan",
    ),
    (
        _compiled(
            rf"^(?:next|this coming) \w+ (?:i|we)(?:'m| am|'re| are| will|'ll)\b|^(?:my|our|the) (?!.*\b(?:birthday"
            rf"|anniversary|year)\b).* (?:is|are|leaves|starts|takes place|departs|arrives) (?:scheduled |due |planned"
            rf" |on |at |for )*{_TIME}|^(?:the|our|my) .+ (?:is|are) (?:scheduled|due|planned|set) (?:for|on|by|to)\b"
        ),
        "episodic",
        0.6,
        "plan",
    ),
    (_compiled(r"^i need an? .+ (?:because|since) \w+"), "semantic", 0.6, "preference"),
)
_FRAGMENT = re.compile(r"^[A-Z0-9][^,?!]{1,60}, not [^,?!]{2,60}$")
_AGENT_SAYS = _compiled(
    r"^(?:we|i|i've|we've|i have|we have|the team|our team) (?:\w+ )?(?:decided|chose|settled|opted|agreed"
    r"|refunded|booked|created|sent|paid|updated|fixed|deployed|scheduled|cancelled|canceled"
    r"|moved|merged|restarted|shipped|ordered|reserved|opened|closed|registered|published|installed|replaced"
    r"|resolved|approved|rejected|transferred|migrated|renamed|deleted|archived|changed|added|assigned"
    r"|escalated|bought|signed)\b.*(?:\d|[a-z]{4}|[A-Z])"
    r"|\b(?:root cause|the result|the total|conclusion|test(?:s|ing)? (?:showed|revealed)|analysis (?:showed"
    r"|revealed)|confirmed|was completed|was deployed)\b"
    r"|^(?:the |our )?[\w -]{1,40}\d[\w.-]* (?:is|was|has been|were)\b|^the (?:invoice|order|parcel|package"
    r"|ticket|payment|refund|shipment|delivery|contract|server|service|deployment|release|bug|meeting"
    r"|appointment|account|subscription|customer|client) (?:is|was|has|had|were|will be)\b (?!an?\b|the\b)"
)
_AGENT_TALK = _compiled(r"\b(?:you|your)\b|^(?:i|we)(?:'ve| have)? (?:found|looked|checked|searched|understood)\b")
_TOOL_SAYS = _compiled(
    r"^(?:the )?(?:[a-z]+ ){1,3}#?[\w-]*\d[\w-]*(?:'s)? (?:status )?(?:is|was|has been) (?:now |still"
    r" )?[a-z]+(?: [\w ,.:-]{0,60})?\.?$"
)
