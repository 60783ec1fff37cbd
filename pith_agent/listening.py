"""A listening socket and its address, for the programs that serve HTTP."""

import socket

from pith_agent.errors import SettingsError


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections; port 0 takes any free one.

    Raises:
        SettingsError: The address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise SettingsError(f"{host}, port {port}, cannot be listened on: {error}.") from error
    # asyncio sets this only on sockets made with the number of the protocol; without it, an
    # answer waits up to 40 ms for the acknowledgement of its headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def url_of(listener: socket.socket) -> str:
    """The base URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
