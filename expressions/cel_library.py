"""The engine of conditions, loaded without the package around it.

`import cel` loads a command line, too, and prompt_toolkit with it: 0.28 s of each start of a worker, 14 ms of engine.
So its compiled part is loaded by itself.
"""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import cel

_NAME = "cel"


def _loaded() -> Any:
    package = find_spec(_NAME)
    folders = [] if package is None else list(package.submodule_search_locations or ())
    for folder in folders:
        spec = FileFinder(folder, (ExtensionFileLoader, EXTENSION_SUFFIXES)).find_spec(_NAME)
        if spec is not None and spec.loader is not None:
            module = module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    raise ImportError("the package common-expression-language is missing: pip install common-expression-language")


def compile(text: str) -> cel.Program:
    """Return the compiled expression. See `cel.compile`.

    Raises:
        ValueError: the engine does not take it.
    """
    program: cel.Program = _ENGINE.compile(text)
    return program


_ENGINE = _loaded()
