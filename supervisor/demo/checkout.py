"""The story of a checkout: for some customers the form shows an error instead of the field that is wrong."""

from __future__ import annotations

from supervisor.demo.repos import Sample, SampleCommit
from supervisor.demo.story import Edit, Part, Story
from supervisor.demo.values import Values, place
from supervisor.regex import regex

_PROBLEM = """\
Now and then the checkout form shows "Something went wrong" instead of the field that is missing.
  frontend  shows fields only after a 422, and the error after anything else
  edge      drops the session header of browsers that write it in lower case
  backend   answers 500 to a request without a session
No repo can fix that alone. The tests check what the three have to agree on, so today they are red:
"""

_IDA = "Ida Lund <ida@example.invalid>"
_RAVI = "Ravi Shah <ravi@example.invalid>"
_NOA = "Noa Levi <noa@example.invalid>"

_HISTORY = {
    "frontend": (
        SampleCommit(_IDA, "2025-04-07T09:20:00+00:00", "Send the checkout form"),
        SampleCommit(
            _IDA, "2025-05-19T14:02:00+00:00", "Show which fields are wrong\n\nThe service names them since May."
        ),
        SampleCommit(
            _NOA,
            "2025-10-06T10:41:00+00:00",
            "Write down what form, edge and backend agreed on\n\nRed until a lost session is renewed.",
        ),
    ),
    "edge": (
        SampleCommit(_RAVI, "2025-03-31T08:15:00+00:00", "Pass requests on to the backend"),
        SampleCommit(
            _RAVI,
            "2025-08-11T16:33:00+00:00",
            "Forward only the headers that the backend reads\n\n"
            "It logged cookies. Content-Type and X-Session are all that it needs.",
        ),
        SampleCommit(
            _NOA,
            "2025-10-06T10:30:00+00:00",
            "Write down what form, edge and backend agreed on\n\n"
            "Red until the session arrives however a browser spells its header.",
        ),
    ),
    "backend": (
        SampleCommit(_NOA, "2025-03-28T11:50:00+00:00", "Take orders of a session's cart"),
        SampleCommit(
            _NOA, "2025-06-02T09:05:00+00:00", "Answer 500 for what nobody foresaw\n\nThe gateway hung up on us."
        ),
        SampleCommit(
            _NOA,
            "2025-10-06T10:12:00+00:00",
            "Write down what form, edge and backend agreed on\n\n"
            "Red until a missing session has an answer of its own. `contract.json` is the\n"
            "same file in all three repos.",
        ),
    ),
}
_PARTS = {
    "frontend": Part(
        fault="A lost session ends on the error page. The form has to ask for a new one and send itself again.",
        done="After a lost session the form is sent once more with a new one; what was typed stays.",
        what={
            "checkout/form.py": "renews a lost session, once",
            "tests/contract.json": "the contract's examples",
        },
        learned=("The form asks for a new session at most once per click, so the backend sees two requests at most.",),
    ),
    "edge": Part(
        fault="Names are compared with their case, and HTTP/2 sends them in lower case. The case must not count.",
        done="The session reaches the backend however the browser spells its header; cookies stay here.",
        what={
            "edge/function.py": "compares the names of headers without their case",
            "tests/contract.json": "the contract's examples",
        },
        learned=("Since 11 August the session was lost for every browser on HTTP/2: the list came with that commit.",),
    ),
    "backend": Part(
        fault="The header is read without a check that it is there: a KeyError, and so a 500.",
        done="A request without a session is answered as the contract says, and not with a 500 any more.",
        what={
            "shop/app.py": "an answer of its own for a session that is missing or gone",
            "README.md": "the table of routes",
            "tests/contract.json": "the contract's examples",
        },
        learned=("A session that is gone is answered like one that is missing: the cart is empty in both cases.",),
    ),
}
# The values that a brief may name.
_PATTERNS = {
    "header": regex(r"header\s+`(X-[\w-]+)`"),
    "missing": regex(r"without a session[^.]*? `?([45]\d\d)\b"),
}

_WORDS = {
    "header": "the session is in {}",
    "missing": "a missing session is answered {}",
}

_PLACES = (
    place("tests/contract.json", "header", r'"header": "([^"]*)"'),
    place("tests/contract.json", "missing", r'"missing": \{"status": (\d+)'),
    *(
        place(path, "header", r'^SESSION_HEADER = "([^"]*)"')
        for path in ("checkout/form.py", "edge/function.py", "shop/app.py")
    ),
    *(place(path, "missing", r"^NO_SESSION = (\d+)") for path in ("checkout/form.py", "shop/app.py")),
    place("README.md", "missing", r"fields that are wrong; (\d+) without a session"),
)

CHECKOUT = Story(
    Sample("checkout", _HISTORY),
    _PROBLEM,
    _PARTS,
    Values(_PATTERNS, _WORDS, _PLACES),
    Edit("X-Session", "X-Checkout-Session", "edge"),
)
