"""Words that are capitalised for where they stand, or name a time, and so name nobody."""

from __future__ import annotations

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sept", "sep"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        start=1,
    )
    for name in names
}
_DAYS = "monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun"
_FUNCTION = """
a about above across actually after again all almost already also although always am an and another any anybody anyone
anything anyway are as at away back be because been before behind being below between both but by can come could
dear definitely despite did do does doing don done during each either else especially even ever every everybody everyone
everything exactly few finally first for from generally get give go going got had has have having he hello
her here hers hey hi him his honestly hopefully how however i if in indeed instead is it its just lately later
let like look lots made make many may maybe me mine more most much must my myself near never next nice
no nobody none nor not nothing now of off often oh ok okay on once one only onto or other our ours out over own perhaps
please probably quite rather really recently right same see seems shall she should since so some somebody someone
something sometimes soon sorry still such sure take tell than thank thanks that the their theirs them then there these
they think this those though through thus till to today together tomorrow tonight too toward towards two under unless
until up upon us usually very was we welcome well were what whatever when whenever where whether which while who whoever
whom whose why will wish with without wonder would wow yeah yep yes yesterday yet you your yours
"""
# What statements begin with that leave their subject out: "Moved to Lisbon in May."
_VERBS = """
added agreed allergic asked ate began believes booked bought built called came cancelled changed chose decided drove
enjoys ended explain feels felt finished found gave goes grew hates heard helped hopes intends is joined keeps knows
learned learning left likes listed lived lives living looked looking lost loved loves made married meeting met missed
moved moving needs note noted ordered owns paid planned planning plans prefer preferred prefers promised put ran read
received remember remembers reported returned said saw scheduled sent set sold spent spoke started starting studied
studies talked taught thinks told took tried turned used user uses visited visiting walked wanted wants watched went won
worked working works worried wrote
"""
COMMON_WORDS = frozenset(f"{_FUNCTION} {_VERBS} {_DAYS}".split()) | frozenset(MONTHS)
CONNECTORS = frozenset(
    ("of", "the", "de", "van", "von", "der", "den", "da", "di", "la", "le", "du", "del", "al", "el", "&", "y")
)
