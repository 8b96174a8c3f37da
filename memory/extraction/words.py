"""Words that rules look for, and the plain form in which texts are compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from memory.recall import analysis


def vocabulary(words: str) -> frozenset[str]:
    """Return the words of a line as a set."""
    return frozenset(words.split())


_WORD = re.compile(r"[^\W_]+(?:['.@:/-][^\W_]+)*")

PAST = vocabulary(
    "was were had did went bought met got broke sold ran lost won left quit took made saw found came gave"
    " told said wrote"
    " read put cut began chose drove ate drank flew grew knew spoke stood taught thought understood woke"
    " wore built sent"
    " spent kept slept felt held heard led paid meant hurt hit let set shut became forgot fell fought caught"
    " brought hid"
    " rode rose sang sat shook shot swam threw lent dealt dreamt learnt burnt bit drew froze hung laid lay"
    " lit rang sank"
    " stole struck swore tore shrank rebuilt resold overslept outgrew withdrew undid redid"
)
NOT_PAST = vocabulary("need feed speed breed bleed exceed succeed proceed embed shed bed red seed weed wed hundred")
PRESENT = vocabulary(
    "is are has have does do runs run uses use costs cost closes close opens open starts start ends end"
    " begins begin contains"
    " contain reports report works work lives live belongs belong charges charge takes take supports support requires"
    " require needs need prefers prefer likes like wants want expects expect owns own leads lead manages manage handles"
    " handle stores store gets get goes go comes come happens happen changes change allows allow doesn't don't isn't"
    " aren't hasn't haven't won't will must should shall can't cannot lasts last leaves leave arrives arrive"
    " speaks speak"
    " plays play loves love hates hate enjoys enjoy studies study teaches teach makes make sells sell buys buy pays pay"
    " earns earn keeps keep holds hold sits sit stands stand lies serves serve offers offer includes include"
    " covers cover"
    " hosts host sends send receives receive writes reads accepts accept rejects reject ships ship delivers deliver"
    " depends consists consist measures measure weighs weigh collects collect visits visit meets meet eats eat drinks"
    " drink drives drive wears wear returns return shows show says say means mean knows know thinks believes calls call"
    " renews renew expires expire repeats repeat listens listens responds respond processes process runs follows follow"
    " grows grow produces produce employs employ rents rent watches watch collides trains train competes attends attend"
    " refuses refuse dislikes dislike avoids avoid practises practices sleeps sleep shares share uses checks"
    " check"
)
ADVERBS = vocabulary(
    "really usually always never also still just now often sometimes actually currently mostly only"
    " absolutely generally"
    " normally already recently finally probably typically basically even both all definitely rarely hardly ever simply"
    " officially originally regularly occasionally personally no longer"
)
# These come with a word that says no already.
STOPPED = vocabulary(
    "longer anymore "
    "a an the and or but so as at by for from in into of on onto to with about that this these those it its is are was"
    " were be been being am do does did has have had will would shall should can could may might must i me"
    " my mine we us"
    " our ours you your yours he him his she her hers they them their theirs who whom which what there here"
    " then than too"
    " very really just also still now currently actually some any such own same s t re ve ll d m"
)
NEGATIONS = vocabulary("not no never none nobody nothing neither nor without cannot")
# What is said in one way and another, and is the same.
_SAME = {
    "love": "like",
    "enjoy": "like",
    "adore": "like",
    "favorit": "favourit",
    "color": "colour",
    "resid": "live",
    "base": "live",
    "hate": "dislik",
    "detest": "dislik",
    "phone": "telephon",
    "begin": "start",
    "began": "start",
    "bought": "buy",
    "went": "go",
    "met": "meet",
    "got": "get",
    "vegetarian": "vegetarian",
    "employ": "work",
    "job": "work",
    "everi": "each",
    "reli": "depend",
}


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return the stem of a word in lower case, one for words that say the same."""
    root = analysis.stem(word.removesuffix("'s"))
    return _SAME.get(root, root)


def words(text: str) -> list[str]:
    """Return the words of a text as they stand there."""
    return _WORD.findall(text.replace("\u2019", "'"))


def plain(text: str) -> str:
    """Return a text in its plain form: composed, lower case, straight apostrophes, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("\u2019", "'").casefold().split())


def is_past(word: str) -> bool:
    """Whether a verb is in the past: "moved", "went"."""
    return word in PAST or (word.endswith("ed") and len(word) > 3 and word not in NOT_PAST)


def is_negated(word: str) -> bool:
    """Whether a word says no."""
    return word in NEGATIONS or word.endswith("n't")
