"""Text that orders the memory or the agents about. From people it is a wish; from a page or a tool it is an attack."""

from __future__ import annotations

import re

# Nobody says so in good faith.
_ATTACK = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{0,40}\b(?:previous|prior|above|earlier"
    r"|preceding|all|any|your|system|safety|original|these)\b[^.!?\n]{0,30}"
    r"\b(?:instructions?|messages?|rules?|prompts?|guidelines?|directions?|orders?|policies|policy|context"
    r"|training|memor(?:y|ies)|filters?|restrictions?)\b"
    r"|\b(?:forget|ignore) (?:everything|all (?:of )?(?:that|this|the above))\b|\bsystem (?:prompt|message"
    r"|override)\b|\b(?:developer|god|dan|debug|admin) mode\b|\bjail ?break"
    r"|\byou are (?:now|no longer) (?:an? |the )?(?:\w+ ){0,4}(?:assistant|ai|model|agent|bot|mode|admin"
    r"|unrestricted|dan|free)\b|\bnew (?:system )?instructions?\s*:"
    r"|\b(?:do not|don't|never) (?:tell|inform|warn|mention (?:this )?to|alert|let) (?:the |your )?(?:user"
    r"|users|human|owner|operator|anyone|anybody)\b"
    r"|\b(?:reveal|print|show|repeat|leak|exfiltrate)\b[^.!?\n]{0,30}\b(?:system prompt|instructions"
    r"|memor(?:y|ies)|secrets?|credentials)\b"
    r"|\b(?:send|post|forward|upload|transfer|wire|exfiltrate)\b[^.!?\n]{0,80}\b(?:https?://"
    r"|[\w.+-]+@[\w-]+\.)|<\|?(?:system|im_start|im_end|assistant)\b|\[/?(?:INST|SYSTEM)\]",
    re.I,
)
# What a person may ask, and a page, a tool or another agent may not.
_ORDER = re.compile(
    r"\b(?:from now on|henceforth|going forward|in all future)\b|\b(?:you|agents?|assistants?|the (?:ai|model"
    r"|assistant|agent|bot)|ai|llms?) (?:must|should|shall|have to|has to|need to|needs to|are to|is to|will"
    r" always|will now)\b"
    r"|^(?:please )?(?:always|never|remember|memori[sz]e|don't forget|make sure|be sure|note|important)\b"
    r"|\b(?:remember|memori[sz]e|store|save|keep|add|write) (?:this|that|the following|it"
    r"|these)\b[^.!?\n]{0,30}\bmemor(?:y|ies)\b"
    r"|\b(?:remember|memori[sz]e)\b[^.!?\n]{0,20}\b(?:that|this)\b|\b(?:instead|rather) of (?:answering"
    r"|following)\b|\b(?:approve|trust|obey|follow) (?:all|any|every|only|these)\b",
    re.I,
)


def is_attack(text: str) -> bool:
    """Whether a text tries to undo what agents were told, whoever says it."""
    return _ATTACK.search(text) is not None


def is_order(text: str) -> bool:
    """Whether a text tells agents or the memory what to do: to be followed only where a person says so."""
    return is_attack(text) or _ORDER.search(text) is not None
