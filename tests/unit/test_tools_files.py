from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.errors import ToolFailed
from tools.files import list_files, measure_files, read_file, search_files, write_file
from tools.measures import FileFigures, KindFigures
from tools.registry import TOOLS, ToolContext

NOBODY = 65534
# In two parts, so that this file has no to-dos of its own.
MARK = "TO" + "DO"
MEND = "FIX" + "ME"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def ctx(root: Path, tmp_path: Path) -> ToolContext:
    return ToolContext(
        run_id="r-1", path="scout", files=root, output=tmp_path / "home" / "runs" / "r-1", idempotency_key="key"
    )


def put(root: Path, name: str, content: str | bytes = "") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@contextlib.contextmanager
def no_rights() -> Iterator[None]:
    """Within this context, files of mode 0 cannot be read even where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_all_file_tools_are_registered() -> None:
    assert {"list_files", "measure_files", "read_file", "search_files", "write_file"} <= set(TOOLS.names())


@pytest.mark.parametrize("folder", [None, Path("/nowhere/at/all")])
def test_without_a_folder_each_says_so(folder: Path | None, tmp_path: Path) -> None:
    ctx = ToolContext(run_id="r", path="p", files=folder, output=tmp_path, idempotency_key="k")
    expected = "start it with --files DIR" if folder is None else "the folder of this run is not there"
    for call in (list_files, measure_files):
        with pytest.raises(ToolFailed, match=expected):
            call(ctx)
    with pytest.raises(ToolFailed, match=expected):
        read_file(ctx, "a.txt")
    with pytest.raises(ToolFailed, match=expected):
        search_files(ctx, "a")


def test_list_shows_files_of_a_folder_before_those_below(ctx: ToolContext, root: Path) -> None:
    for name in ("src/b.py", "src/deep/c.py", "a.md", "z.txt"):
        put(root, name)
    found = list_files(ctx)
    assert found.files == ["a.md", "z.txt", "src/b.py", "src/deep/c.py"]
    assert (found.folder, found.total) == ("project", 4)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.py", ["top.py", "src/b.py", "src/deep/c.py"]),
        ("src/*.py", ["src/b.py"]),
        ("src/**/*.py", ["src/b.py", "src/deep/c.py"]),
        ("./src/**", ["src/b.py", "src/deep/c.py"]),
        ("**/deep/**", ["src/deep/c.py"]),
        ("[t]op.??", ["top.py"]),
        ("nothing*", []),
    ],
)
def test_list_by_pattern(pattern: str, expected: list[str], ctx: ToolContext, root: Path) -> None:
    for name in ("top.py", "src/b.py", "src/deep/c.py"):
        put(root, name)
    assert list_files(ctx, pattern).files == expected


@pytest.mark.parametrize("pattern", ["../*", "/etc/*", "src/../../*"])
def test_patterns_stay_inside(pattern: str, ctx: ToolContext) -> None:
    with pytest.raises(ToolFailed, match="leads outside the folder"):
        list_files(ctx, pattern)


def test_a_pattern_of_many_stars_costs_little(ctx: ToolContext, root: Path) -> None:
    put(root, "/".join("a" * 40) + "/b.txt")
    assert list_files(ctx, "/".join(["**"] * 40) + "/nothing").total == 0


def test_list_counts_what_it_does_not_show(ctx: ToolContext, root: Path) -> None:
    for number in range(1_200):
        put(root, f"d{number % 7}/f{number:04}.txt")
    found = list_files(ctx, limit=5)
    assert (len(found.files), found.total) == (5, 1_200)


def test_what_tools_leave_behind_is_left_out(ctx: ToolContext, root: Path) -> None:
    left = [".git/config", ".venv/a.py", "node_modules/b.js", "__pycache__/c.pyc", ".ruff_cache/d", "env/pyvenv.cfg"]
    for name in [*left, "app.py"]:
        put(root, name, "secret")
    found = list_files(ctx)
    assert found.files == ["app.py"]
    assert found.left_out == [".git", ".ruff_cache", ".venv", "__pycache__", "env", "node_modules"]
    assert measure_files(ctx).left_out == dict.fromkeys(found.left_out, 1)
    assert search_files(ctx, "secret").matches[0].path == "app.py"
    with pytest.raises(ToolFailed, match="lies in a folder that is left out"):
        read_file(ctx, ".git/config")


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/etc/passwd", "link.txt", "away/outside.txt", "src/../../outside.txt"]
)
def test_nothing_outside_is_read(name: str, ctx: ToolContext, root: Path) -> None:
    outside = put(root.parent, "outside.txt", "secret")
    (root / "src").mkdir()
    (root / "link.txt").symlink_to(outside)
    (root / "away").symlink_to(root.parent)
    with pytest.raises(ToolFailed, match="is outside the folder of this run"):
        read_file(ctx, name)
    assert list_files(ctx).files == []
    assert search_files(ctx, "secret").matches == []
    assert measure_files(ctx).files == 0


@pytest.mark.parametrize("name", ["missing.txt", "", ".", "a\x00b", "x" * 5_000, "pipe", "loop", "/dev/null"])
def test_what_is_no_file_is_one_clear_line(name: str, ctx: ToolContext, root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "loop").symlink_to(root / "loop")
    with pytest.raises(ToolFailed) as caught:
        read_file(ctx, name)
    assert "\n" not in str(caught.value)


def test_a_link_inside_is_read_but_not_counted_twice(ctx: ToolContext, root: Path) -> None:
    put(root, "real.txt", "one\n")
    (root / "again.txt").symlink_to("real.txt")
    (root / "circle").symlink_to(root)
    assert read_file(ctx, "again.txt") == "real.txt, lines 1 to 1 of 1:\none"
    assert (measure_files(ctx).files, list_files(ctx).files) == (1, ["real.txt"])


def test_read_shows_the_lines_asked_for(ctx: ToolContext, root: Path) -> None:
    put(root, "ten.txt", "".join(f"line {number}\n" for number in range(1, 11)))
    assert read_file(ctx, "ten.txt", first_line=3, lines=2) == "ten.txt, lines 3 to 4 of 10:\nline 3\nline 4"
    assert read_file(ctx, str(root / "ten.txt"), first_line=10) == "ten.txt, lines 10 to 10 of 10:\nline 10"
    with pytest.raises(ToolFailed, match="has 10 lines: there is no line 11"):
        read_file(ctx, "ten.txt", first_line=11)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "lines 0 to 0 of 0:\n"),
        (b"no end", "lines 1 to 1 of 1:\nno end"),
        (b"a\r\nb\r\n", "lines 1 to 2 of 2:\na\nb"),
        (b"a\rb", "lines 1 to 2 of 2:\na\nb"),
        ("gr\u00fcn\n".encode(), "lines 1 to 1 of 1:\ngr\u00fcn"),
        ("gr\u00fcn \u20ac\n".encode("cp1252"), "lines 1 to 1 of 1:\ngr\u00fcn \u20ac"),
        ("gr\u00fcn\n".encode("utf-8-sig"), "lines 1 to 1 of 1:\ngr\u00fcn"),
        ("gr\u00fcn\nb".encode("utf-16"), "lines 1 to 2 of 2:\ngr\u00fcn\nb"),
        ("gr\u00fcn".encode("utf-32"), "lines 1 to 1 of 1:\ngr\u00fcn"),
    ],
)
def test_read_knows_line_ends_and_encodings(content: bytes, text: str, ctx: ToolContext, root: Path) -> None:
    put(root, "a.txt", content)
    assert read_file(ctx, "a.txt") == f"a.txt, {text}"


def test_a_character_at_the_end_of_the_sample_does_not_spoil_the_encoding(ctx: ToolContext, root: Path) -> None:
    put(root, "a.txt", b"x" * (64 * 1024 - 1) + "\u00fc\n".encode() + b"end\n")
    assert read_file(ctx, "a.txt", first_line=2) == "a.txt, lines 2 to 2 of 2:\nend"
    assert search_files(ctx, "\u00fc").matches[0].line == 1


def test_binary_files_are_not_read_as_text(ctx: ToolContext, root: Path) -> None:
    put(root, "a.png", b"\x89PNG\x00\x01\n\n\n")
    with pytest.raises(ToolFailed, match=r"'a.png' is a binary file"):
        read_file(ctx, "a.png")
    assert search_files(ctx, "PNG").matches == []
    assert measure_files(ctx).kinds == [KindFigures(kind="binary .png", files=1, lines=0, bytes=9)]


def test_long_lines_and_long_files_are_cut(ctx: ToolContext, root: Path) -> None:
    put(root, "wide.txt", b"w" * 300_000 + b"\nnext\n")
    put(root, "tall.txt", ("x" * 1_000 + "\n") * 2_000)
    assert read_file(ctx, "wide.txt") == f"wide.txt, lines 1 to 2 of 2:\n{'w' * 2_000}…\nnext"
    tall = read_file(ctx, "tall.txt", lines=2_000)
    assert tall.startswith("tall.txt, lines 1 to 45 of 2000:\n")
    assert len(tall.encode()) < 200 * 1024


def test_search_names_places(ctx: ToolContext, root: Path) -> None:
    put(root, "a.py", "import os\n\nOS = os.name\n")
    put(root, "b.txt", "nothing\n")
    found = search_files(ctx, "OS")
    assert [(one.path, one.line, one.text) for one in found.matches] == [
        ("a.py", 1, "import os"),
        ("a.py", 3, "OS = os.name"),
    ]
    assert not found.more
    assert search_files(ctx, "os", limit=1).more
    with pytest.raises(ToolFailed, match="nothing to search for"):
        search_files(ctx, " ")


def test_measure_an_empty_folder(ctx: ToolContext) -> None:
    figures = measure_files(ctx)
    assert (figures.folder, figures.files, figures.lines, figures.bytes) == ("project", 0, 0, 0)
    assert (figures.kinds, figures.largest, figures.todo_list) == ([], [], [])


@pytest.fixture
def filled(root: Path) -> Path:
    put(root, "app.py", f"import os\r\n# {MARK}: one\r\nprint(os)")
    put(root, "src/lib.py", f"x = 1  # {MEND}(ada) two\n")
    put(root, "README.md", f"# Title\n\n- [ ] {MARK} three\nThe {MARK} list is {MARK.lower()} prose.\n")
    put(root, "data.bin", b"\x00" * 500)
    put(root, "empty.py")
    put(root, "Makefile", "all:\n")
    put(root, "odd", "x")
    return root


def test_measure_counts_files_lines_and_bytes(ctx: ToolContext, filled: Path) -> None:
    figures = measure_files(ctx)
    assert (figures.files, figures.lines) == (7, 3 + 1 + 4 + 0 + 1 + 1)
    assert figures.bytes == sum(path.stat().st_size for path in filled.rglob("*") if path.is_file())
    assert {one.kind: (one.files, one.lines) for one in figures.kinds} == {
        "Python": (3, 4),
        "Markdown": (1, 4),
        "Makefile": (1, 1),
        "no ending": (1, 1),
        "binary .bin": (1, 0),
    }
    assert [one.kind for one in figures.kinds] == ["Python", "Markdown", "Makefile", "no ending", "binary .bin"]


@pytest.mark.usefixtures("filled")
def test_measure_names_the_largest(ctx: ToolContext) -> None:
    figures = measure_files(ctx)
    assert figures.largest[0] == FileFigures(path="data.bin", kind="binary .bin", lines=0, bytes=500)
    assert [one.path for one in figures.largest_code] == ["app.py", "src/lib.py", "empty.py"]


@pytest.mark.usefixtures("filled")
def test_measure_finds_todos_with_their_places(ctx: ToolContext) -> None:
    figures = measure_files(ctx)
    assert figures.todos == 3
    assert [(one.path, one.line, one.text) for one in figures.todo_list] == [
        ("README.md", 3, f"{MARK} three"),
        ("app.py", 2, f"{MARK}: one"),
        ("src/lib.py", 1, f"{MEND}(ada) two"),
    ]


@pytest.mark.parametrize(
    "line",
    ['x = "%s"', 'pattern = "%s|{mend}"', "A %s list", "the %s_list", '"# %s|{mend}"', "# %sX"],
)
def test_the_bare_word_is_no_todo(line: str, ctx: ToolContext, root: Path) -> None:
    put(root, "a.py", (line % MARK).replace("{mend}", MEND))
    assert measure_files(ctx).todos == 0


def test_many_todos_are_counted_and_some_shown(ctx: ToolContext, root: Path) -> None:
    put(root, "a.py", f"# {MARK}: again\n" * 250)
    figures = measure_files(ctx)
    assert (figures.todos, len(figures.todo_list)) == (250, 100)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        put(root, "open.txt", "a\n")
        put(root, "closed.txt", "b\n").chmod(0)
        put(root, "shut/inside.txt", "c\n").parent.chmod(0)
        ctx = ToolContext(run_id="r", path="p", files=root, output=tmp_path, idempotency_key="k")
        with no_rights():
            figures, listed, found = measure_files(ctx), list_files(ctx), search_files(ctx, "b")
            with pytest.raises(ToolFailed, match=r"'closed\.txt' may not be read: Permission denied"):
                read_file(ctx, "closed.txt")
        (root / "shut").chmod(0o755)
    assert (figures.files, figures.lines) == (1, 1)
    assert (figures.unreadable, figures.unreadable_list) == (2, ["shut", "closed.txt"])
    assert (listed.files, found.matches) == (["closed.txt", "open.txt"], [])


def test_write_puts_a_file_into_the_results(ctx: ToolContext) -> None:
    path = Path(write_file(ctx, "survey.md", "gr\u00fcn\n\ud800"))
    assert path == ctx.output / "survey.md"
    assert path.read_bytes() == "gr\u00fcn\n?".encode()
    assert [entry.name for entry in ctx.output.iterdir()] == ["survey.md"]


def test_writing_the_same_again_changes_nothing(ctx: ToolContext) -> None:
    path = Path(write_file(ctx, "survey.md", "text"))
    before = path.stat()
    write_file(ctx, "survey.md", "text")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    write_file(ctx, "survey.md", "other")
    assert path.read_text() == "other"


@pytest.mark.parametrize(
    "name", ["../a.md", "a/b.md", "/tmp/a.md", ".hidden", "", "..", "a\x00b", "a\\b", "x" * 200, "a."]
)
def test_write_takes_plain_names_only(name: str, ctx: ToolContext) -> None:
    with pytest.raises(ToolFailed, match="is no plain file name"):
        write_file(ctx, name, "text")
    assert not ctx.output.exists()


def test_write_replaces_a_link_and_not_what_it_points_at(ctx: ToolContext, tmp_path: Path) -> None:
    precious = put(tmp_path, "precious.txt", "keep")
    ctx.output.mkdir(parents=True)
    (ctx.output / "survey.md").symlink_to(precious)
    write_file(ctx, "survey.md", "text")
    assert precious.read_text() == "keep"


def test_the_largest_reading_fits_into_an_answer(ctx: ToolContext, root: Path) -> None:
    put(root, "a.txt", ("\U0001f916" * 3_000 + "\n") * 100)
    assert len(read_file(ctx, "a.txt", lines=2_000).encode()) <= 200 * 1024
