"""The server of the page: where it listens, and how it ends."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import uvicorn
from starlette.types import ASGIApp

from supervisor.errors import OrchError, UsageError

GRACE = 1  # seconds for requests that are open at the end
LAST_PORT = 65535
AT_ONCE = 200  # connections of those that may ask; more are refused


class Certificate(NamedTuple):
    """The files of the certificate and of its key."""

    cert: Path
    key: Path


class ServedAt(NamedTuple):
    """Where the page is served."""

    host: str  # as numbers
    port: int
    certificate: Certificate | None

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return ip_address(self.host).is_loopback

    @property
    def url(self) -> str:
        """The address for a browser, without a token; that of this machine if it listens on all."""
        shown = _own_address() if ip_address(self.host).is_unspecified else self.host
        host = f"[{shown}]" if ":" in shown else shown
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}/"

    def names(self) -> frozenset[str]:
        """The names by which a browser may ask for it; none for any, which its certificate then has to have."""
        if not self.loopback:
            return frozenset()
        host = f"[{self.host}]" if ":" in self.host else self.host
        return frozenset({f"{host}:{self.port}", f"localhost:{self.port}"})


def _own_address() -> str:
    """Return the address by which others most likely reach this machine. Nothing is sent."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return socket.gethostname()


def number_of(host: str) -> str:
    """Return an address as numbers. Raises UsageError for a name that has none."""
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        name, _, port = host.rpartition(":")
        instead = f"--listen {name} --port {port}" if name and port.isdigit() else "a number, such as 192.0.2.7"
        raise UsageError(f"`{host}` is no address of this machine", f"give {instead}") from error
    return str(found[0][4][0])


def listen(host: str, port: int) -> socket.socket:
    """Bind before anything is served, for the port may be taken. Raises OrchError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OrchError(f"{host}, port {port}, cannot be listened on ({reason})", "name another --port") from error
    # Each connection has it from the listener. Without it, what follows the head of an answer waits 40 ms for the
    # browser to acknowledge that; asyncio sets it only for sockets that say by name that they are of TCP.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def check(certificate: Certificate) -> None:
    """Read the certificate and its key. Raises UsageError if they are none, or do not belong together."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate.cert, certificate.key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"--tls-cert and --tls-key cannot be used ({error})", "name a certificate and its key, in PEM"
        ) from error


def serve(
    app: ASGIApp,
    listener: socket.socket,
    place: ServedAt,
    ending: Callable[[], None],
    protocol: type[asyncio.Protocol],
) -> None:
    """Serve until Ctrl-C. `ending` ends the open streams, `protocol` speaks to each connection."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # they would let whoever asks say where it asks from
        server_header=False,
        date_header=False,
        lifespan="off",
        ws="none",
        http=protocol,
        limit_concurrency=AT_ONCE,
        timeout_graceful_shutdown=GRACE,
        ssl_certfile=place.certificate.cert if place.certificate else None,
        ssl_keyfile=place.certificate.key if place.certificate else None,
    )
    server = _PageServer(config, ending)
    with suppress(KeyboardInterrupt):
        asyncio.run(server.serve(sockets=[listener]))


class _PageServer(uvicorn.Server):
    """Ends the streams as soon as it is told to end. Until then it sleeps: uvicorn itself wakes ten times a second."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        if not self.should_exit:
            await self._told.wait()

    def handle_exit(self, sig: int, frame: object) -> None:
        self._ending()
        super().handle_exit(sig, frame)  # type: ignore[arg-type]
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told.set)
