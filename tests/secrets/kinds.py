"""Hundreds of kinds of secrets in the texts that hold them, made up from pieces so that no scanner takes one for real."""

from __future__ import annotations

import base64
import json
import random
import string
from typing import NamedTuple

from tests.secrets.more_kinds import FORMS, LETTERS, PINS, SPOKEN, WORDS, factors, marked, more_tokens
from tests.secrets.told_kinds import told

HEX, LOWER, ALNUM = "0123456789abcdef", string.ascii_lowercase + string.digits, string.ascii_letters + string.digits
UPPER, URLSAFE, BASE64 = string.ascii_uppercase + string.digits, ALNUM + "_-", ALNUM + "+/"


class Sample(NamedTuple):
    """A text with a secret in it."""

    kind: str
    text: str
    secrets: tuple[str, ...]  # none of them may be left


def samples(seed: int = 0) -> list[Sample]:
    """Make one sample of each kind. Other seeds make other secrets."""
    rng = random.Random(seed)

    def some(alphabet: str, size: int) -> str:
        """At least a letter and two digits, as in all but one of a billion that are issued."""
        text = "".join(rng.choices(alphabet, k=size))
        if alphabet in (HEX, LOWER, ALNUM, URLSAFE, BASE64) and size > 9:
            text = f"{text[:3]}7a{text[5:-3]}4f{text[-1]}"
        return text

    def uuid() -> str:
        return "-".join(some(HEX, size) if size > 9 else "".join(rng.choices(HEX, k=size)) for size in (8, 4, 4, 4, 12))

    def encoded(size: int) -> str:
        return base64.b64encode(rng.randbytes(size)).decode()

    def jwt() -> str:
        parts = (json.dumps({"alg": "HS256", "typ": "JWT"}), json.dumps({"sub": some(LOWER, 12), "iat": 1700000000}))
        head, body = (base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)
        return f"{head}.{body}.{some(URLSAFE, 43)}"

    def pem(kind: str, lines: int = 6) -> list[str]:
        dashes = "-" * 5
        body = [encoded(48) for _ in range(lines)] + [encoded(20)]
        return [f"{dashes}BEGIN {kind}PRIVATE KEY{dashes}", *body, f"{dashes}END {kind}PRIVATE KEY{dashes}"]

    def word() -> str:
        return f"{some(string.ascii_lowercase, 4)}{rng.randint(10, 99)}{some(string.ascii_lowercase, 3)}!{rng.randint(1, 9)}"

    made: list[Sample] = []

    def add(kind: str, form: str, secret: str, *more: str) -> None:
        made.append(Sample(kind, form.replace("%", secret, 1), (secret, *more)))

    # ── tokens with a shape ──────────────────────────────────────────────────────────────────────
    tokens = {
        "aws access key id": "AK" + "IA" + some(string.ascii_uppercase + "234567", 16),
        "aws temporary key id": "AS" + "IA" + some(string.ascii_uppercase + "234567", 16),
        "aws session token": "IQoJb3Jp" + "Z2luX2Vj" + some(BASE64, 300),
        "aws bedrock key": "AB" + "SK" + some(BASE64, 130),
        "gcp api key": "AI" + "za" + some(URLSAFE, 35),
        "gcp oauth token": "ya" + "29." + some(URLSAFE, 120),
        "gcp client secret": "GOC" + "SPX-" + some(URLSAFE, 28),
        "azure ad client secret": "".join(("abC", "8", "Q~", some(URLSAFE.replace("-", "."), 34))),
        "github token": "gh" + "p_" + some(ALNUM, 36),
        "github oauth": "gh" + "o_" + some(ALNUM, 36),
        "github app": "gh" + "s_" + some(ALNUM, 36),
        "github refresh": "gh" + "r_" + some(ALNUM, 36),
        "github fine-grained": "github" + "_pat_" + some(ALNUM, 22) + "_" + some(ALNUM, 59),
        "gitlab token": "gl" + "pat-" + some(URLSAFE, 20),
        "gitlab deploy token": "gl" + "dt-" + some(URLSAFE, 20),
        "gitlab runner token": "gl" + "rt-" + some(URLSAFE, 20),
        "slack bot": "xo" + "xb-" + some(string.digits, 12) + "-" + some(string.digits, 12) + "-" + some(ALNUM, 24),
        "slack user": "xo" + "xp-" + "-".join(some(string.digits, 12) for _ in range(3)) + "-" + some(HEX, 32),
        "slack app": "xa" + "pp-1-" + some(UPPER, 11) + "-" + some(string.digits, 13) + "-" + some(HEX, 64),
        "stripe": "sk" + "_live_" + some(ALNUM, 24),
        "stripe restricted": "rk" + "_live_" + some(ALNUM, 32),
        "stripe webhook": "wh" + "sec_" + some(ALNUM, 32),
        "npm": "np" + "m_" + some(ALNUM, 36),
        "pypi": "py" + "pi-AgEIcHlwaS5vcmc" + some(URLSAFE, 120),
        "hugging face": "h" + "f_" + some(string.ascii_letters, 34),
        "sendgrid": "S" + "G." + some(URLSAFE, 22) + "." + some(URLSAFE, 43),
        "twilio": "S" + "K" + some(HEX, 32),
        "mailgun": "ke" + "y-" + some(HEX, 32),
        "mailchimp": some(HEX, 32) + "-us" + "14",
        "vault service token": "hv" + "s." + some(URLSAFE, 92),
        "vault batch token": "hv" + "b." + some(URLSAFE, 140),
        "digitalocean": "do" + "p_v1_" + some(HEX, 64),
        "shopify": "shp" + "at_" + some(HEX, 32),
        "shopify shared secret": "shp" + "ss_" + some(HEX, 32),
        "docker hub": "dck" + "r_pat_" + some(URLSAFE, 27),
        "docker swarm": "SWM" + "TKN-1-" + some(LOWER, 50) + "-" + some(LOWER, 25),
        "grafana": "gl" + "sa_" + some(ALNUM, 32) + "_" + some(HEX, 8),
        "grafana cloud": "gl" + "c_" + some(BASE64, 60),
        "groq": "gs" + "k_" + some(ALNUM, 52),
        "linear": "lin" + "_api_" + some(ALNUM, 40),
        "databricks": "da" + "pi" + some(HEX, 32),
        "anthropic": "sk-" + "ant-api03-" + some(URLSAFE, 93) + "AA",
        "openai": "sk-" + "proj-" + some(URLSAFE, 74) + "T3Blbk" + "FJ" + some(URLSAFE, 74),
        "openai, old": "sk-" + some(ALNUM, 20) + "T3Blbk" + "FJ" + some(ALNUM, 20),
        "openrouter": "sk-" + "or-v1-" + some(HEX, 64),
        "xai": "xa" + "i-" + some(ALNUM, 80),
        "perplexity": "pp" + "lx-" + some(ALNUM, 48),
        "replicate": "r" + "8_" + some(ALNUM, 37),
        "age": "AGE-SEC" + "RET-KEY-1" + some("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
        "jwt": jwt(),
        "notion": "nt" + "n_" + some(string.digits, 11) + some(ALNUM, 35),
        "figma": "fig" + "d_" + some(URLSAFE, 40),
        "atlassian": "AT" + "ATT3xFfGF0" + some(URLSAFE, 170),
        "bitbucket": "AT" + "BB" + some(ALNUM, 32),
        "postman": "PM" + "AK-" + some(HEX, 24) + "-" + some(HEX, 34),
        "doppler": "dp" + ".pt." + some(ALNUM, 43),
        "pulumi": "pu" + "l-" + some(HEX, 40),
        "rubygems": "ruby" + "gems_" + some(HEX, 48),
        "terraform cloud": some(ALNUM, 14) + ".atlas" + "v1." + some(URLSAFE, 64),
        "new relic": "NR" + "AK-" + some(UPPER, 27),
        "sentry": "snt" + "ryu_" + some(HEX, 64),
        "supabase": "sb" + "p_" + some(HEX, 40),
        "tailscale": "tsk" + "ey-api-" + some(ALNUM, 32),
        "netlify": "nf" + "p_" + some(ALNUM, 36),
        "telegram": some("123456789", 10) + ":A" + "A" + some(URLSAFE, 33),
        "1password": "op" + "s_eyJ" + some(ALNUM, 260),
        "facebook": "EA" + "AC" + some(ALNUM, 120),
        "square": "sq0" + "atp-" + some(URLSAFE, 22),
        "airtable": "pa" + "t" + some(ALNUM, 14) + "." + some(HEX, 64),
        "tailscale auth key": "tsk" + "ey-auth-" + some(ALNUM, 12) + "-" + some(ALNUM, 32),
        "notion, of any form": "nt" + "n_" + some(ALNUM, 46),
        "sentry organization": "snt" + "rys_eyJ" + some(ALNUM, 120) + "_" + some(BASE64, 43),
        "sonar": "sq" + "p_" + some(HEX, 40),
        "tavily": "tv" + "ly-dev-" + some(ALNUM, 32),
        "contentful": "CFP" + "AT-" + some(URLSAFE, 43),
        "fireworks": "f" + "w_" + some(ALNUM, 24),
        "resend": "r" + "e_" + some(ALNUM, 8) + "_" + some(ALNUM, 24),
        "clickup": "p" + "k_" + some(string.digits, 8) + "_" + some(UPPER, 32),
        "nuget": "oy" + "2" + some(LOWER, 43),
        "infisical": "s" + "t." + some(HEX, 24) + "." + some(HEX, 32) + "." + some(HEX, 32),
        "paseto": "v2." + "local." + some(URLSAFE, 80),
        "macaroon": "MDAy" + base64.b64encode(b"1location x" + rng.randbytes(60)).decode().rstrip("="),
        "bcrypt": "$2" + "b$12$" + some(ALNUM, 53),
        "crypt": "$6" + "$" + some(ALNUM, 16) + "$" + some(ALNUM, 86),
        "htpasswd": "$ap" + "r1$" + some(ALNUM, 8) + "$" + some(ALNUM, 22),
        "pem in base64": base64.b64encode("\n".join(pem("RSA ")).encode()).decode(),
    }  # fmt: skip
    forms = ("use % now", "key: %", "'%'", "(%)", "set it to %.", "<%>", '["%"]', "\\n%\\n", "a %, then")
    for at, (kind, token) in enumerate(tokens.items()):
        add(kind, forms[at % len(forms)], token)

    # ── webhooks and presigned addresses ─────────────────────────────────────────────────────────
    slack, discord = (
        f"T{some(UPPER, 9)}/B{some(UPPER, 9)}/{some(ALNUM, 24)}",
        f"{some('123456789', 18)}/{some(URLSAFE, 68)}",
    )
    add("oauth code", "GET /callback?code=%&state=x 302", "4/0A" + some(URLSAFE, 60))
    add("convex deploy key", "CONVEX=prod:happy-otter-123|% x", some(ALNUM, 60))
    add("slack webhook", "POST https://hooks.sl" + "ack.com/services/% 200", slack)
    add("discord webhook", "https://discord.com/api/web" + "hooks/%", discord)
    add(
        "teams webhook",
        "https://x.webhook.off" + "ice.com/% ok",
        f"webhookb2/{uuid()}@{uuid()}/IncomingWebhook/{some(HEX, 32)}/{uuid()}",
    )
    add(
        "zapier webhook", "curl https://hooks.zap" + "ier.com/hooks/catch/%", f"{some('123456789', 7)}/{some(LOWER, 7)}"
    )
    add(
        "presigned s3",
        "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=60&X-Amz-Signature=%&x=1",
        some(HEX, 64),
    )
    add("presigned gcs", "https://storage.googleapis.com/b/k?X-Goog-Expires=60&X-Goog-Signature=%", some(HEX, 128))
    add(
        "azure sas",
        "https://x.blob.core.windows.net/c?sv=2022-11-02&se=2030-01-01&sr=b&sp=r&sig=%",
        encoded(32).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
    )
    add(
        "azure storage",
        "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=%;EndpointSuffix=core.windows.net",
        encoded(64),
    )
    add(
        "azure service bus",
        "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=%",
        encoded(32),
    )

    # ── names and values ─────────────────────────────────────────────────────────────────────────
    named = {
        "env": ("DB_PASSWORD=%", word()),
        "env, exported": ("export STRIPE_SECRET='%'", word()),
        "env, aws": ("AWS_SECRET_ACCESS_KEY=%", some(BASE64, 40)),
        "env, words": ("POSTGRES_PASSWORD=%", "correcthorse" + some(string.ascii_lowercase, 6)),
        "yaml": ("  password: %", word()),
        "yaml, quoted": ('  client_secret: "%"', some(ALNUM, 30)),
        "yaml, words": ("db_password: %", "correcthorse" + some(string.ascii_lowercase, 6)),
        "json": ('{"user": "ada", "password": "%", "port": 5432}', word()),
        "json, escaped": (r'{\"apiKey\": \"%\"}', some(ALNUM, 24)),
        "json in camel case": ('{"accessToken":"%"}', some(URLSAFE, 40)),
        "toml": ('token = "%"', some(ALNUM, 24)),
        "python": ('connect(host="x", password="%")', word()),
        "javascript": ("const apiKey = '%';", some(ALNUM, 32)),
        "php": ("'db_password' => '%',", word()),
        "properties": ("spring.datasource.password=%", word()),
        "xml": ("<password>%</password>", word()),
        "xml attribute": ('<add key="ApiKey" value="%" />', some(ALNUM, 24)),
        "bearer header": ("Authorization: Bearer %", some(URLSAFE, 40)),
        "basic header": ("> authorization: Basic %", base64.b64encode(f"ada:{word()}".encode()).decode()),
        "token header": ('curl -H "Authorization: token %" https://x', some(HEX, 40)),
        "api key header": ("X-Api-Key: %", some(ALNUM, 32)),
        "private token header": ("--header 'PRIVATE-TOKEN: %'", some(URLSAFE, 20)),
        "aws signature header": ("Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/eu/s3/aws4_request, Signature=%", some(HEX, 64)),
        "cookie": ("Cookie: theme=dark; session=%; lang=en", some(ALNUM, 32)),
        "set-cookie": ("Set-Cookie: sid=%; Path=/; HttpOnly; Secure", some(URLSAFE, 32)),
        "address with a password": ("fatal: unable to access 'https://ada:%@host.example/x.git/'", word().replace("!", "")),
        "address with a token": ("https://%@host.example/x.git", some(HEX, 40)),
        "database address": ("postgres://ada:%@db:5432/x", word()),
        "redis address": ("redis://:%@cache:6379/0", some(ALNUM, 24)),
        "jdbc": ("jdbc:postgresql://db/x?user=ada&password=%&ssl=true", word().replace("!", "")),
        "ado": ("Server=x;Database=y;User Id=ada;Password=%;", word()),
        "query": ("GET /v1/x?access_token=%&page=2 HTTP/1.1", some(URLSAFE, 40)),
        "query, key": ("https://maps.example/api?key=%&q=x", some(URLSAFE, 39)),
        "option": ("deploy --token % --verbose", some(ALNUM, 32)),
        "option with =": ("mysql --password=% -u root", word()),
        "curl user": ("curl -sS -u ada:% https://host.example/", word()),
        "sshpass": ("sshpass -p % ssh ada@host", word()),
        "mysql option": ("mysql -u root -p% x", word()),
        "docker login": ("docker login -u ada -p % registry.example", word()),
        "netrc": ("machine host.example login ada password %", word()),
        "npmrc": ("//registry.npmjs.org/:_authToken=%", uuid()),
        "npmrc, old": ("_auth=%", base64.b64encode(f"ada:{word()}".encode()).decode()),
        "docker config": ('{"auths": {"host.example": {"auth": "%"}}}', base64.b64encode(f"ada:{word()}".encode()).decode()),
        "pypirc": ("username = __token__\npassword = %", word()),
        "sql": ("CREATE USER ada WITH PASSWORD '%';", word()),
        "dockerfile": ("ENV API_TOKEN=%", some(ALNUM, 32)),
        "dockerfile, old": ("ENV API_TOKEN %", some(ALNUM, 32)),
        "csh": ("setenv API_TOKEN %", some(ALNUM, 30)),
        "fish": ("set -gx DB_PASSWORD %", word()),
        "windows": ("setx API_TOKEN %", some(ALNUM, 30)),
        "kubernetes env": ("- name: API_TOKEN\n  value: %", some(ALNUM, 30)),
        "name and value": ('{"name": "DB_PASSWORD", "value": "%"}', word()),
        "terraform": ('variable "db_password" {\n  default = "%"\n}', word()),
        "plist": ("<key>ApiToken</key>\n  <string>%</string>", some(ALNUM, 30)),
        "xml property": ('<property name="connection.password">%</property>', word()),
        "nginx": ('proxy_set_header Authorization "Bearer %";', some(ALNUM, 30)),
        "in color": ("API_TOKEN=\x1b[31m%\x1b[0m", some(ALNUM, 30)),
        "name in color": ("\x1b[1mAPI_TOKEN\x1b[0m: %", some(ALNUM, 30)),
        "table": ("| API_TOKEN | % |", some(ALNUM, 30)),
        "columns": ("API_TOKEN\t%", some(ALNUM, 30)),
        "multipart": ('Content-Disposition: form-data; name="password"\r\n\r\n%\r\nx', word()),
        "asked for": ("Password for ada: %", word()),
        "powershell": ('ConvertTo-SecureString "%" -AsPlainText', word()),
        "kubeconfig": ("    client-key-data: %", encoded(120)),
        "mongo option": ("mongosh -u ada -p % --host x", word()),
        "zip option": ("zip -P % a.zip b", word()),
        "7z option": ("7z x -p% a.7z", word()),
        "ldap option": ("ldapsearch -D cn=x -w % -b y", word()),
        "htpasswd option": ("htpasswd -b users ada %", word()),
        "standard input": ("echo % | docker login -u ada --password-stdin", word()),
        "azure devops": ("AZURE_DEVOPS_EXT_PAT=%", some("abcdefghijklmnopqrstuvwxyz234567", 52)),
        "heroku": ("HEROKU_API_KEY: %", uuid()),
        "datadog": ("datadog_key = '%'", some(HEX, 32)),
        "cloudflare": ("CLOUDFLARE_API_TOKEN=%", some(URLSAFE, 40)),
        "django": ("SECRET_KEY = 'django-insecure-%'", some(ALNUM, 50)),
        "rails": ("SECRET_KEY_BASE=%", some(HEX, 128)),
        "wireguard": ("PrivateKey = %", encoded(32)),
        "kubernetes": ("apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\ndata:\n  stuff: %\n", base64.b64encode(f"{word()}{word()}".encode()).decode()),
    }  # fmt: skip
    for kind, (form, secret) in named.items():
        add(kind, form, secret)

    for kind, before, secret, after in (*marked(some), ("samba option", "smbclient //h/s -U ada%", word(), " -c ls")):
        made.append(Sample(kind, before + secret + after, (secret,)))

    for at, (kind, token) in enumerate(more_tokens(some).items()):
        add(kind, forms[at % len(forms)], token)
    for form in FORMS.splitlines():
        before, _, after = form.replace("¶", "\n").rpartition("%")
        secret = word().replace("!", "x")
        made.append(Sample(form, f"{before}{secret}{after}", (secret,)))
    for form in SPOKEN.splitlines():
        before, _, after = form.rpartition("%")
        made.append(Sample(form, f"{before}{(secret := word())}{after}", (secret,)))
    letters = "hunter" + "".join(rng.choices("aeiou", k=4)) + "bird"
    sentence = f"{letters[:9]} opens every door"
    plain = f"{letters[:9]} horse battery staple"
    for kind, forms_of, secret in (
        ("letters", LETTERS, letters),
        ("sentence", WORDS, sentence),
        ("pin", PINS, some(string.digits, 4 + 2 * (seed % 2))),
    ):
        for form in forms_of.splitlines():
            spoken = plain if form.startswith("passphrase: ") else secret
            made.append(Sample(f"{kind}: {form}", form.replace("¶", "\n").replace("%", spoken), (spoken,)))
    made += [Sample(*one) for one in (*factors(some), *told(some, word))]

    # ── private keys ─────────────────────────────────────────────────────────────────────────────
    def key(kind: str, lines: list[str], join: str, before: str = "", after: str = "") -> None:
        made.append(Sample(kind, f"{before}{join.join(lines)}{after}", tuple(lines[1:-1])))

    key("pem", pem("RSA "), "\n", "cat key.pem\n", "\ndone")
    key("pem, openssh", pem("OPENSSH "), "\n")
    key("pem in one line", pem("EC "), "\\n", '{"private_key": "', '\\n", "id": 1}')
    key("pem in yaml", pem(""), "\n    ", "key: |\n    ", "\nnext: 1")
    key("pem in a diff", pem("RSA "), "\n+", "+")
    key("pem with blanks for line feeds", pem(""), " ", "KEY=")
    key(
        "pem, encrypted",
        [(lines := pem("RSA "))[0], "Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,1A2B", "", *lines[1:]],
        "\n",
    )
    made[-1] = made[-1]._replace(secrets=tuple(lines[1:-1]))
    whole = pem("RSA ", 12)
    made.append(Sample("pem, its end cut off", "\n".join(whole[:9]), tuple(whole[1:9])))
    made.append(Sample("pem, its beginning cut off", "\n".join(whole[5:]), tuple(whole[5:-1])))
    made.append(Sample("pem, cut within a line", "\n".join(whole)[:300], tuple("\n".join(whole)[:300].split("\n")[1:])))
    made.append(Sample("pgp", "\n".join(pem("PGP ")).replace("KEY-", "KEY BLOCK-"), ()))
    made[-1] = made[-1]._replace(secrets=tuple(made[-1].text.split("\n")[1:-1]))
    return made
