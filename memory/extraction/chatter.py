"""What people say that is not worth remembering: questions, thanks, requests, code, what might be."""

from __future__ import annotations

import re

_AUXILIARY = (
    r"(?:is|are|am|was|were|do|does|did|can|could|would|will|shall|should|may|might|have|has|had|isn't|aren't"
    r"|don't|doesn't|didn't|can't|won't)"
)
_IMPERATIVES = (
    "write show tell give help explain find list summarise summarize translate fix check look send create"
    " add compare draft describe"
    " generate rewrite convert calculate compute search open close delete remove update change try do go see"
    " wait stop continue repeat"
    " read provide suggest recommend analyse analyze review plan book email prepare improve correct print"
    " output return reply"
    " respond ask imagine act pretend consider think take put set get bring buy pick choose select design"
    " build implement refactor"
    " run test debug deploy install start solve prove proofread edit shorten expand outline brainstorm"
    " define teach remind schedule"
    " draw play answer make let thank thanks come keep click type enter say hold hang forget ignore use say"
    " visit note have be just"
)
_QUESTION = re.compile(
    rf"\?[\"')]*$|^(?:what|why|how|who|whom|whose|where|which)\b(?!ever)|^when {_AUXILIARY}\b"
    rf"|^{_AUXILIARY} (?:i|you|we|they|he|she|it|there|this|that|these|the|my|your|our|any\w*|some\w*|n't)\b"
    r"|\bi(?:'m| am| was)? wonder(?:ing)?\b",
    re.I,
)
_SUPPOSED = re.compile(
    r"^(?:suppose|imagine|assum(?:e|ing)|let's (?:say|assume|suppose|pretend|imagine|see)|what if|say,"
    r"|hypothetically|for (?:example|instance)"
    r"|e\.g|as if|pretend)\b|\b(?:might|may be|maybe|perhaps|possibly|could|in theory|hypothetical)\b|\bif"
    r" (?:i|we|you|it|he|she|they) (?:were|had|could|was)\b"
    r"|\bwould\b(?! (?:rather|prefer))|\bi wish\b|\b(?:i|we|he|she|they)'d (?!rather|prefer)",
    re.I,
)
_SMALL_TALK = re.compile(
    r"^(?:hi|hello|hey|dear|thanks|thank you|cheers|bye|goodbye|see you|talk soon|good (?:morning|evening"
    r"|night|afternoon|question|point|idea|one|luck|job)"
    r"|great|nice|wow|ha|haha|lol|ok|okay|yes|yeah|yep|no|nope|sure|right|exactly|indeed|awesome|cool|perfect"
    r"|sorry|welcome|congrat\w+|you're welcome"
    r"|sounds|looks good|never ?mind|no (?:problem|worries)|of course|just (?:a|one)|go ahead|it depends"
    r"|something|anything|nothing|happy to|glad to)\b"
    r"|\bas an ai\b|^(?:here|there) (?:is|are|it|you)\b|^here's\b|^i get (?:it|that)\b|^i'm (?:having fun"
    r"|doing (?:my best|ok|okay|fine|well|good|great))\b|^(?:terminate|approve|done|continue)\b\.?$",
    re.I,
)
# What the first person says of this conversation, not of the world.
_TALK = re.compile(
    r"^(?:i|we)(?:'m| am|'re| are)? (?:just |also |really |still |not |only |so |very |quite |pretty |a bit "
    r"|a little |all )*"
    r"(?:think|guess|suppose|believe|hope|see|understand|agree|disagree|know|mean|feel|apologi[sz]e"
    r"|appreciate|doubt|bet|assume|wonder|sure|happy|glad|sorry|afraid that"
    r"|looking|trying|waiting|wondering|curious|here|ready|done|confused|stuck|fine|good|ok|okay|well|back"
    r"|asking|talking|thinking|aware|able|unable|unsure|certain"
    r"|getting an|getting the|excited|thankful|grateful|tired|bored|impressed|surprised|kidding|joking"
    r"|listening|following|referring|writing to|reaching out|working on (?:it|this|that)"
    r"|don't (?:know|understand|think|see|get|remember|care|have (?:access|time|any|the)|mind|want|need|mean"
    r"|believe|agree|follow)|do not (?:know|understand|think|have access)"
    r"|can't (?:see|find|open|access|think|wait|believe|do|get|figure|remember|say|help|tell|log)|cannot"
    r" (?:see|find|open|access|do)|couldn't"
    r"|can(?!'t)|want (?:you|to (?:know|see|ask|understand|make sure)|an?|the|some|more|it|this|that|my)|need"
    r" (?:help|you|to know|some|more|it|this|that|your|an? (?!.*\b(?:because|since)\b))"
    r"|have (?:an?|another|one|some|a few|got|found|to (?:go|say|admit|ask))? ?(?:more )?(?:quick |other"
    r" )?(?:question|problem|issue|idea|request|doubt|favou?r|several|no idea)"
    r"|'ve got (?:an?|another|one) (?:more )?(?:question|problem|issue|idea)|will (?:look|try|check|do|see"
    r"|help|get back|be (?:happy|glad|right back))|love (?:it|that|this|your|how)|like (?:it|that|this|your"
    r"|how)"
    r"|tried|said|asked|just|saw that|got (?:it|an error|this error|the error))\b"
    r"|^(?:i|we)'(?:ve got (?:an?|another|one) (?:more |other |quick |funny )?(?:question|story|problem|issue|idea)|ll"
    r" (?:look|try|check|do|see|help|get back|be (?:happy|glad|right back|back)|let you|think))\b",
    re.I,
)
_VAGUE = re.compile(
    r"^(?:it|this|that|these|those|he|she|they|you|there|someone|somebody|everyone|everybody|everything"
    r"|something|nothing|nobody|one|the (?:first|second|third|last|other|next|same) (?:one|part|thing))\b",
    re.I,
)
_CODE = re.compile(
    r"^(?:def |class |import|from \w+ import\b|return\b|function\b|const\b|let \w+ =|var |public |private "
    r"|#include|select .+ from|insert into|update \w+ set"
    r"|create table|(?:npm|pip|git|cd|ls|sudo|docker|kubectl|curl|cargo) |for \(|while \(|if \(|traceback\b"
    r"|file \"|at \w+\.\w+\(|\$ |>>> |error:|warning:|usage:)"
    r"|[{}<>=;|\\]{1}.*[{}<>=;|\\]|\w+\(.*\)[;:]?$|^https?://\S+$|&&|\+\+|=>|\w+,\w+,\w+|drwx",
    re.I,
)
_REQUEST = re.compile(
    rf"^(?:(?:please|kindly|now|then|just|also)\s+)*(?:{'|'.join(_IMPERATIVES.split())})\b(?!'s)|\bplease\b"
    rf"|^(?:can|could|would|will) you\b|^i(?:'d| would) (?:like|love|want|appreciate)\b",
    re.I,
)
_CORRECTION = re.compile(
    r"^[Ii]t was (?:decided|agreed)\b|^[Ii]t(?:'s| is| was) (?:not .*\bbut\b|.*, not\b)|^[Ii]t(?:'s| is) (?:on |at "
    r"|in |by )?(?:\d|[A-Z])"
)
# What cheers somebody up, or says how it feels, and tells nothing more.
_CHEER = re.compile(
    r"^(?:let's|glad|so glad|agreed|must have|stay|a lot|can't wait|no doubt|way to|keep (?:it|up|going)|keep"
    r" you|hope|wish|hang in|your"
    r"|you're|being there)\b"
    r"|\bkeep (?:you|ya|u) (?:posted|updated|in the loop)\b|^(?:i|we)(?:'ll| will| won't|'m gonna| am gonna)"
    r" (?:keep (?!the\b|my\b|our\b)"
    r"|enjoy|never forget|give up|be there|remember|miss|definitely|do my best|let)\b"
    r"|^(?:i|we)(?:'m| am|'re| are)? (?:feel(?:ing)?|felt|was|were)? ?(?:just |so |really |very |super |too "
    r"|truly |quite |all |absolutely |pretty )*"
    r"(?:stoked|proud|excited|glad|happy|grateful|thankful|thrilled|pumped|blessed|amazed|honou?red|nervous"
    r"|sad|upset|relieved|hooked|lucky|inspired"
    r"|motivated|determined|hopeful|optimistic|overwhelmed|touched|confident|down|humbled|blown away|gonna"
    r" (?:try|do|be|keep))\b(?! (?:in|at|with) (?:my|the|our)\b)"
    r"|\b(?:means? (?:so much|a lot|the world)|so (?:cool|awesome|proud|happy|great|humbling|rewarding)|made"
    r" (?:me|my day)|worth it)[.!]*$",
    re.I,
)
# "Let's use Rust" decides something; "Call me Sam" says something.
_LASTING = re.compile(
    r"^(?:let's (?:go with|use|adopt|stick with|switch to|standardi[sz]e on|keep using)|call me) \w+", re.I
)


def is_chatter(text: str) -> bool:
    """Whether a sentence holds nothing that lasts."""
    if _LASTING.match(text) and not text.endswith("?"):
        return False
    if any(pattern.search(text) for pattern in (_QUESTION, _SUPPOSED, _SMALL_TALK, _CHEER, _TALK, _REQUEST)):
        return True
    if _VAGUE.match(text) and not _CORRECTION.match(text):
        return True
    return _CODE.search(text) is not None or _letters(text) < 0.6


def _letters(text: str) -> float:
    return sum(letter.isalpha() or letter.isspace() for letter in text) / max(len(text), 1)
