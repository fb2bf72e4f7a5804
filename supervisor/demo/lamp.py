"""The story of a lamp: adding it times out in the app, although it comes online a little later."""

from __future__ import annotations

from supervisor.demo.repos import Sample, SampleCommit
from supervisor.demo.story import Edit, Part, Story
from supervisor.demo.values import Values, place
from supervisor.regex import regex

_PROBLEM = """\
Customers who add a lamp read "device registration timed out" after 30 seconds, though the lamp is fine.
  backend   keeps the request open until the lamp reports, for up to 60 seconds
  mobile    gives up on that one request after 30
  firmware  tests itself for 40 seconds before it reports anything
No repo can fix that alone. The tests check what the three have to agree on, so today they are red:
"""

_ANA = "Ana Ruiz <ana@example.invalid>"
_JUNO = "Juno Park <juno@example.invalid>"
_TOMAS = "Tomas Berg <tomas@example.invalid>"

_HISTORY = {
    "backend": (
        SampleCommit(_ANA, "2025-03-03T09:12:00+00:00", "Register devices and look them up"),
        SampleCommit(
            _TOMAS,
            "2025-05-12T15:40:00+00:00",
            "Answer a registration once the device is online\n\n"
            "The app showed lamps that were still starting. Now `POST /v1/devices` waits for\n"
            "the lamp's own report, for a minute at most.",
        ),
        SampleCommit(
            _ANA,
            "2025-09-18T10:05:00+00:00",
            "Write down what app, backend and firmware agreed on\n\n"
            "The tests are red until registration answers at once and the status has a\n"
            "route of its own. `contract.json` is the same file in all three repos.",
        ),
    ),
    "firmware": (
        SampleCommit(_JUNO, "2025-02-20T08:30:00+00:00", "Boot, test, announce"),
        SampleCommit(
            _JUNO,
            "2025-05-13T11:02:00+00:00",
            "Report to the route that the backend has\n\nA broken lamp stays silent, as before.",
        ),
        SampleCommit(
            _ANA,
            "2025-09-18T10:21:00+00:00",
            "Write down what app, backend and firmware agreed on\n\n"
            "Red until the lamp reports before its self-test, under the name `state`.",
        ),
    ),
    "mobile": (
        SampleCommit(_TOMAS, "2025-03-10T13:45:00+00:00", "Register a device"),
        SampleCommit(
            _TOMAS,
            "2025-06-02T16:20:00+00:00",
            "Wait 30 seconds for a registration\n\nThe service answers only when the lamp is online; 10 were too few.",
        ),
        SampleCommit(
            _ANA,
            "2025-09-18T10:33:00+00:00",
            "Write down what app, backend and firmware agreed on\n\nRed until the app follows the status route.",
        ),
    ),
}


_PARTS = {
    "backend": Part(
        fault="The request stays open until the lamp reports. The wait has to go, and the status needs a route.",
        done="Registration answers 202 at once and names the status route; the wait is gone.",
        what={
            "backend/app.py": "202 with Location; a status route with Retry-After; reports by `state`",
            "tests/test_devices.py": "the test that asserted the wait now asserts that there is none",
            "README.md": "the table of routes",
            "tests/contract.json": "the contract's examples",
        },
        learned=(
            'The backend still takes {"status": "up"} from older firmware and counts it as online.',
            "Retry-After is sent only while the state is provisioning.",
        ),
    ),
    "firmware": Part(
        fault="The lamp is silent for the 40 seconds of its self-test, and a broken one for ever.",
        done="The lamp reports provisioning at power-on, and online or failed after its self-test.",
        what={
            "device/boot.py": "reports before and after the self-test, under the name `state`",
            "tests/contract.json": "the contract's examples",
        },
        learned=("A lamp may be online up to 40 seconds after its first report: the self-test takes that long.",),
    ),
    "mobile": Part(
        fault="The app waits 30 seconds on one request. It has to ask once, then follow the status.",
        done="The app follows the status route with back-off until the lamp is online, failed or given up.",
        what={
            "onboarding/client.py": "follows Location after a 202, with back-off and an end",
            "tests/contract.json": "the contract's examples",
        },
        learned=("An app from before this change shows an error on 202, so it has to be out before the backend is.",),
    ),
}
# The values that a brief may name.
_PATTERNS = {
    "location": regex(r"Location:\s*(/[\w/.{}-]*\{id\}[\w/.{}-]*)"),
    "report": regex(r"POST\s+(/[\w/.-]*\{id\}[\w/.{}-]*)"),
    "retry_after": regex(r"Retry-After:\s*(\d+)"),
    "longest": regex(r"(?:up to|at most|every)\s+(\d+(?:\.\d+)?)\s*(s|seconds?|min|minutes?)\b"),
    "give_up": regex(r"giv(?:e|es|ing) up after\s+(\d+(?:\.\d+)?)\s*(s|seconds?|min|minutes?)\b"),
}


_WORDS = {
    "location": "the status is at {}",
    "report": "the lamp reports to {}",
    "retry_after": "the next look is after {} s",
    "longest": "{} s between two looks at most",
    "give_up": "given up after {} s",
}


def _decimal(number: str) -> str:
    return number if "." in number else f"{number}.0"


_PLACES = (
    place("tests/contract.json", "location", r'"location": "([^"]*)"'),
    place("tests/contract.json", "retry_after", r'"retry_after": (\d+)'),
    place("tests/contract.json", "report", r'"report": \{\s*"path": "([^"]*)"'),
    place("backend/app.py", "location", r'^STATUS_PATH = "([^"]*)"'),
    place("backend/app.py", "report", r'^REPORT_PATH = "([^"]*)"'),
    place("backend/app.py", "retry_after", r"^RETRY_AFTER = (\d+)"),
    place("README.md", "location", r"^\| `GET (\S+)` \| the mobile app \| the device; `Retry-After`"),
    place("README.md", "report", r"^\| `POST (\S+)` `\{\"state\"\}` \| the device"),
    place("device/boot.py", "report", r'^REPORT_PATH = "([^"]*)"'),
    place("onboarding/client.py", "retry_after", r"^FIRST_WAIT = ([\d.]+)", _decimal),
    place("onboarding/client.py", "longest", r"^LONGEST_WAIT = ([\d.]+)", _decimal),
    place("onboarding/client.py", "give_up", r"^GIVE_UP = ([\d.]+)", _decimal),
)


LAMP = Story(
    Sample("lamp", _HISTORY),
    _PROBLEM,
    _PARTS,
    Values(_PATTERNS, _WORDS, _PLACES),
    Edit("Retry-After: 2", "Retry-After: 5", "mobile"),
)
