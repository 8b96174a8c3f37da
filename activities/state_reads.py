"""Documents of one moment, as expressions see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.decisions import SeenDocument
from contracts.ports import StateStore
from contracts.state import Document, Place
from contracts.steps import NamedPlace, ReadRequest


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Documents by their names, all of one snapshot. `sequence` is None where none was read."""

    documents: Mapping[str, Document | None]
    places: tuple[NamedPlace, ...]
    sequence: int | None = None

    @property
    def values(self) -> dict[str, Any]:
        """Their values; {} for one that is not there."""
        return {name: {} if document is None else document.value for name, document in self.documents.items()}

    def version(self, name: str) -> int | None:
        """The version of a document; None where it is not there."""
        document = self.documents[name]
        return None if document is None else document.version

    def seen(self, names: Iterable[str] | None = None) -> tuple[SeenDocument, ...]:
        """What to record of them."""
        wanted = None if names is None else frozenset(names)
        return tuple(
            SeenDocument(name=place.name, namespace=place.namespace, key=place.key, version=self.version(place.name))
            for place in self.places
            if wanted is None or place.name in wanted
        )


async def read(store: StateStore, request: ReadRequest) -> Reading:
    """Read all documents of a request in one snapshot, from the database.

    Raises:
        BackendUnavailable: the store does not answer.
        NotFound: there is no such branch.
    """
    if not request.documents:
        return Reading(documents={}, places=())
    places = [
        Place(namespace=place.namespace, key=place.key, branch=request.branch, tenant=request.tenant)
        for place in request.documents
    ]
    snapshot = await store.snapshot(places)
    names = [place.name for place in request.documents]
    found = [None if document is None or document.gone else document for document in snapshot.documents]
    return Reading(documents=dict(zip(names, found, strict=True)), places=request.documents, sequence=snapshot.sequence)
