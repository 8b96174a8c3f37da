"""Languages other than English: a few openings by which people speak of themselves, kept in their own words.

Nothing is translated or turned around, since that would need grammar: what was said is quoted.
"""

from __future__ import annotations

import re

_OPENINGS = (
    # German
    "ich heiße",
    "mein name ist",
    "ich wohne (?:in|bei)",
    "ich arbeite (?:bei|als|für|in)",
    "ich bin (?:allergisch|vegetarier|veganer|umgezogen)",
    r"ich mag (?:kein|gern|am liebsten|\w+)",
    "ich bevorzuge",
    r"mein(?:e)? lieblings\w+ ist",
    "wir haben (?:beschlossen|entschieden|uns)",
    # French
    "je m'appelle",
    "j'habite",
    "je travaille (?:chez|comme|pour|à)",
    "je suis (?:allergique|végétarien)",
    "je préfère",
    "j'aime",
    "je déteste",
    "nous avons décidé",
    "on a décidé",
    # Spanish
    "me llamo",
    "mi nombre es",
    "vivo en",
    "trabajo (?:en|como|para)",
    "soy (?:alérgic|vegetarian|vegan)",
    "prefiero",
    "me gusta",
    "no me gusta",
    "hemos decidido",
    # Portuguese
    "chamo-me",
    "meu nome é",
    "o meu nome é",
    "moro em",
    "eu moro",
    "trabalho (?:em|na|no|como|para)",
    "sou (?:alérgic|vegetarian)",
    "prefiro",
    "gosto de",
    "decidimos",
    # Italian
    "mi chiamo",
    "abito a",
    "vivo a",
    "lavoro (?:in|come|per|presso|alla)",
    "sono allergic",
    "preferisco",
    "mi piace",
    "abbiamo deciso",
    # Dutch
    "ik heet",
    "mijn naam is",
    "ik woon in",
    "ik werk (?:bij|als|voor)",
    "ik hou van",
    "we hebben besloten",
    # Polish
    "nazywam się",
    "mieszkam w",
    "pracuję (?:w|jako|dla)",
    "lubię",
    "wolę",
    # Swedish
    "jag heter",
    "jag bor i",
    "jag jobbar (?:på|som)",
)
_ENDLESS = ("我叫", "我住在", "我喜欢", "我在", "私の名前は", "私は")
_SAYS = re.compile(
    rf"^(?:{'|'.join(_OPENINGS)})\b[^?]{{2,}}$|^(?:{'|'.join(_ENDLESS)})[^?\uff1f吗か]{{2,}}[。.!]?$", re.I
)
_LONGEST = 300


def says_of_themselves(sentence: str) -> bool:
    """Whether a sentence that is not English states something of who says it."""
    return len(sentence) <= _LONGEST and _SAYS.match(sentence) is not None
