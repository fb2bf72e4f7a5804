"""The door cleans values of every form, and remembers whose text ended within a private key."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

from supervisor.core.text.redact import GONE
from supervisor.domain.event import LearningNoted, ServerExited, TurnEnded
from supervisor.domain.thread import TurnSeen, TurnStatus
from supervisor.runtime.secrets import Door, clean
from tests.secrets.kinds import samples

AT = datetime(2026, 7, 1, tzinfo=UTC)
TOKEN = "gh" + "p_" + "Zq3r" * 9
PEM = next(sample for sample in samples() if sample.kind == "pem, openssh")


def test_json_is_cleaned_by_its_texts_and_by_the_names_of_its_fields() -> None:
    value = {"password": "correct horse 1", "n": 1, "rows": [{"text": f"use {TOKEN}"}], "token": None, "tokens": 12}
    assert clean(value) == {"password": GONE, "n": 1, "rows": [{"text": f"use {GONE}"}], "token": None, "tokens": 12}


def test_ids_and_hashes_in_json_stay() -> None:
    value = {"thread": "019adf1c-7a2b-7c3d-8e4f-1a2b3c4d5e6f", "key": "ab12" * 10, "session": "019adf1c-7a2b-7c3d"}
    assert clean(value) == value


def test_a_private_key_in_several_lines_of_one_value_is_cut_out() -> None:
    lines = tuple(PEM.text.split("\n"))
    cleaned = clean(("before", *lines, "after all of these lines there is a sentence, too"))
    assert [secret for secret in PEM.secrets if secret in " ".join(cleaned)] == []
    assert (cleaned[0], cleaned[-1]) == ("before", "after all of these lines there is a sentence, too")


def test_a_private_key_that_arrives_in_several_events_is_cut_out_and_what_another_says_meanwhile_stays() -> None:
    lines = PEM.text.split("\n")
    door = Door()

    def said(child: str, text: str) -> str:
        event = TurnEnded(AT, child, "t", TurnSeen("u", TurnStatus.COMPLETED, ("m",), text))
        return door.clean(event, child).seen.text

    heard = [said("api", "\n".join(lines[:3])), said("api", "\n".join(lines[3:5])), said("api", "\n".join(lines[5:]))]
    assert [secret for secret in PEM.secrets if secret in "".join(heard)] == []
    door.clean(LearningNoted(AT, "human", "\n".join(lines[:3])), None)
    assert (
        said("web", "hello to everybody who reads these lines here") == "hello to everybody who reads these lines here"
    )


def test_after_a_torn_private_key_the_next_sentence_stays() -> None:
    door = Door()
    door.clean(f"{PEM.text[:200]}", "api")
    assert (
        door.clean("the server exited with 1 because of a signal", "api")
        == "the server exited with 1 because of a signal"
    )
    event = ServerExited(AT, "api", 12, "exit 1", "a tail of its output")
    assert door.clean(event, "api") == event


def test_a_value_without_secrets_needs_no_rules() -> None:
    program = (
        "import sys; from datetime import UTC, datetime\n"
        "from supervisor.domain.event import UpRequested\n"
        "from supervisor.runtime.secrets import clean\n"
        "event = UpRequested(datetime.now(UTC), ('backend', 'mobile-app', '/home/ada/src/auth-service'))\n"
        "assert clean(event) is event\n"
        "print('supervisor.core.text.secrets.find' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
