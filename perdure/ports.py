"""TCP ports of this machine."""

from __future__ import annotations

import socket

from contracts.errors import ConfigurationError

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(port: int, *, what: str, option: str) -> None:
    """Refuse a port that somebody listens on.

    Raises:
        ConfigurationError: the port is taken; the message names the option that sets another.
    """
    with socket.socket() as probe:
        # As the server itself does, so that connections that are just closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigurationError(
                f"port {port}, meant for {what}, cannot be used ({error.strerror}): choose another with {option}"
            ) from error
