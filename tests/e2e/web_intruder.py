"""What a command of a child does in these tests to answer on the page: it has its address, and a cookie that it stole.

    web_intruder.py [--orphan] [--hide] URL COOKIE OUT

Sends all that a browser would, and writes to OUT a line for each request: the status and the text, or the error of the
system. `--orphan` leaves its parent, session and environment first; `--hide` has the system hide what it holds.
"""

import ctypes
import http.client
import json
import os
import sys
import urllib.parse

PR_SET_DUMPABLE = 4


def sent(url: str, cookie: str, method: str, path: str, body: str = "") -> str:
    place = urllib.parse.urlsplit(url)
    headers = {"Cookie": cookie, "Origin": f"http://{place.netloc}", "Sec-Fetch-Site": "same-origin"}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return json.dumps([answer.status, answer.read().decode()])
    except OSError as error:
        return json.dumps([0, error.strerror or str(error)])


def main() -> None:
    flags = [word for word in sys.argv[1:] if word.startswith("--")]
    url, cookie, out = (word for word in sys.argv[1:] if not word.startswith("--"))
    if "--orphan" in flags and not os.environ.get("ORPHAN"):
        if os.fork():
            os.wait()
            return
        os.setsid()
        if os.fork():
            os._exit(0)
        os.execve(sys.executable, [sys.executable, __file__, *sys.argv[1:]], {"ORPHAN": "1"})
    if "--hide" in flags:
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    lines = [
        sent(url, cookie, "GET", "/"),
        sent(url, cookie, "POST", "/answer", "ask=A1&decision=accept&text="),
        sent(url, cookie, "POST", "/hold"),
        sent(url, cookie, "POST", "/enter", "token=x"),
    ]
    with open(f"{out}.new", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    os.rename(f"{out}.new", out)


if __name__ == "__main__":
    main()
