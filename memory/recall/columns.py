"""Arrays that grow at their end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

S = TypeVar("S", bound=np.generic)

Floats = NDArray[np.float32]
Scores = NDArray[np.float64]
Rows = NDArray[np.intp]
Flags = NDArray[np.bool_]


class Column(Generic[S]):
    """One value, or one vector of `width` values, for each row.

    Room is doubled where it ends, so that a row more costs the same however many there are.
    """

    def __init__(self, kind: type[S], *, width: int | None = None) -> None:
        self.width = width or 0
        self._shape = () if width is None else (width,)
        self._room: NDArray[S] = np.zeros((8, *self._shape), kind)
        self._size = 0

    @property
    def values(self) -> NDArray[S]:
        """The rows that there are; a view that is good until the next `extend`."""
        return self._room[: self._size]

    @property
    def nbytes(self) -> int:
        """Bytes, with the room that is not used yet."""
        return self._room.nbytes

    def extend(self, values: Sequence[Any] | NDArray[Any]) -> None:
        """Add rows."""
        size = self._size + len(values)
        if size > len(self._room):
            room = np.zeros((max(size, 2 * len(self._room)), *self._shape), self._room.dtype)
            room[: self._size] = self.values
            self._room = room
        self._room[self._size : size] = values
        self._size = size

    def keep(self, rows: Rows) -> None:
        """Leave only some rows, in the order given."""
        self._room = self.values[rows]
        self._size = len(rows)
