"""`orch web`: serve the page on which the person watches and answers."""

from __future__ import annotations

import json
import os
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Annotated

from supervisor import api
from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.draw.gather import pen
from supervisor.cli.web.confirm import Confirmations
from supervisor.cli.web.connections import judged
from supervisor.cli.web.door import ALWAYS, PageDoor
from supervisor.cli.web.keys import Keys
from supervisor.cli.web.live import Live
from supervisor.cli.web.peers import Peers
from supervisor.cli.web.routes import Routes
from supervisor.cli.web.serve import LAST_PORT, Certificate, ServedAt, check, listen, number_of, serve
from supervisor.cli.web.views import Views
from supervisor.cli.web.writes import Writes
from supervisor.errors import SupervisorDown, UsageError
from supervisor.runtime.config.load import load_present
from supervisor.runtime.workspace import WorkspacePaths

_FILES = "give --tls-cert FILE and --tls-key FILE"


def web(
    workspace: WorkspacePaths,
    folder: Path,
    *,
    port: Annotated[
        int, Option("--port", "Listen on this port; without it, on a free one.", "N", least=0, most=LAST_PORT)
    ] = 0,
    address: Annotated[str, Option("--listen", "Listen here, not on this machine alone.", "ADDRESS")] = "127.0.0.1",
    tls_cert: Annotated[str | None, Option("--tls-cert", "The certificate, in PEM.", "FILE")] = None,
    tls_key: Annotated[str | None, Option("--tls-key", "The key of the certificate, in PEM.", "FILE")] = None,
    read_only: Annotated[bool, Option("--read-only", "Show everything, and take no answer.")] = False,
    no_open: Annotated[bool, Option("--no-open", "Do not open a browser.")] = False,
    as_json: Json = False,
) -> int:
    """Serve the page until Ctrl-C. Raises UsageError for options that do not fit, OrchError for a port that is taken,
    RequestRefused if this process is not the person's."""
    host, certificate = number_of(address), _certificate(folder, tls_cert, tls_key)
    if certificate is None and not ServedAt(host, 0, None).loopback:
        raise UsageError(f"others could read what goes to {address}", _FILES)
    allowed = load_present(workspace).allow_namespace
    try:
        api.Workspace(workspace.root).status_json()  # it refuses a process that is not the person's
    except SupervisorDown:
        output.say("the supervisor is not up: the page shows the last known state until `orch up`")
    live, keys, views = Live(workspace), Keys(), Views(workspace, pen(), read_only=read_only)
    with listen(host, port) as listener:
        place = ServedAt(host, listener.getsockname()[1], certificate)
        secure = certificate is not None
        routes = Routes(
            live,
            views,
            Writes(workspace),
            keys,
            port=place.port,
            secure=secure,
            confirm=None if place.loopback else Confirmations(output.say),
            read_only=read_only,
        )
        peers = Peers(workspace, allowed, loopback=place.loopback)
        door = PageDoor(routes.app(), peers, keys, port=place.port, secure=secure, hosts=place.names())
        _announce(place, keys, as_json=as_json)
        if not no_open and sys.stdout.isatty() and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            webbrowser.open(place.url)  # without the token, which must not stand in a command line
        live.start()
        # The first page is seen sooner if what is dear to draw was drawn before anybody asks.
        threading.Thread(target=views.overview, args=(live.now, None), name="draw ahead", daemon=True).start()
        serve(door, listener, place, live.stop, judged(peers.connected, ALWAYS))
    return 0


def _certificate(folder: Path, cert: str | None, key: str | None) -> Certificate | None:
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise UsageError("a certificate goes with its key", _FILES)
    certificate = Certificate(folder / cert, folder / key)
    check(certificate)
    return certificate


def _announce(place: ServedAt, keys: Keys, *, as_json: bool) -> None:
    """Print a link. On a terminal, print another one for each Enter: each opens the page once."""
    link = f"{place.url}#{keys.link()}"
    if as_json:
        print(json.dumps({"link": link, "url": place.url}), flush=True)  # not through what cuts secrets: it is one
        return
    print(link, flush=True)
    if sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty():
        output.say("the link opens the page once; Enter prints another one, Ctrl-C ends the page")
        threading.Thread(target=_more_links, args=(place, keys), name="more links", daemon=True).start()


def _more_links(place: ServedAt, keys: Keys) -> None:
    for _ in sys.stdin:
        print(f"{place.url}#{keys.link()}", flush=True)
