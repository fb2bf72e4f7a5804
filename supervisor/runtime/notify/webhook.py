"""The process that calls a webhook. `notifier.py` starts it."""

from __future__ import annotations

import base64
import http.client
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

from supervisor import __version__

CALL_WITHIN = 10.0  # seconds for each step of a call


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses redirects: a notice goes only to the address in the config."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def post_webhook(url: str, notice: Mapping[str, object], form: str = "json") -> str | None:
    """POST a notice in this form: `json`, `ntfy` or `slack`. Returns what went wrong, without the address, or None."""
    headers, body = _FORMS.get(form, _json)(notice)
    headers["User-Agent"] = f"orch/{__version__}"
    request = urllib.request.Request(url, body, headers, method="POST")
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=CALL_WITHIN):
            return None
    except urllib.error.HTTPError as error:
        return f"the answer was {error.code}"
    except urllib.error.URLError as error:
        return f"the server could not be reached ({type(error.reason).__name__})"
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"it could not be called ({type(error).__name__})"


def _json(notice: Mapping[str, object]) -> tuple[dict[str, str], bytes]:
    return {"Content-Type": "application/json"}, json.dumps(notice).encode()


def _ntfy(notice: Mapping[str, object]) -> tuple[dict[str, str], bytes]:
    """The text as the body, the rest as headers, as `curl -d` does in ntfy's own documents."""
    title = " ".join(str(notice.get("title") or "").split())
    if not title.isascii():  # a header is ASCII; ntfy reads RFC 2047
        title = f"=?UTF-8?B?{base64.b64encode(title.encode('utf-8', 'replace')).decode()}?="
    text = f"{notice.get('text') or ''}\n\n{notice.get('next') or ''}".strip()
    urgent = notice.get("kind") in ("asks", "blocked")
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Title": title,
        "Priority": "high" if urgent else "default",
        "Tags": _TAGS.get(str(notice.get("kind")), "bell"),
    }
    return headers, text.encode("utf-8", "replace")[:NTFY_BYTES]


def _slack(notice: Mapping[str, object]) -> tuple[dict[str, str], bytes]:
    """One text, in which Slack's own signs (`<!channel>`, links) are made harmless."""
    title, text, step = (str(notice.get(name) or "").strip() for name in ("title", "text", "next"))
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        title, text, step = (one.replace(sign, name) for one in (title, text, step))
    parts = [f"*{' '.join(title.split())}*", text, f"`{step}`" if step else ""]
    return {"Content-Type": "application/json"}, json.dumps({"text": "\n".join(filter(None, parts))}).encode()


NTFY_BYTES = 4000  # of a message; ntfy makes a file of what has more than 4096
_FORMS: Mapping[str, Callable[[Mapping[str, object]], tuple[dict[str, str], bytes]]] = {
    "json": _json,
    "ntfy": _ntfy,
    "slack": _slack,
}
_TAGS = {"asks": "raising_hand", "blocked": "no_entry", "paused": "hourglass", "end": "white_check_mark"}


def main() -> None:
    """Read `{url, form, notice}` from standard input and call the webhook. Problems go to standard error."""
    call = json.load(sys.stdin)
    problem = post_webhook(call["url"], call["notice"], call.get("form", "json"))
    if problem is not None:
        sys.exit(problem)


if __name__ == "__main__":
    main()
