"""The forward pass of a small BERT on numpy: all texts of a batch in one matrix, without padding.

The layers that look at one token at a time take the tokens of all texts at once; only attention goes text by text. So a
batch costs what its tokens cost, however unequal the lengths are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

_EPSILON = 1e-12
# erf(x) = x * _NUMERATOR(x²) / _DENOMINATOR(x²) for |x| <= 4, as exact as float32 is; numpy has no erf of its own.
_NUMERATOR = (
    -2.72614225801306e-10,
    2.77068142495902e-08,
    -2.10102402082508e-06,
    -5.69250639462346e-05,
    -7.34990630326855e-04,
    -2.95459980854025e-03,
    -1.60960333262415e-02,
)
_DENOMINATOR = (
    -1.45660718464996e-05,
    -2.13374055278905e-04,
    -1.68282697438203e-03,
    -7.37332916720468e-03,
    -1.42647390514189e-02,
)


@dataclass(frozen=True, kw_only=True)
class _Dense:
    weight: Matrix
    bias: Matrix

    def __call__(self, tokens: Matrix) -> Matrix:
        made: Matrix = tokens @ self.weight
        made += self.bias
        return made


@dataclass(frozen=True, kw_only=True)
class _Norm:
    weight: Matrix
    bias: Matrix

    def __call__(self, tokens: Matrix) -> Matrix:
        centred = tokens - tokens.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", centred, centred)[:, None] / tokens.shape[1]
        made: Matrix = centred / np.sqrt(variance + np.float32(_EPSILON)) * self.weight + self.bias
        return made


@dataclass(frozen=True, kw_only=True)
class _Layer:
    """One layer; the weights of query, key and value are one matrix."""

    attended: _Dense
    attention: _Dense
    attention_norm: _Norm
    wide: _Dense
    narrow: _Dense
    norm: _Norm
    heads: int

    def __call__(self, tokens: Matrix, places: Sequence[slice]) -> Matrix:
        attended = self.attended(tokens)
        mixed = np.empty_like(tokens)
        for place in places:
            mixed[place] = _attention(attended[place], heads=self.heads)
        tokens = self.attention_norm(self.attention(mixed) + tokens)
        return self.norm(self.narrow(_gelu(self.wide(tokens))) + tokens)


class Bert:
    """A BERT whose texts are the means of their tokens."""

    def __init__(self, weights: Mapping[str, Matrix], *, layers: int, heads: int) -> None:
        """Take weights by the names that they have in Hugging Face's files."""
        self._words = weights["embeddings.word_embeddings.weight"]
        self._places = (
            weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = _norm(weights, "embeddings.LayerNorm")
        self._layers = [_layer(weights, f"encoder.layer.{index}", heads=heads) for index in range(layers)]

    def means(self, texts: Sequence[Sequence[int]]) -> Matrix:
        """Return one vector for each text, given as ids of its tokens; none may be empty."""
        places = list(_slices(texts))
        positions = np.concatenate([np.arange(len(text)) for text in texts])
        tokens = self._norm(self._words[np.concatenate(texts)] + self._places[positions])
        for layer in self._layers:
            tokens = layer(tokens, places)
        return np.stack([tokens[place].mean(axis=0) for place in places])


def _slices(texts: Sequence[Sequence[int]]) -> Iterator[slice]:
    start = 0
    for text in texts:
        yield slice(start, start + len(text))
        start += len(text)


def _layer(weights: Mapping[str, Matrix], name: str, *, heads: int) -> _Layer:
    parts = [_dense(weights, f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
    return _Layer(
        attended=_Dense(
            weight=np.concatenate([part.weight for part in parts], axis=1),
            bias=np.concatenate([part.bias for part in parts]),
        ),
        attention=_dense(weights, f"{name}.attention.output.dense"),
        attention_norm=_norm(weights, f"{name}.attention.output.LayerNorm"),
        wide=_dense(weights, f"{name}.intermediate.dense"),
        narrow=_dense(weights, f"{name}.output.dense"),
        norm=_norm(weights, f"{name}.output.LayerNorm"),
        heads=heads,
    )


def _dense(weights: Mapping[str, Matrix], name: str) -> _Dense:
    return _Dense(weight=np.ascontiguousarray(weights[f"{name}.weight"].T), bias=weights[f"{name}.bias"])


def _norm(weights: Mapping[str, Matrix], name: str) -> _Norm:
    return _Norm(weight=weights[f"{name}.weight"], bias=weights[f"{name}.bias"])


def _attention(attended: Matrix, *, heads: int) -> Matrix:
    length = len(attended)
    query, key, value = attended.reshape(length, 3, heads, -1).transpose(1, 2, 0, 3)
    scores: Matrix = query @ key.transpose(0, 2, 1)
    scores *= np.float32(1 / np.sqrt(query.shape[2]))
    scores -= scores.max(axis=2, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=2, keepdims=True)
    mixed: Matrix = (scores @ value).transpose(1, 0, 2).reshape(length, -1)
    return mixed


def _gelu(values: Matrix) -> Matrix:
    shares = erf(values * np.float32(np.sqrt(0.5)))
    shares += 1
    shares *= values
    shares *= np.float32(0.5)
    return shares


def erf(values: Matrix) -> Matrix:
    """Return the error function of each value."""
    inner = np.clip(values, -4, 4)
    squares = inner * inner
    inner *= _polynomial(_NUMERATOR, squares)
    inner /= _polynomial(_DENOMINATOR, squares)
    return inner


def _polynomial(coefficients: Sequence[float], values: Matrix) -> Matrix:
    made = values * np.float32(coefficients[0])
    for coefficient in coefficients[1:-1]:
        made += np.float32(coefficient)
        made *= values
    made += np.float32(coefficients[-1])
    return made
