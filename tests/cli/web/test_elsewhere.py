"""`orch web --listen`: from another machine an answer needs the code that the terminal shows."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.cli.web.confirm import LASTS, TRIES, Asked, Confirmations
from supervisor.cli.web.keys import LINKS, SESSIONS, Keys
from supervisor.cli.web.serve import number_of
from supervisor.errors import UsageError
from tests.cli.scene import Standin, ask, status_json
from tests.cli.web.served import SLOW, Served
from tests.programs import require

ASKED = status_json(asks=(ask("A1"),))
ANSWER = {"ask": "A1", "decision": "text", "text": "8080"}


@pytest.fixture
def page(standin: Callable[..., Standin], served: Callable[..., Served], tmp_path: Path) -> tuple[Standin, Served]:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = [require("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-keyout", str(key), "-out", str(cert), "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run(words, check=True, capture_output=True, timeout=SLOW)
    supervisor = standin(ASKED)
    web = served("--listen", "0.0.0.0", "--tls-cert", str(cert), "--tls-key", str(key))
    assert web.secure
    web.host, web.url = "127.0.0.1", f"https://127.0.0.1:{web.port}/"
    return supervisor, web


def code_of(web: Served, number: int) -> str:
    """The code that the terminal shows, once it does."""
    until = time.monotonic() + SLOW
    while len(found := re.findall(r"code (\d{3} \d{3}) confirms: (.+)", web.errors())) < number:
        assert time.monotonic() < until, web.errors()
        time.sleep(0.02)
    code, words = found[number - 1]
    assert words == "`answer A1 text 8080`"
    return str(code)


def test_an_answer_waits_for_its_code(page: tuple[Standin, Served]) -> None:
    supervisor, web = page
    assert "; secure" in web.enter().headers["set-cookie"].lower()
    asked = web.post("/answer", ANSWER)
    (waits,) = re.findall(r'name="waits" value="([^"]+)"', asked.text)
    code = code_of(web, 1)
    assert (asked.status, code in asked.text, supervisor.calls) == (200, False, [])
    wrong = web.post("/confirm", {"waits": waits, "code": "000000" if code != "000 000" else "1"})
    assert (wrong.status, "not the code" in wrong.text, supervisor.calls) == (403, True, [])
    assert web.post("/confirm", {"waits": waits, "code": code}).status == 303
    assert [(method, given["text"]) for method, given in supervisor.calls] == [("answer", "8080")]
    assert web.post("/confirm", {"waits": waits, "code": code}).status == 403
    assert len(supervisor.calls) == 1
    told = web.post("/answer", ANSWER, accept="application/json")
    assert '"next":"/confirm?waits=' in told.text


def test_a_code_counts_for_one_answer_of_one_session_for_some_minutes() -> None:
    shown: list[str] = []
    now = [0.0]
    waiting = Confirmations(shown.append, lambda: now[0])
    asked = Asked("/answer", (("ask", "A1"),))

    def code() -> str:
        return shown[-1].removeprefix("code ")[:7]

    name = waiting.ask(asked, "mine", "`answer A1 accept`")
    assert isinstance(waiting.confirmed(name, "another", code()), str)
    assert isinstance(waiting.confirmed(name, "mine", code()), str)
    name = waiting.ask(asked, "mine", "`answer A1 accept`")
    for _ in range(TRIES):
        assert isinstance(waiting.confirmed(name, "mine", "x"), str)
    assert isinstance(waiting.confirmed(name, "mine", code()), str)
    name = waiting.ask(asked, "mine", "`answer A1 accept`")
    now[0] = LASTS + 1
    assert isinstance(waiting.confirmed(name, "mine", code()), str)
    name = waiting.ask(asked, "mine", "`answer A1 accept`")
    assert waiting.confirmed(name, "mine", code()) == asked


def test_links_and_sessions_are_few_and_each_link_opens_one() -> None:
    keys = Keys()
    first, *_, last = [keys.link() for _ in range(LINKS + 1)]
    assert keys.enter(first) is None
    session = keys.enter(f" {last}\n")
    assert session is not None
    assert (keys.knows(session), keys.knows(last), keys.knows("")) == (True, False, False)
    for _ in range(SESSIONS):
        assert keys.enter(keys.link()) is not None
    assert keys.knows(session) is False


@pytest.mark.parametrize(
    ("host", "instead"),
    [
        ("192.0.2.2:8400", "give --listen 192.0.2.2 --port 8400"),
        ("no.such.invalid", "give a number, such as 192.0.2.7"),
    ],
)
def test_an_address_that_is_none_is_refused_with_what_to_give_instead(host: str, instead: str) -> None:
    with pytest.raises(UsageError) as refused:
        number_of(host)

    assert str(refused.value) == f"`{host}` is no address of this machine: {instead}"
