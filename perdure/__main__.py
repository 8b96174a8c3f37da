"""`python -m perdure` is the same as `perdure`."""

from __future__ import annotations

from perdure.cli.app import main

main()
