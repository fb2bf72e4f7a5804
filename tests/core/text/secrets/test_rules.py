"""Every kind of secret is cut out in every form that a text takes, and ordinary lines stay as they are."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.core.text.may_hold import may_hold_secret
from supervisor.core.text.redact import GONE, redact, redact_lines, secret_spans
from tests.secrets.kinds import Sample, samples
from tests.secrets.ordinary import ordinary

SAMPLES = samples()


@pytest.mark.promise("no secret written")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.kind)
def test_each_kind_is_cut_out_as_it_is_and_within_other_texts(sample: Sample) -> None:
    for text in (
        sample.text,
        f"before\n{sample.text}\nafter",
        json.dumps({"output": sample.text, "exit": 1}),
        json.dumps(json.dumps([sample.text])),
        sample.text.replace("\n", "\r\n"),
    ):
        clean = redact(text)
        assert GONE in clean
        assert [secret for secret in sample.secrets if secret in clean] == []


@pytest.mark.promise("no secret written")
@pytest.mark.parametrize(
    "escape",
    [
        *(
            "\x1b[32m",
            "\x1b[1;32m",
            r"\x1b[32m",
            r"\u001b[0m",
            r"\033[1;32m",
            r"\e[32m",
            r"\1",
            r"\0",
            r"\x01",
            r"\u0000",
        ),
        *(r"\n", r"\\n", r"\r\n", r"\t", "%0A", "%20", "%3D", r"\033[0m\033[32m"),
    ],
)
def test_what_an_escape_stands_before_is_cut_out_although_its_end_could_belong_to_the_word(escape: str) -> None:
    tokens = (
        "ghp_" + "x7Kq9Zp2Lm4Nv6Rt8Yb1Wc3Df5Gh0Js2Au4E",
        "AKIA" + "Q3EGRZ7XK2LMN5PT",
        "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    )
    for token in tokens:
        for text in (f"{escape}{token}", f"printf 'a{escape}{token}'", f"a{escape}{token}{escape}b"):
            assert token not in redact(text)
    for text in (f"a{escape}api_key: Zx81kq2Lm9Wd0", f"a{escape}password=Zx81kq2Lm9Wd0"):
        assert "Zx81kq2Lm9Wd0" not in redact(text)


@pytest.mark.parametrize("part", ["\\", "\\1", "\x1b[", "\\x1b[1;", "%0", "%0A", "\\033[0m"])
def test_many_escapes_take_no_longer_than_their_length_asks_for(part: str) -> None:
    text = part * (200_000 // len(part))
    began = time.process_time()
    redact(text + " token")
    assert time.process_time() - began < 5


@given(st.integers(1, 1_000_000))
def test_whatever_the_secrets_are_none_is_left(seed: int) -> None:
    for sample in samples(seed):
        clean = redact(sample.text)
        assert [secret for secret in sample.secrets if secret in clean] == [], sample.kind


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.kind)
def test_cutting_again_changes_nothing(sample: Sample) -> None:
    once = redact(sample.text)
    assert redact(once) == once


def test_what_is_found_may_hold_a_secret() -> None:
    assert [sample.kind for sample in SAMPLES if not may_hold_secret(sample.text)] == []


@pytest.mark.promise("ordinary text stays")
def test_ordinary_lines_stay() -> None:
    lines = ordinary(4_000, tools=False)
    assert [(line, redact(line)) for line in lines if redact(line) != line] == []


@pytest.mark.promise("ordinary text stays")
@given(
    st.one_of(
        st.binary(min_size=20, max_size=32).map(bytes.hex),
        st.uuids().map(str),
        st.from_regex(r"(/[a-z][a-z0-9_.-]{0,20}){1,6}", fullmatch=True),
        st.from_regex(r"[a-z]{2,12}( [a-z]{2,12}){0,8}", fullmatch=True),
        st.from_regex(r"[a-z]{2,10}==\d{1,2}\.\d{1,2}\.\d{1,2}", fullmatch=True),
        st.datetimes().map(str),
        st.integers().map(str),
    )
)
def test_hashes_ids_paths_words_versions_and_numbers_stay(text: str) -> None:
    for line in (text, f"see {text} there", f"commit {text}", f"sha256:{text}", f"id={text}"):
        assert redact(line) == line


@pytest.mark.parametrize(
    "line",
    [
        "max_tokens=4096",
        '"registry-auth-token": "^4.0.0",',
        '"registry-auth-token": "^4.0.0 || ^5.0.0-rc.1",',
        '"oauth-secret": ">=1.0.0, <2.x"',
        "tokens used: 12345",
        "token: string",
        "password: str | None = None",
        "password = getpass()",
        "token = self.token",
        "token=token",
        "export API_KEY=$OTHER_KEY",
        "api_key: ${{ secrets.API_KEY }}",
        "password: ********",
        "password: <password>",
        '"password": ""',
        "PWD=/home/ada/src",
        "secret: required",
        "secret::tests::client_round_trip ... ok",
        "password>=3.1",
        "Collecting token==1.2",
        "cookie==1.2 --hash=sha256:" + "ab12" * 16,
        "key: linux-" + "ab12" * 16,
        "Build cache key for task ':x' is " + "ab12" * 8,
        "ssh_key: /home/ada/.ssh/id_ed25519",
        "WWW-Authenticate: Basic realm=api",
        "the password of ada has expired",
        "author: Ada Lovelace <ada@example.com>",
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----",
        "session 019adf1c-7a2b-7c3d-8e4f-1a2b3c4d5e6f started",
        "https://example.com/a?page=2&sort=name",
    ],
)
def test_what_only_looks_like_an_assignment_of_a_secret_stays(line: str) -> None:
    assert redact(line) == line


@pytest.mark.parametrize(
    "line",
    [
        "recovery codes were generated 10 at a time",
        "Backup codes: see the page of 2026-01-02",
        "backup code 200 of request 12345678-ab",
        "otp: disabled",
        "authenticator app is required",
        "the mnemonic of this instruction is mov, as in all of the others before it",
        "two factor authentication is off",
        "git config user.name Ada",
        "git push origin token-2 feature",
        "npm install token-types@5",
        "gh secret set DEPLOY --body $VALUE",
        "gh secret list",
        "gh pr create --body text2",
        "echo ok1234 | tee x",
        "echo $TOKEN | gh secret set DEPLOY",
        "http://localhost:8080/@vite/client@x",
        "http://registry:4873/@types/node",
        "http://localhost:port/a@b.c",
        "git+ssh://host.example:org/repo@main",
        "https://deno.land/x/oak@v1/mod.ts:3:1 a@b.c",
        "file:///a:b/c@d",
        "pass=12 fail=3",
        "def f(password: str = 'x'):",
        "password: string = '';",
        "password: |",
        "sha256=sz_s6H_cYnOvx-VNWdIKhRhe3Ymp8z8J0D3CBqOX3gg,338",
        "test_" + "ab12" * 10,
        "chunk_" + "ab12" * 10 + ".js",
        "A.module.that.MyVeryLongClassName.method.anotherVeryLongNameOfIt",
        "PASS src/app.test2.js (5.2 s)",
        "PASS: gdb.base/break-2.exp: step 3",
        "--- PASS: TestParse2 (0.00s)",
        "PASS [   0.005s] crate::tests::round_trip_2",
        "pass: 3/5",
        'Pass `dtype="int64"` to it',
        "the password field2 is empty",
        "with password authentication over ssh2",
        "root:x:0:0:root:/root:/bin/bash",
        "docker pull node:20-alpine3@sha256:" + "ab12" * 16,
        "mailto:ada99@x.example",
        "email:ada99@x.example",
        "Started user:getty2@tty1.service",
        "at fn:line12@app.js:10:5",
        "git@github.com:ada/x2.git",
        "12:34:56 ada2@host.example",
        "user: ada/repo2",
        "user interface (2025-11-25+) is new",
        "login: required",
        'Authorization: Digest realm="x"',
        "key: value2 of the pair",
        "API key: missing",
        "https://x.example/login?next=/a2",
        "INSERT INTO users (name, password) VALUES ($1, $2)",
        "CREATE USER ada IDENTIFIED BY RANDOM PASSWORD",
        "passport-jwt2 and bypass2 and lowpass: 20kHz3",
    ],
)
def test_what_only_looks_like_a_code_or_a_command_with_a_secret_stays(line: str) -> None:
    assert redact(line) == line


@pytest.mark.parametrize(
    "line",
    [
        *("the pin 13 of the board", "#define LED_PIN 13", "pin: 1.2.3", "pin numpy to 1.26.4", "pinned: 2024-01-01"),
        *("ping: 4711 ms", "mapping: 1234", "sleeping=1000", "typing: 2000", "pin=machine.Pin(25)", "SPAN=1000"),
        *("exit code 1234", "error code: 4041", "opcode: 1234", "zip code 90210", "code: 1234", "otp 26.2", "cvc: 12"),
        *("run pwd and look", "cd build && pwd", "pwd is the working directory", "password authentication"),
        *("the password is stored", "password is required", "use password authentication", "passwd: bytes"),
        *("password: minimum eight characters long", "passphrase: the words of the person", "password: hashed"),
        *("| password | string | of the user |", "<td>password</td><td>string</td>", "password:\n  type: string"),
        *("Password\n--------\nThe password of the user", "enter your password", "retype new password"),
        *("the private key is stored", "private key 0x12", "app password is needed", "access key id", "1/2 passed"),
        *(
            "wifi: connected",
            "EAP methods",
            "--cache-key linux-" + "ab12" * 8,
            "pat: matched",
            "login: user / password",
        ),
    ],
)
def test_what_only_looks_like_a_pin_or_a_word_of_a_person_stays(line: str) -> None:
    assert redact(line) == line


@pytest.mark.parametrize("text", ["password %", "  password %\n", "set password %", "Password\n--------\n%7\n(1 row)"])
def test_a_password_of_letters_is_cut_out_where_it_has_a_line_of_its_own(text: str) -> None:
    assert redact(text.replace("%", "hunterbird")) in {text.replace(secret, GONE) for secret in ("%", "%7")}


@pytest.mark.parametrize("name", ["contraseña", "senha", "пароль", "hasło", "パスワード", "密码"])
def test_names_in_other_languages_say_it_too(name: str) -> None:
    for form in (f"{name}: hunter42xy", f"{name}=hunter42xy", f'"{name}": "hunter42xy"', f"{name}：hunter42xy"):
        assert may_hold_secret(form)
        assert "hunter42xy" not in redact(form)


def test_a_list_of_codes_that_a_limit_cut_shows_no_part_of_one() -> None:
    for end in ("...", "…", ""):
        assert redact(f"# Recovery codes\n- 1a2b3-c4d5e\n- f6a7{end}") == f"# Recovery codes\n- {GONE}\n- {GONE}{end}"


@pytest.mark.parametrize("before", ["b", "N", "r", "@", ""])
def test_a_string_with_a_prefix_ends_at_its_quote(before: str) -> None:
    assert redact(f'password = {before}"hunter42xy!"; x = "y"') == f'password = {before}"{GONE}"; x = "y"'


def test_a_text_that_a_limit_cut_within_a_secret_shows_no_part_of_it() -> None:
    token, password, known = "gh" + "p_" + "Zq3r" * 9, "hunter2-is-long", "words-of-the-environment"
    assert redact(f"push with {token[:12]}") == f"push with {GONE}"
    assert redact(f"push with {token[:12]}…") == f"push with {GONE}"
    assert redact(f"clone https://ada:{password[:9]}") == f"clone https://{'ada:'}{GONE}"
    assert redact(f"it is {known[:10]}", (known,)) == f"it is {GONE}"
    assert redact("see http://localhost:8080") == "see http://localhost:8080"


def test_lines_keep_their_number() -> None:
    key = next(sample for sample in SAMPLES if sample.kind == "pem")
    lines = ["first", *key.text.split("\n"), "last"]
    clean = redact_lines(lines)
    assert len(clean) == len(lines)
    assert (clean[0], clean[-1]) == ("first", "last")
    assert [secret for secret in key.secrets if secret in "\n".join(clean)] == []


def test_the_spans_of_a_text_are_its_secrets_in_order() -> None:
    token = "gh" + "p_" + "Zq3r" * 9
    text = f"a {token} b {token} c"
    spans, inside = secret_spans(text, ("b",))
    assert [text[start:end] for start, end in spans] == [token, "b", token]
    assert not inside


@given(st.text(max_size=200))
def test_any_text_is_redacted_twice_as_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


PIECES = st.sampled_from(
    [
        *("password", "=", ": ", '"', "'", " ", "\n", "token", "https://", "a:b@", "eyJ", ".", "sk-", "AKIA"),
        *("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "Zq3r" * 5, "cookie: ", ";", "--"),
        *("Bearer ", "\\n", "kind: Secret", "data:", GONE),
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_texts_of_such_pieces_are_redacted_twice_as_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a",
            "a ",
            "password",
            "password=",
            "password: ",
            'password="',
            "token:",
            "secret,'",
            "key=value&",
            "https://a:",
        ),
        *(
            "eyJaaaaaaaaaa",
            "eyJaaaaaaaaaa.",
            "sk-",
            "-----BEGIN PRIVATE KEY-----",
            "-----END PRIVATE KEY-----",
            "AAAA\n",
        ),
        *(
            "kind: Secret",
            "data: a: ",
            "cookie: a=",
            "curl ",
            "curl -u",
            "datadog ",
            "datadog=",
            "http -a ",
            "Zq3r",
            "7Q~",
        ),
        *(
            "\\",
            '\\"',
            "login a password ",
            "machine a ",
            "://",
            "'",
            "mysql -p",
            "xoxb-",
            "://a:b/",
            "echo a | gh ",
            "gh secret ",
            "hooks.slack.com/services/",
        ),
        *(
            "recovery codes: ",
            "1a2b3-c4d5e ",
            "otp: JBSW ",
            "seed phrase: ab",
            "aws --value",
            "set password for ",
            "a@tcp(",
            "_",
        ),
        *(".abcdef.", "vault kv put ", "password: a = ", "AzFu", "abcde_"),
    ],
)
def test_a_long_line_takes_no_longer_than_it_is_long(piece: str) -> None:
    quarter, whole = (seconds_for(piece * (size // len(piece))) for size in (40_000, 160_000))
    assert whole < 8 * max(quarter, 0.016)  # 4 times as long; what looks at everything for each piece takes 16 times


def seconds_for(text: str) -> float:
    """How long it takes to redact a text. Measured beside each other, two of them differ by the texts alone."""
    began = time.thread_time()
    redact(text)
    return time.thread_time() - began
