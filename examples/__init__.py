"""Example apps: name one of `examples.support.app`, `examples.release.app`, `examples.research.app` in PERDURE_APP."""
