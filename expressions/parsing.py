"""From text to parts, by the grammar beside this file. Faults name their line and column."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any, NoReturn

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from contracts.errors import InvalidExpression
from expressions import syntax
from expressions.syntax import Node, Spot

MAX_BYTES = 2048
MAX_DEPTH = 32

_LARGEST = 2**63 - 1
_MOST_SIGNS = 8
_KEYWORDS = {"true": True, "false": False, "null": None}
# CEL keeps these words for itself; the engine refuses them as names.
_RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"}
    | {"namespace", "return", "var", "void", "while"}
)
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\\"'`?])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))"
)
_BRACKETS = re.compile(r"""[rR](?:"[^"\n]*"|'[^'\n]*')|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[()\[\]{}]""")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Fault(Exception):
    """A fault at a spot; `parse` and the checker add the text to it."""

    def __init__(self, message: str, spot: Spot) -> None:
        super().__init__(message)
        self.message = message
        self.spot = spot


@lru_cache(maxsize=2048)
def parse(text: str) -> Node:
    """Return the parsed expression.

    Raises:
        InvalidExpression: it is too long, nested too deeply, or not of the subset.
    """
    _check_text(text)
    try:
        tree: Any = _grammar().parse(text)
    except UnexpectedInput as error:
        message, spot = _syntax_fault(text, error)
        raise InvalidExpression(message, expression=text, line=spot.line, column=spot.column) from error
    except Fault as fault:
        raise invalid(fault, text) from fault
    node: Node = tree
    return node


def invalid(fault: Fault, text: str) -> InvalidExpression:
    """Return the error for callers."""
    return InvalidExpression(fault.message, expression=text, line=fault.spot.line, column=fault.spot.column)


