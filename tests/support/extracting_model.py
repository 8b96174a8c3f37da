"""A stand-in for a model that mem0 asks: it reads the new messages of the prompt and answers as mem0 wants it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from agents.chat_models import ModelSettings, RegisteredChatModels
from agents.prices import PriceTable
from memory.embedders.wordllama import WordLlamaEmbedder
from memory.extraction.completion import ChatCompletion
from memory.extraction.persons import told
from memory.extraction.rules import judged
from memory.extraction.sentences import sentences
from memory.mem0_extractor import Mem0Extractor
from tests.support.answers import Answer, Text
from tests.support.chat import ChatRequest

_NEW = re.compile(r"## New Messages\n(.*?)\n\n## Observation Date", re.S)
_LINE = re.compile(r"^(?:user|assistant): \[(\d+)\] (tool )?[\w@.-]+: ", re.M)


def extracting(request: ChatRequest) -> Answer:
    """Find statements as a plain reader would."""
    new = _NEW.search(request.texts[-1])
    items = [] if new is None else list(_items(new[1]))
    return Text(json.dumps({"memory": items}))


def _items(messages: str) -> Iterator[dict[str, object]]:
    parts = _LINE.split(messages)[1:]
    for number, _, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        for sentence in sentences(text):
            if (found := judged(sentence, role="user")) is not None:
                yield {"text": told(found.text, "User"), "attributed_to": "user", "messages": [int(number)]}


@asynccontextmanager
async def mem0(url: str, folder: Path) -> AsyncIterator[Mem0Extractor]:
    """mem0 with a model at a URL."""
    settings = ModelSettings(model="gpt-4o-mini", api_key="sk-test", base_url=url)
    models = RegisteredChatModels(settings, prices=PriceTable({}))
    try:
        yield Mem0Extractor(ChatCompletion(models, "openai"), WordLlamaEmbedder(), folder=folder, model="gpt-4o-mini")
    finally:
        await models.close()
