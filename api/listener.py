"""Take the port before anything is loaded, so that a stranger on it is told in plain words."""

from __future__ import annotations

import socket


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Parameters
    ----------
    host : str
        Address of this machine.
    port : int
        TCP port; 0 takes a free one.

    Raises
    ------
    OSError
        If the port is held or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise OSError(
            f"{host}:{port} cannot be listened on ({error.strerror}). Stop the program that holds "
            "it, or choose another: PORT=0 takes any free one."
        ) from None
    return listener
