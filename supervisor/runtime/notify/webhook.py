"""The process that calls a webhook. `notifier.py` starts it."""

from __future__ import annotations

import http.client
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping

from supervisor import __version__

CALL_WITHIN = 10.0  # seconds for each step of a call


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses redirects: a notice goes only to the address in the config."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def post_webhook(url: str, notice: Mapping[str, object]) -> str | None:
    """POST a notice as JSON. Returns what went wrong, without the address, or None."""
    headers = {"Content-Type": "application/json", "User-Agent": f"orch/{__version__}"}
    request = urllib.request.Request(url, json.dumps(notice).encode(), headers, method="POST")
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=CALL_WITHIN):
            return None
    except urllib.error.HTTPError as error:
        return f"the answer was {error.code}"
    except urllib.error.URLError as error:
        return f"the server could not be reached ({type(error.reason).__name__})"
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"it could not be called ({type(error).__name__})"


def main() -> None:
    """Read `{url, notice}` from standard input and call the webhook. Problems go to standard error."""
    call = json.load(sys.stdin)
    problem = post_webhook(call["url"], call["notice"])
    if problem is not None:
        sys.exit(problem)


if __name__ == "__main__":
    main()
