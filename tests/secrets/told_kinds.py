"""More kinds of secrets: what a sentence, a language, a dump, an encoding or an option of a command tells."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator

HEX, ALNUM = "0123456789abcdef", string.ascii_letters + string.digits
UPPER, BASE64 = string.ascii_uppercase + string.digits, ALNUM + "+/"

TOLD = """\
Please use the following password to proceed to installation:¶¶%¶¶This may also be found at
Password for the [elastic] user in the container (reset with x):¶  %
The generated password for the elastic built-in superuser is : %
Admin password is set to %
Password set to %
password changed to "%"
your access token (it is shown once): %
Password [input is hidden]: %
password (str): %
password ......... %
Password.................: %
password ➜ %
password\u00a0: %
password\u200b: %
password：%
ｐａｓｓｗｏｒｄ＝%
password: “%”
password = ‘%’
║ password ║ % ║
<dt>Password</dt><dd>%</dd>
<entry><string>password</string><string>%</string></entry>
<meta name="csrf-token" content="%">
&quot;password&quot;: &quot;%&quot;
password&#61;%
password=&#34;%&#34;
%7B%22password%22%3A%22%%22%7D
\\u0022password\\u0022:\\u0022%\\u0022
["password"]=>¶  string(24) "%"
s:8:"password";s:24:"%";
"user[password]"=>"%"
password[0]=%
DB_PASSWORD+=%
DB_PASSWORD=$'%'
read -r DB_PASSWORD <<< %
DB_PASSWORD=$(echo %)
deploy --password-file <(echo %)
restic --password-command 'echo %' x
password = <<EOF¶%¶EOF
password = <<~TEXT¶  %¶TEXT
password:¶  value: %
std::string password{"%"};
char pass[] = "%";
const char password[32] = "%";
password <- "%"
public string ApiSecret { get; set; } = "%";
let password: string | undefined = '%';
password = Some("%".to_string())
password: String::from("%")
request.headers["Authorization"] = f"Token %"
Authorization: NTLM %
Sec-WebSocket-Protocol: bearer, %
Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.%
GET /callback?code_verifier=%&x=1
GET /socket?ticket=%
"device_code": "%"
https://x.example/reset-password/%
https://x.example/invite/% ok
npmAuthIdent: "ada:%"
composer config http-basic.x.example ada %
bundle config https://gems.example ada:%
BUNDLE_GEMS__EXAMPLE__COM: "ada:%"
vsce publish -p %
doctl auth init -t %
nuget push x -k %
wandb login %
pat: %
deploy --pat %
dbpasswort=%
passwrd: %
paswd=%
pword=%
pswd=%
creds: %
jwt=%
access_tok: %
ENCRYPTION_KEY_HEX=%
kubectl patch secret x -p '{"stringData":{"deploy":"%"}}'
{"apiVersion":"v1","data":{"deploy":"%"},"kind":"Secret"}
{¶  "data": {¶    "deploy": "%"¶  },¶  "kind": "Secret"
"""
"""Texts with a token in place of the last `%` that is no escape, a line each. `¶` stands for a line feed."""

TOLD_MARKED = """\
A temporary password is generated for root@localhost: %
use % as the password
Initial password for the user ada: %
% is the root password
airflow users create -u ada -p %
hydra -l ada -p % ssh://x
deploy --user ada --verbose -p %
tool -u ada:% x
bw unlock %
kinit ada@X <<< %
sudo -S id <<< %
passwd --stdin ada <<< '%'
chpasswd <<< 'ada:%'
chpasswd <<EOF¶ada:%¶EOF
PRAGMA key = '%';
ATTACH DATABASE 'x' AS y KEY '%'
CREATE USER ada IDENTIFIED BY % ACCOUNT UNLOCK
wpa-psk %
<keyMaterial>%</keyMaterial>
ppp chap password 0 %
key-string 7 %
pre-shared-key ascii-text %
HELLO 3 AUTH default %
contraseña de admin: %
şifre: %
salasana: %
adgangskode: %
passord: %
jelszó: %
lozinka: %
mật khẩu: %
kata sandi: %
סיסמה: %
รหัสผ่าน: %
पासवर्ड: %
κωδικός: %
暗証番号: %
口令：%
비밀번호: %
public string DbPassword { get; set; } = "%";
static final String DB_PASSWORD = "%";
define("DB_PASSWORD", "%");
"""
"""The same with a password that has a digit and a mark."""


def told(some: Callable[[str, int], str], word: Callable[[], str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield texts with secrets: (kind, text, secrets)."""
    for forms, make in ((TOLD, lambda: some(ALNUM, 24)), (TOLD_MARKED, word)):
        for form in forms.splitlines():
            secret = make()
            before, _, after = form.rpartition("%%" if "%%" in form else "%")
            after = f"%{after}" if "%%" in form else after
            yield form, f"{before}{secret}{after}".replace("¶", "\n"), (secret,)
    digits = "-".join(some("123456789", 6) for _ in range(8))
    groups = "-".join(f"{some(UPPER, 2)}7K" for _ in range(6))
    block = [some(HEX, 32) for _ in range(4)]
    for kind, form, secrets in (
        ("bitlocker", "BitLocker recovery key: %", (digits,)),
        ("filevault", "Recovery key = '%'", (groups,)),
        ("kaggle", '{"username":"ada","key":"%"}', (some(HEX, 32),)),
        ("hawk", 'Authorization: Hawk id="x", nonce="y", mac="%"', (some(BASE64, 43) + "=",)),
        ("stripe signature", "Stripe-Signature: t=1700000000,v1=%", (some(HEX, 64),)),
        ("saml", "SAMLResponse=%", ("PHNhbWxw" + some(BASE64, 300),)),
        ("private calendar", "https://calendar.example/private-%/basic.ics", (some(HEX, 32),)),
        ("key of openssl", "openssl enc -aes-256-cbc -K % -iv 0", (some(HEX, 64),)),
        ("fernet", "Fernet(b'%')", (some(ALNUM, 43) + "=",)),
        ("key of fernet", "fernet_key = %", (some(BASE64, 43) + "=",)),
    ):
        yield kind, form.replace("%", secrets[0]), secrets
    dashes = "-" * 5
    lines = [f"{dashes}BEGIN OpenVPN Static key V1{dashes}", *block, f"{dashes}END OpenVPN Static key V1{dashes}"]
    yield "openvpn", "\n".join(lines), tuple(block)
