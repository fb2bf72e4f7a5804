"""What a sentence, a language, an encoding or an option tells is a secret, and what only reads like that stays."""

from __future__ import annotations

import pytest

from supervisor.core.text.redact import GONE, redact


@pytest.mark.promise("no secret written")
@pytest.mark.parametrize(
    "text",
    [
        "%70assword%3D§; x",
        r"\u0070assword: § and",
        "https%3A%2F%2Fada%3A§%40host.example%2Fx",
        r"{\"şifre\": \"§\"}",
        r"\u015fifre: §",
        "&quot;token&quot;:&quot;§&quot;,",
        "p\u00a0password：§",
    ],
)
def test_an_escape_and_a_sign_that_looks_like_another_hide_nothing_and_stay_themselves(text: str) -> None:
    found = redact(text.replace("§", "ahgl42nfj7"))
    assert found.replace(f"ada%3A{GONE}", GONE).replace("ada%3A", "") == text.replace("ada%3A", "").replace("§", GONE)


@pytest.mark.promise("ordinary text stays")
@pytest.mark.parametrize(
    "line",
    [
        "password for user ada was reset by admin in request 8f14e45fceea167a",
        "Password policy: at least 12 characters, 1 digit, 1 mark",
        "use argon2id as the password hash",
        "Invalid password: must be at least 8 characters",
        'std::cout << "password: " << password << std::endl;',
        'password = getpass("Enter password: ")',
        'password = os.environ.get("DB_PASSWORD")',
        'secret = fetch("parser/v2/config")',
        "docker run -d -u 1000:1000 -p 8080:80 nginx:1.27",
        "docker run -u app -p 127.0.0.1:5432:5432 postgres:16",
        "python -u train2.py -p config42.yaml",
        "ssh -l ada -p 2222 host7.example",
        "cat <<EOF > out12.txt",
        "sudo bash -s <<'END'",
        "password = <<EOF",
        "DB_PASSWORD=$(pass show db/parser2)",
        "char password[MAX_PW] = {0};",
        "public string Token { get; set; } = string.Empty;",
        "token: string | undefined = undefined",
        "<td>Password</td><td>required</td>",
        "password » settings » parser",
        "PASS parser12 (0.555s)",
        "PASS src/parser.test.ts (12 ms)",
        "Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089",
        "Public key token is b77a5c561934e089",
        "id=arn:aws:secretsmanager:eu-west-1:842:secret:backend-AbC4eF",
        '{"kind":"ConfigMap","data":{"LOG_LEVEL":"debug42"}}',
        "пароль: обязательное поле",
        "密码: 至少 8 位",
        "GET /reset-password/confirm HTTP/1.1",
        "GET /docs/%E5%AF%86%E7%A0%81.html",
        "BUNDLE_WITHOUT: development:test2",
        "ticket=PROJ-1234",
        "WWW-Authenticate: Negotiate",
    ],
)
def test_what_only_reads_like_that_stays(line: str) -> None:
    assert redact(line) == line