def _check_text(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        spot = _spot_at(text, error.start)
        message = "there is half a character (a lone surrogate) here: remove it"
        raise InvalidExpression(message, expression=ascii(text), line=spot.line, column=spot.column) from error
    if size > MAX_BYTES:
        message = f"it has {size:,} bytes, at most {MAX_BYTES:,} are allowed: compute a part of it in a step before"
        raise InvalidExpression(message, expression=text[:60] + "…")
    if not text.strip():
        raise InvalidExpression("it is empty: write a condition such as ticket.priority > 2", expression=text)
    _check_brackets(text)


def _check_brackets(text: str) -> None:
    # The engine's parser recurses with each bracket, those that mean nothing included.
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        depth += (bracket.group() in "([{") - (bracket.group() in ")]}")
        if depth > MAX_DEPTH:
            spot = _spot_at(text, bracket.start())
            message = f"more than {MAX_DEPTH} brackets are open here: split it into several steps"
            raise InvalidExpression(message, expression=text, line=spot.line, column=spot.column)


@cache
def _grammar() -> Lark:
    # The parts are made while the text is parsed: building a tree first would recurse as deep as the text is nested.
    return Lark.open("grammar.lark", rel_to=__file__, parser="lalr", transformer=_Parts(), maybe_placeholders=False)


def _spot_at(text: str, place: int) -> Spot:
    before = text[:place]
    return Spot(before.count("\n") + 1, place - (before.rfind("\n") + 1) + 1)


def _syntax_fault(text: str, error: UnexpectedInput) -> tuple[str, Spot]:
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return f"{str(error.token)[:40]!r} is not expected here", _spot(error.token)
    if isinstance(error, UnexpectedCharacters):
        return _odd_character(text, _spot(error))
    return "the expression ends too early", _spot_at(text, max(len(text.rstrip()) - 1, 0))


def _odd_character(text: str, spot: Spot) -> tuple[str, Spot]:
    sign = text.split("\n")[spot.line - 1][spot.column - 1]
    advice = {
        '"': "this text does not end in its line",
        "'": "this text does not end in its line",
        "=": "'=' is not expected here; equality is written ==",
        "&": "'&' is not expected here; and is written &&",
        "|": "'|' is not expected here; or is written ||",
    }
    return advice.get(sign, f"{sign!r} is not expected here"), spot


def _spot(found: Token | UnexpectedInput) -> Spot:
    return Spot(found.line or 1, found.column or 1)


def _checked(node: Node) -> Node:
    if node.depth > MAX_DEPTH:
        raise Fault(f"more than {MAX_DEPTH} parts are nested here: split it into several steps", node.spot)
    return node


class _Parts(Transformer[Token, Node]):
    """Makes the parts as the grammar's rules are met."""

    def relation_sign(self, children: list[Token]) -> Token:
        return children[0]

    total_sign = relation_sign
    product_sign = relation_sign

    def ternary(self, children: list[Node]) -> Node:
        condition, then, otherwise = children
        return _checked(syntax.Ternary(spot=condition.spot, condition=condition, then=then, otherwise=otherwise))

    def chain(self, children: list[Any]) -> Node:
        if len(children) == 1:
            return children[0]  # type: ignore[no-any-return]
        operators = tuple(syntax.Operator(str(sign), _spot(sign)) for sign in children[1::2])
        return _checked(syntax.Chain(spot=children[0].spot, operands=tuple(children[::2]), operators=operators))

    def unary(self, children: list[Any]) -> Node:
        *signs, of = children
        if len(signs) > _MOST_SIGNS:
            raise Fault(
                f"more than {_MOST_SIGNS} signs stand in a row: two of them take each other back", _spot(signs[0])
            )
        if signs == ["-"] and isinstance(of, syntax.Literal) and type(of.value) in {int, float}:
            return syntax.Literal(spot=_spot(signs[0]), value=-of.value)
        return _checked(syntax.Unary(spot=_spot(signs[0]), sign="".join(signs), of=of))

    def select(self, children: list[Any]) -> Node:
        of, field = children
        if field in _KEYWORDS or field == "in":
            raise Fault(f"{str(field)!r} is a word of CEL; write the field as [{str(field)!r}]", _spot(field))
        return _checked(syntax.Select(spot=_spot(field), of=of, field=str(field)))

    def index(self, children: list[Any]) -> Node:
        of, bracket, at = children
        return _checked(syntax.Index(spot=_spot(bracket), of=of, at=at))

    def name(self, children: list[Token]) -> Node:
        (token,) = children
        if token in _KEYWORDS:
            return syntax.Literal(spot=_spot(token), value=_KEYWORDS[token])
        if token in _RESERVED:
            raise Fault(f"{str(token)!r} is a word that CEL keeps for itself and no name", _spot(token))
        return syntax.Name(spot=_spot(token), name=str(token))

    def arguments(self, children: list[Node]) -> tuple[Node, ...]:
        return tuple(children)

    def call(self, children: list[Any]) -> Node:
        function, arguments = children
        spot = _spot(function)
        if function == "has":
            return _has(arguments, spot)
        return _checked(syntax.Call(spot=spot, function=str(function), arguments=arguments, is_method=False))

    def method(self, children: list[Any]) -> Node:
        of, function, arguments = children
        spot = _spot(function)
        if function in syntax.COMPREHENSIONS:
            return _comprehension(of, str(function), arguments, spot=spot)
        return _checked(syntax.Call(spot=spot, function=str(function), arguments=(of, *arguments), is_method=True))

    def entry(self, children: list[Node]) -> tuple[Node, ...]:
        return tuple(children)

    def list_of(self, children: list[Any]) -> Node:
        bracket, *items = children
        return _checked(syntax.ListOf(spot=_spot(bracket), items=tuple(items)))

    def map_of(self, children: list[Any]) -> Node:
        brace, *entries = children
        named: dict[str, Node] = {}
        for name, value in entries:
            if not isinstance(name, syntax.Literal) or not isinstance(name.value, str):
                raise Fault('the names in a map must be texts, such as {"name": 1}', name.spot)
            if name.value in named:
                raise Fault(f"the name {name.value!r} is there twice", name.spot)
            named[name.value] = value
        return _checked(syntax.MapOf(spot=_spot(brace), entries=tuple(named.items())))

    def whole_number(self, children: list[Token]) -> Node:
        (token,) = children
        value = int(token, 16) if token.startswith("0x") else int(token)
        if value > _LARGEST + 1:
            raise Fault(f"{token} is larger than {_LARGEST}, the largest whole number", _spot(token))
        return syntax.Literal(spot=_spot(token), value=value)

    def fraction(self, children: list[Token]) -> Node:
        (token,) = children
        if float(token) == float("inf"):
            raise Fault(f"{token} is larger than the largest number", _spot(token))
        return syntax.Literal(spot=_spot(token), value=float(token))

    def text(self, children: list[Token]) -> Node:
        (token,) = children
        spot = _spot(token)
        return syntax.Literal(spot=spot, value=_ESCAPE.sub(lambda match: _unescaped(match, spot), token[1:-1]))

    def raw_text(self, children: list[Token]) -> Node:
        (token,) = children
        return syntax.Literal(spot=_spot(token), value=str(token[2:-1]))


def _has(arguments: tuple[Node, ...], spot: Spot) -> Node:
    if len(arguments) != 1 or not isinstance(arguments[0], syntax.Select):
        raise Fault("has() takes one field with its path, such as has(ticket.priority)", spot)
    return _checked(syntax.Has(spot=spot, field=arguments[0]))


def _comprehension(of: Node, kind: str, arguments: tuple[Node, ...], *, spot: Spot) -> Node:
    if len(arguments) != 2 or not isinstance(arguments[0], syntax.Name):
        raise Fault(f"{kind}() takes a name and an expression, such as items.{kind}(i, i.price > 2)", spot)
    return _checked(syntax.Comprehension(spot=spot, of=of, kind=kind, variable=arguments[0].name, body=arguments[1]))


def _unescaped(match: re.Match[str], spot: Spot) -> str:
    simple, two, four, eight, octal, unknown = match.groups()
    if simple is not None:
        return _ESCAPED.get(simple, simple)
    if unknown is not None:
        _odd_escape(match, spot)
    number = int(octal, 8) if octal else int(two or four or eight, 16)
    if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        _odd_escape(match, spot)
    return chr(number)


def _odd_escape(match: re.Match[str], spot: Spot) -> NoReturn:
    advice = r"write \\ for a backslash, or begin a pattern's text with r, such as r'\d+'"
    raise Fault(f"{match.group()} stands for no character: {advice}", Spot(spot.line, spot.column + 1 + match.start()))
