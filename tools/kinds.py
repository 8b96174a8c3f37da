"""What kind of file a name stands for."""

from __future__ import annotations

from pathlib import PurePath

_CODE = {
    "Assembler": ".asm .s",
    "C": ".c .h",
    "C#": ".cs",
    "C++": ".cc .cpp .cxx .hh .hpp",
    "CSS": ".css .less .sass .scss",
    "Clojure": ".clj .cljc .cljs",
    "Dart": ".dart",
    "Elixir": ".ex .exs",
    "Erlang": ".erl .hrl",
    "Fortran": ".f .f90 .for",
    "Go": ".go",
    "HTML": ".htm .html",
    "Haskell": ".hs",
    "Java": ".java",
    "JavaScript": ".cjs .js .jsx .mjs",
    "Julia": ".jl",
    "Kotlin": ".kt .kts",
    "Lua": ".lua",
    "OCaml": ".ml .mli",
    "Objective-C": ".m .mm",
    "PHP": ".php",
    "Perl": ".pl .pm",
    "PowerShell": ".ps1",
    "Python": ".py .pyi .pyx",
    "R": ".r",
    "Ruby": ".rb",
    "Rust": ".rs",
    "SQL": ".sql",
    "Scala": ".scala",
    "Shell": ".bash .fish .sh .zsh",
    "Swift": ".swift",
    "Svelte": ".svelte",
    "Terraform": ".tf",
    "TypeScript": ".cts .mts .ts .tsx",
    "Vue": ".vue",
    "Zig": ".zig",
}
_OTHER = {
    "CSV": ".csv .tsv",
    "INI": ".cfg .conf .ini",
    "JSON": ".json .jsonc .jsonl",
    "Jupyter notebook": ".ipynb",
    "Lock file": ".lock",
    "Log": ".log",
    "Markdown": ".markdown .md .mdx",
    "Protocol Buffers": ".proto",
    "SVG": ".svg",
    "TOML": ".toml",
    "Text": ".rst .tex .text .txt",
    "XML": ".xml .xsd .xsl",
    "YAML": ".yaml .yml",
}
_NAMES = {
    "dockerfile": "Dockerfile",
    "gnumakefile": "Makefile",
    "license": "Text",
    "makefile": "Makefile",
    "notice": "Text",
    "readme": "Text",
}
_KINDS = {ending: kind for kind, endings in (_CODE | _OTHER).items() for ending in endings.split()}


def kind(name: str, *, binary: bool) -> str:
    """The kind of a file by its name, such as "Python"; by its ending alone where that is not known."""
    path = PurePath(name)
    ending = path.suffix.lower()
    if binary:
        return f"binary {ending}" if ending else "binary"
    known = _NAMES.get(path.name.lower()) or _KINDS.get(ending)
    return known or ending or "no ending"


def is_code(kind: str) -> bool:
    """Whether a kind is written by programmers to be run or shown, unlike data and prose."""
    return kind in _CODE
