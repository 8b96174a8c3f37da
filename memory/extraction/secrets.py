"""Keys, passwords and card numbers: they are never remembered, whoever says them."""

from __future__ import annotations

import itertools
import re

from memory.extraction.words import vocabulary

_NAMED = (
    r"pass(?:word|phrase|code)s?|pwd|passwd|pin(?: code| number)?|secret(?: key)?|api[ _-]?(?:key|token"
    r"|secret)|access[ _-]?key|private[ _-]?key"
    r"|(?:(?:access|auth|bearer|refresh|session|api)[ _-])?token|credentials?|cvv2?|cvc|security code|one[-"
    r" ]time (?:code|password)|otp"
    r"|(?:2fa|login|door|alarm|entry|gate|safe|lock|unlock|verification|recovery|backup)[ _-](?:codes?|phrase"
    r"|combination)|seed phrase"
    r"|passwort|kennwort|mot de passe|contraseña|senha|wachtwoord|hasło|lösenord|密码|パスワード"
)
# "the password is swordfish", "pwd: x"; but not "the password is stored in the vault".
_SAID = re.compile(
    rf"(?:\b|_)(?:{_NAMED})\b[^.:=\n]{{0,40}}?(?:\b(?:is|are|was|to|ist|est|es|é|são|war|changed to|set to)\b"
    rf"|[:=\uff1a]|は)\s*(?:now |again |still |just |simply )*(?P<value>\S+)",
    re.I,
)
_PLAIN_VALUES = vocabulary(
    "stored kept saved in on not required expired expiring rotated changed managed too very never always"
    " strict long short secure weak"
    " wrong lost set needed valid invalid at with by the a an same different handled hashed encrypted"
    " protected shared sent reset"
    " updated being only missing empty optional unknown safe old new correct incorrect hidden known be enter"
    " log get see use"
)
_SHAPES = re.compile(
    r"\b(?:sk|pk|rk)[-_](?:live|test|proj|ant|or)?[-_]?[A-Za-z0-9_-]{16,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}"
    r"|\bglpat-[\w-]{16,}|\bxox[abprs]-[\w-]{10,}|\bAIza[\w-]{30,}|\bya29\.[\w-]{20,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|\bhf_[A-Za-z0-9]{20,}"
    r"|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[\w-]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY|://[^\s/:@]+:[^\s/@]+@"
)
_LONG_WORD = re.compile(r"(?<![\w/.:-])[A-Za-z0-9_+/=-]{24,}(?![\w/.-])")
_CARD = re.compile(r"(?<![\d+])(?:\d[ -]?){12,18}\d(?!\d)")
_SOCIAL = re.compile(r"\b(?:ssn|social security)\b.*\b\d{3}[- ]?\d{2}[- ]?\d{4}\b", re.I)


def holds_secret(text: str) -> bool:
    """Whether a text holds what gives somebody access or money: keys, passwords, codes, card numbers."""
    if _SHAPES.search(text) or _SOCIAL.search(text) or any(_is_random(word) for word in _LONG_WORD.findall(text)):
        return True
    if any(_is_card(match[0]) for match in _CARD.finditer(text)):
        return True
    return any(_is_value(match["value"]) for match in _SAID.finditer(text))


def _is_value(value: str) -> bool:
    return value.strip("\"'.,;!?()").casefold() not in _PLAIN_VALUES


def _is_random(word: str) -> bool:
    """Whether a long word is a key and not a name or a path: capitals, small letters and digits, mixed."""
    counts = [sum(map(test, word)) for test in (str.isupper, str.islower, str.isdigit)]
    changes = sum(one.isdigit() != other.isdigit() for one, other in itertools.pairwise(word))
    return min(counts) >= 2 and changes >= 4


def _is_card(digits: str) -> bool:
    """Luhn's check, which one in ten numbers passes by chance: so it must begin as cards do."""
    numbers = [int(digit) for digit in digits if digit.isdigit()]
    if not 13 <= len(numbers) <= 19 or numbers[0] not in {2, 3, 4, 5, 6}:
        return False
    doubled = [number * 2 - 9 * (number > 4) for number in numbers[-2::-2]]
    return (sum(numbers[-1::-2]) + sum(doubled)) % 10 == 0
