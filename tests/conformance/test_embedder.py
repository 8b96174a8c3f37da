"""What every embedder promises. See `contracts.memory_ports.Embedder`.

fastembed and sentence-transformers are not among them: they download their models, and these tests have no network.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from contracts.errors import BackendUnavailable, ConfigurationError
from contracts.recall_ports import Embedder
from memory.embedders.choice import chosen
from memory.embedders.openai import OpenAiEmbedder
from tests.support.embedding_server import DIMENSIONS, EmbeddingServer
from tests.support.local_http import served

TEXTS = ("Ada lives in Lisbon", "Ada has moved to Lisbon", "the price of crude oil rose sharply today")
HOSTILE = ("", "   ", "\n\x00\x07", "😀👩‍👩‍👧", "שלום עולם", "\ud800 half", "x" * 65_536, "'; DROP TABLE memories; --")
# What all-MiniLM-L6-v2 makes on torch, by sentence-transformers: the first six of 384 numbers.
MINILM = {
    "This is an example sentence": (0.06765693, 0.06349593, 0.04871314, 0.07930495, 0.03744806, 0.00265273),
    "Each sentence is converted.": (0.07853645, 0.08856265, -0.00209270, -0.00717247, -0.01252624, 0.01881747),
    "": (-0.11883835, 0.04829856, -0.00254805, -0.01101118, 0.05195070, 0.01029179),
    "Café déjà vu — 東京": (0.05083271, 0.00967685, 0.09635572, -0.00997369, -0.01987603, 0.01692343),
}


@pytest.fixture
async def server() -> AsyncIterator[tuple[EmbeddingServer, str]]:
    server = EmbeddingServer()
    async with served(server.answer) as url:
        yield server, f"{url}/v1"


@pytest.fixture(params=["wordllama", "minilm", "openai:hashed"])
async def embedder(request: pytest.FixtureRequest, server: tuple[EmbeddingServer, str]) -> AsyncIterator[Embedder]:
    embedder = chosen(request.param, url=server[1], key="secret")
    yield embedder
    await embedder.close()


@pytest.fixture
async def asking(server: tuple[EmbeddingServer, str]) -> AsyncIterator[OpenAiEmbedder]:
    embedder = OpenAiEmbedder("hashed", url=server[1], key="secret", first_wait_seconds=0.01)
    yield embedder
    await embedder.close()


async def test_it_returns_one_normalised_vector_a_row(embedder: Embedder) -> None:
    vectors = await embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


async def test_texts_of_a_like_meaning_have_like_vectors(embedder: Embedder) -> None:
    first, second, other = await embedder.embed(TEXTS)
    assert first @ second > 0.4 > first @ other


async def test_a_text_has_the_same_vector_alone_and_among_others(embedder: Embedder) -> None:
    together = await embedder.embed(TEXTS)
    assert np.allclose(together, np.concatenate([await embedder.embed([text]) for text in TEXTS]), atol=1e-6)


async def test_many_texts_keep_their_order(embedder: Embedder) -> None:
    texts = [f"number {index}" for index in range(150)]
    some = await embedder.embed([texts[7], texts[140]])
    assert np.allclose((await embedder.embed(texts))[[7, 140]], some, atol=1e-6)


async def test_no_text_gives_no_row(embedder: Embedder) -> None:
    assert len(await embedder.embed([])) == 0


async def test_any_text_gives_numbers(embedder: Embedder) -> None:
    vectors = await embedder.embed(HOSTILE)
    assert np.isfinite(vectors).all()
    lengths = np.linalg.norm(vectors, axis=1)
    assert all(abs(length) < 1e-6 or abs(length - 1) < 1e-5 for length in lengths)


async def test_many_may_ask_at_once(embedder: Embedder) -> None:
    found = await asyncio.gather(*(embedder.embed(TEXTS) for _ in range(4)))
    assert all(np.allclose(one, found[0], atol=1e-6) for one in found)


async def test_it_names_itself_with_its_version(embedder: Embedder) -> None:
    assert embedder.name
    assert embedder.name.startswith(("wordllama-256/0.", "minilm-384/0.", "openai/hashed"))


async def test_wordllama_gives_zero_where_there_is_no_token() -> None:
    assert not (await chosen("wordllama").embed([""])).any()


async def test_minilm_makes_what_torch_makes() -> None:
    vectors = await chosen("minilm").embed(list(MINILM))
    assert np.abs(vectors[:, :6] - np.array(list(MINILM.values()))).max() < 1e-6


async def test_a_server_is_asked_in_batches(server: tuple[EmbeddingServer, str], asking: OpenAiEmbedder) -> None:
    await asking.embed([f"text {index}" for index in range(300)] + [""])
    assert server[0].batches == [128, 128, 44]
    assert set(server[0].keys) == {"Bearer secret"}


async def test_dimensions_are_learned_from_the_first_answer(asking: OpenAiEmbedder) -> None:
    before = asking.dimensions
    await asking.embed(TEXTS)
    assert (before, asking.dimensions) == (0, DIMENSIONS)


async def test_the_length_of_vectors_may_be_said(server: tuple[EmbeddingServer, str]) -> None:
    for setting, length in (("openai:hashed@64", 64), ("openai:hashed@32", 32)):
        embedder = chosen(setting, url=server[1])
        assert (embedder.dimensions, embedder.name) == (length, f"openai/hashed@{length}")
        if length == DIMENSIONS:
            assert (await embedder.embed(TEXTS)).shape == (3, 64)
        else:
            with pytest.raises(BackendUnavailable, match="the length 64, not 32"):
                await embedder.embed(TEXTS)
        await embedder.close()


async def test_a_busy_server_is_asked_again(server: tuple[EmbeddingServer, str], asking: OpenAiEmbedder) -> None:
    server[0].refusals = [(429, b"busy", {"retry-after": "0"}), (503, b"overloaded", {})]
    assert (await asking.embed(TEXTS)).shape == (3, DIMENSIONS)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, b"no such key", "PERDURE_EMBEDDER_KEY"),
        (404, b"no such model", "PERDURE_EMBEDDER_URL"),
        (400, b"too long", "400: too long"),
        (200, b"<html>", "cannot be read"),
        (200, b'{"data": [{"index": 0, "embedding": [1, 2]}]}', "asked for 3 vectors"),
    ],
)
async def test_a_refusal_is_told(
    server: tuple[EmbeddingServer, str], asking: OpenAiEmbedder, status: int, body: bytes, told: str
) -> None:
    server[0].refusals = [(status, body, {})]
    with pytest.raises(BackendUnavailable, match=told):
        await asking.embed(TEXTS)


async def test_a_server_that_is_away_is_told() -> None:
    embedder = OpenAiEmbedder("hashed", url="http://127.0.0.1:9/v1", first_wait_seconds=0.01)
    with pytest.raises(BackendUnavailable, match=r"127\.0\.0\.1:9/v1/embeddings"):
        await embedder.embed(TEXTS)
    await embedder.close()


@pytest.mark.parametrize("name", ["", "word", "wordllama:x", "openai", "openai:", "fastembed"])
def test_an_unknown_embedder_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"must be wordllama, minilm, openai:MODEL"):
        chosen(name)


@pytest.mark.parametrize("library", ["fastembed", "sentence-transformers"])
def test_a_library_that_is_missing_is_named_with_its_extra(library: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"pip install 'perdure\[{library}\]'"):
        chosen(f"{library}:some/model")
