"""More kinds of secrets: newer tokens of vendors, second factors, and commands that take a secret by any name."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator

HEX, LOWER, ALNUM = "0123456789abcdef", string.ascii_lowercase + string.digits, string.ascii_letters + string.digits
UPPER, URLSAFE, BASE32 = string.ascii_uppercase + string.digits, ALNUM + "_-", string.ascii_uppercase + "234567"

FORMS = """\
gh secret set DEPLOY --body %
gh secret set DEPLOY --body="%"
gh -R a/b secret set DEPLOY -b %
gh secret set DEPLOY <<< '%'
echo % | gh secret set DEPLOY
printf '%s' '%' | gh secret set DEPLOY --repo a/b
gh auth login --with-token <<< %
glab variable set DEPLOY %
glab variable set DEPLOY -v %
echo -n % | docker secret create db -
printf % | gcloud secrets create x --data-file=-
echo % | npx wrangler secret put DEPLOY
fly secrets set DEPLOY=%
heroku config:set DEPLOY=%
doppler secrets set DEPLOY %
netlify env:set DEPLOY %
railway variables --set DEPLOY=%
aws secretsmanager create-secret --name x --secret-string %
aws ssm put-parameter --name x --type SecureString --value %
aws ssm put-parameter --name x --value "%" --type SecureString
aws configure set aws_secret_access_key %
az keyvault secret set --vault-name v --name n --value %
kubectl create secret generic x --from-literal=deploy=%
vault kv put kv/app deploy=%
vault login %
openssl enc -aes-256-cbc -k % -in a
openssl rsa -passin pass:% -in a
sqlcmd -S host -U sa -P %
xfreerdp /u:ada /p:% /v:host
net user ada % /add
unrar x -p% a.rar
lftp -u ada,% host
mariadb -u root -p% x
twine upload -u ada -p % dist/x
ssh-keygen -t ed25519 -N '%' -f k
keytool -genkey -storepass % -alias x
signtool sign /f a.pfx /p % a.exe
smbclient //host/share % -U ada
redis-cli -h x AUTH %
nmcli dev wifi connect home password %
wpa_passphrase home %
security add-generic-password -a ada -s x -w %
ansible-vault encrypt_string '%' --name x
rclone obscure %
npm config set //registry.example/:_authToken %
git config credential.token %
poetry config http-basic.x ada %
echo 'ada:%' | sudo chpasswd
echo % | sudo -S true
curl -sSu ada:% https://x
ALTER USER ada IDENTIFIED BY '%'
CREATE LOGIN ada WITH PASSWORD = N'%'
SET PASSWORD FOR 'ada'@'host' = '%';
ada:%@tcp(host:3306)/x
network={ ssid="x" psk="%" }
mount -t cifs //h/s /m -o username=ada,pass=%
let password: &str = "%";
const apiKey: string = "%";
password = b"%"
<password type="x">%</password>
<entry key="password">%</entry>
"password": {"value": "%"}
{"Name":"DB_PASSWORD","Value":"%"}
Passwort: %
pw: %
PW=%
pw "%"
plink -pw % ada@host
SSHPASS=% sshpass -e ssh host
bindpw %
olcRootPW: %
user ada pass %
username ada password 7 %
enable secret 5 %
snmp-server community % RO
tacacs-server key %
pre-shared-key %
<password><![CDATA[%]]></password>
<ns:password>%</ns:password>
"passwords": ["%", "x"]
auth=("ada", "%")
smtp.login("ada", "%")
new PDO("mysql:host=x", "ada", "%")
DriverManager.getConnection(url, "ada", "%")
(password . "%")
password ??= "%"
define( 'AUTH_KEY',         '%' );
Driver={ODBC Driver 18};Server=x;UID=ada;PWD={%};
db.example:5432:app:ada:%
*:*:*:ada:%
jdbc:oracle:thin:ada/%@//db:1521/x
sqlplus ada/%@ORCL
CREATE USER ada IDENTIFIED WITH mysql_native_password BY '%'
INSERT INTO users (name, password) VALUES ('ada', '%');
SELECT crypt('%', gen_salt('bf'))
Set-Item -Path Env:DB_PASSWORD -Value "%"
WiFi.begin("home", "%");
curl -b 'sid=%' https://x
mysql -uroot -p'%' x
redis-cli -a '%' ping
usermod -p '%' ada
rabbitmqctl change_password ada '%'
ipmitool -H x -U ada -P % power on
mosquitto_pub -u ada -P % -t x
snmpwalk -v2c -c % x
unzip -P % a.zip
security unlock-keychain -p % x
net use z: \\\\x\\s % /user:ada
vault operator unseal %
mc alias set x https://x ada %
cryptsetup luksOpen /dev/sda --key-file - <<< %
rootpw --plaintext %
Password for 'https://ada@x.example': %
**Password:** %
*Password*: `%`
Password - %
API key: %
login: ada / %
creds: ada:%
log in: `ada` / `%`
ada:%@db.example:5432
connect ada:%@10.0.0.4
ssh ada:%@host.example
> USER ada\\n> PASS %
USER ada\\r\\nPASS %\\r\\n
a001 LOGIN ada "%"
/msg NickServ IDENTIFY ada %
| password | % |
<td>password</td><td>%</td>
Password:¶  %
etcdctl --user root:% get x
psexec -u ada -p % cmd
DBI->connect($dsn, "ada", "%")
ACL SETUSER ada on >%
WIFI:T:WPA;S:home;P:%;;
[smtp.example.com]:587 ada@x.example:%
mail.example.com ada:%
"ada" * "%" *
ada * % *
name,password,email¶bob,x1,¶ada,%,a@x.example
user;passwd¶ada;%
PASS %¶NICK ada
: EAP "%"
codecov -t %
"""
"""Texts with a secret in place of the last `%`, a line each. `¶` stands for a line feed."""

SPOKEN = """\
PASS %
C: PASS %
AUTH %
pass: %
connect with password %
admin / %
root:%
userPassword:: %
"""
"""The same, where only a value with a digit and a mark counts."""


LETTERS = """\
password: %
passwd=%
passwd: %
pwd %
pwd: %
db.pwd = %
the password is %
my password is %.
use password %
with the password %
user: ada password: %
password (ada): %
password for db: %
username ada secret %
enable password %
login: ada / %
Passwort: %
wachtwoord: %
| password | % |
Password:¶  %
[smtp.example.com]:587 ada:%
ada * % *
user,password¶ada,%
PASS %¶NICK ada¶USER ada
"""
"""The same, where letters alone count as well: nothing else can be meant."""

WORDS = """\
password: "%"
password = '%'
the password is "%"
passphrase: %
passphrase = "%"
"""
"""Where a sentence counts as well."""

PINS = """\
pin: %
PIN code %
PIN=%
SIM PIN: %
your PIN is %
CARD_PIN=%
--pin %
"pin": "%"
{"userPin": %}
the PIN of the token is %
pkcs11:token=x;pin-value=%
PUK: %
puk code %
passcode: %
passcode: "%"
door code: %
verification code: %
Your verification code is %
one-time code %
security code: %
2FA code: %
Passkey %
"""
"""Where digits alone count as well."""


def more_tokens(some: Callable[[str, int], str]) -> dict[str, str]:
    """Return tokens that have a shape of their own, by kind."""

    def uuid() -> str:
        return "-".join(f"7a{some(HEX, size)}"[:size] for size in (8, 4, 4, 4, 12))

    def id_in_base64() -> str:
        return "MTA" + "yNzA5MzQ1Njc4OTAxMjM0NQ"

    return {
        "discord bot": f"{id_in_base64()}.G{some(ALNUM, 5)}.{some(URLSAFE, 38)}",
        "discord bot, of any id": "N" + some(ALNUM, 23) + "." + "".join(("X", "4f", "abc")) + "." + some(URLSAFE, 27),
        "vercel blob": "vercel" + "_blob_rw_" + some(ALNUM, 16) + "_" + some(ALNUM, 30),
        "fly": "fm" + "2_" + some(ALNUM, 100),
        "deno": "dd" + "o_" + some(ALNUM, 36),
        "launchdarkly": "sd" + "k-" + uuid(),
        "heroku": "HR" + "KU-" + uuid(),
        "elevenlabs": "s" + "k_" + some(HEX, 48),
        "okta": "0" + "0" + "Zx" + some(URLSAFE, 37) + "q",
        "plaid": "access" + "-production-" + uuid(),
        "square secret": "sq0" + "csp-" + some(URLSAFE, 43),
        "braintree": "access" + "_token$production$" + some(LOWER, 16) + "$" + some(HEX, 32),
        "adyen": "AQ" + "E" + some(ALNUM, 60) + "-" + some(ALNUM, 43) + "=-" + some(ALNUM, 16),
        "razorpay": "rz" + "p_live_" + some(ALNUM, 14),
        "flutterwave": "FLW" + "SECK-" + some(HEX, 32) + "-X",
        "honeycomb": "hca" + "ik_01" + some(LOWER, 56),
        "azure storage key": some(ALNUM, 76) + "+A" + "St" + some(ALNUM, 6) + "==",
        "azure functions": some(ALNUM, 44) + "Az" + "Fu" + some(ALNUM, 6) + "==",
        "azure devops, new": some(ALNUM, 76) + "AZ" + "DO" + some(ALNUM, 4),
        "azure openai": some(ALNUM, 52) + "JQQ" + "J99" + some(ALNUM, 20) + "ACxx",
        "amazon mws": "amzn" + ".mws." + uuid(),
        "aws appsync": "da" + "2-" + some(LOWER, 26),
        "alibaba": "LT" + "AI" + some(ALNUM, 20),
        "tencent": "AK" + "ID" + some(ALNUM, 32),
        "baidu": "bce" + "-v3/ALTAK-" + some(ALNUM, 21) + "/" + some(HEX, 40),
        "volcengine": "AK" + "LT" + some(ALNUM, 43),
        "yandex": "AQ" + "VN" + some(URLSAFE, 36),
        "scaleway": "SC" + "W7" + some(UPPER, 16),
        "ngrok": "2" + some(ALNUM, 26) + "_" + some(ALNUM, 21),
        "netbird": "nb" + "p_" + some(ALNUM, 36),
        "boundary": "at" + "_" + some(ALNUM, 10) + "_s1" + some(ALNUM, 80),
        "figma oauth": "fig" + "u_" + some(ALNUM, 40),
        "trello": "AT" + "TA" + some(HEX, 72),
        "linear oauth": "lin" + "_oauth_" + some(HEX, 64),
        "hubspot": "pa" + "t-na1-" + uuid(),
        "sanity": "s" + "k" + some(ALNUM, 178),
        "dropbox": "sl" + ".u." + some(URLSAFE, 140),
        "twitter": "A" * 20 + some(ALNUM, 30) + "%3D" + some(ALNUM, 50),
        "instagram": "IG" + "QV" + some(ALNUM, 130),
        "packagist": "packag" + "ist_" + some(HEX, 64),
        "jsr": "js" + "rp_" + some(ALNUM, 40),
        "open vsx": "ovs" + "xp_" + some(ALNUM, 40),
        "percy": "we" + "b_" + some(HEX, 64),
        "lambdatest": "L" + "T_" + some(ALNUM, 50),
        "jina": "jin" + "a_" + some(ALNUM, 60),
        "voyage": "p" + "a-Q" + some(URLSAFE, 42),
        "firecrawl": "f" + "c-" + some(HEX, 32),
        "e2b": "e2" + "b_" + some(HEX, 40),
        "modal": "a" + "k-Q" + some(ALNUM, 21),
        "runpod": "rp" + "a_" + some(UPPER, 44),
        "cursor": "crs" + "r_" + some(HEX, 64),
        "inngest": "sign" + "key-prod-" + some(HEX, 64),
        "trigger": "tr" + "_prod_" + some(ALNUM, 20),
        "xata": "xa" + "u_" + some(ALNUM, 40),
        "stackhawk": "haw" + "k." + some(ALNUM, 20) + "." + some(ALNUM, 20),
        "nostr": "nse" + "c1" + some("qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58),
        "extended key": "xp" + "rv9s21ZrQH143K" + some(ALNUM, 95),
        "stellar": "S" + "BQ7" + some(BASE32, 52),
        "ably": "xVLy" + "Hw.HxmPlQ:" + some(ALNUM, 43),
        "bitwarden": "0" + "." + uuid() + "." + some(ALNUM, 30) + ":" + some(ALNUM, 22) + "==",
        "zep": "z" + "_1d" + some(ALNUM, 40) + "." + some(URLSAFE, 22),
        "bearer": "Bearer" + " " + some(URLSAFE, 20),
        "basic": "Basic" + " YWRhOmtlZDgz" + "ZmFiITc=",
        "ldap hash": "{SS" + "HA}" + some(ALNUM, 32),
        "product key": "Product key: " + "-".join(f"{some(UPPER, 3)}7K" for _ in range(5)),
        "vault unseal key": "Unseal Key 1: " + some(ALNUM, 43) + "=",
        "consul": "SecretID:         " + uuid(),
        "courier": "p" + "k_prod_" + some(UPPER, 28),
        "tinybird": "p." + "eyJ" + some(ALNUM, 60) + "." + some(ALNUM, 43),
        "klaviyo": "p" + "k_" + some(HEX, 34),
        "paypal": "A21" + "AA" + some(URLSAFE, 90),
        "firebase messaging": "AA" + "AA" + some(ALNUM, 7) + ":AP" + "A91b" + some(URLSAFE, 134),
        "webex": some(ALNUM, 64) + "_P0" + "A1_" + uuid(),
        "matrix": "sy" + "t_YWRh_" + some(ALNUM, 20) + "_" + some(ALNUM, 6),
        "stytch": "secret" + "-live-" + some(URLSAFE, 36) + "=",
        "nats seed": "SU" + "AQ" + some(BASE32, 54),
        "facebook, of any kind": "EA" + "AQ" + some(ALNUM, 180),
        "pagerduty": "u" + "+Q" + some(ALNUM, 17),
        "asana, of any id": "1" + "/3787482790166109:" + some(HEX, 32),
    }


def marked(some: Callable[[str, int], str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield secrets that only what is before them tells: (kind, before, secret, after)."""
    for kind, before, secret in (
        ("bootstrap token", "kubeadm join --token ", some(LOWER, 6) + "." + some(LOWER, 16)),
        ("node of ethereum", "https://mainnet.infura.io/v3/", some(HEX, 32)),
        ("key of ethereum", "private key 0x", some(HEX, 64)),
        ("key of bitcoin", "wif: ", "K" + some(ALNUM.translate({ord(one): None for one in "0OIl"}), 51)),
        ("key as bytes", "private key ", "[" + ", ".join(str(100 + at) for at in range(64)) + "]"),
        ("opsgenie", "GenieKey ", "-".join(some(HEX, size) for size in (8, 4, 4, 4, 12))),
        ("godaddy", "Authorization: sso-key ", some(ALNUM, 12) + ":" + some(ALNUM, 22)),
        ("sonar, as a login", "sonar-scanner -Dsonar.login=", some(HEX, 40)),
        ("app password", "app-specific password ", "abcd-efgh-ijkl-mnop"),
        ("app password, apart", "app password: ", "abcd efgh ijkl mnop"),
        ("strapi", "APP_KEYS=", some(ALNUM, 22) + "==," + some(ALNUM, 22) + "=="),
        ("openweather", "GET /data?appid=", some(HEX, 32)),
        ("messagebird", "Authorization: AccessKey ", some(ALNUM, 25)),
        ("freshdesk", "curl https://x.example -u ", some(ALNUM, 20) + ":X"),
        ("api key in words", "the api key ", some(HEX, 32)),
        ("key option", "logs --mezmo-key ", some(HEX, 32)),
        ("mailjet", "MJ_APIKEY_PRIVATE=", some(HEX, 32)),
        ("snowflake", "pat: ", some(ALNUM, 60)),
        ("signature of a request", "X-Sign: ", some(HEX, 64)),
        ("snyk", "snyk auth ", "-".join(some(HEX, size) for size in (8, 4, 4, 4, 12))),
        ("erlang cookie", "erl -setcookie ", some(string.ascii_uppercase, 20)),
        ("bare hex", "the secret ", some(HEX, 32)),
        ("bare hex of a key", "encryption key ", some(HEX, 64)),
        ("bare hex of rails", "secret_key_base ", some(HEX, 128)),
        ("private key id", "private_key_id=", some(HEX, 40)),
        ("private key id of yaml", "  private_key_id: ", some(HEX, 40)),
        ("signature", "signature: ", some(HEX, 64)),
        ("csrf token", "csrf_token=", some(ALNUM, 32)),
        ("adb", "adb pair 10.0.0.2:37123 ", some(string.digits, 6)),
    ):
        yield kind, before, secret, ""
    yield "form, encoded", "body=user%3Dada%26password%3D", some(ALNUM, 20), "%26x%3D1"
    yield "address, encoded", "https://x/?to=https%3A%2F%2Fada%3A", some(ALNUM, 14), "%40host"


def factors(some: Callable[[str, int], str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield texts with second factors: (kind, text, secrets)."""
    seed = some("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 14) + "2Q"
    spaced = " ".join(seed[at : at + 4] for at in range(0, 16, 4))
    for kind, form, value in (
        ("otpauth", "otpauth://totp/x:ada@x.example?issuer=x&secret=% ok", seed),
        ("otpauth, encoded", "otpauth%3A%2F%2Ftotp%2Fx%3Fsecret%3D{}%26issuer", seed),
        ("otpauth of many", "otpauth-migration://offline?data=%", some(ALNUM, 60)),
        ("totp seed", "GITHUB_TOTP_SEED=%", seed),
        ("totp seed in json", '{"totpSeed": "%"}', seed),
        ("totp, lower case", "2fa seed: %", spaced.lower()),
        ("setup key", "Setup key: %", spaced),
        ("oathtool", "oathtool --totp -b %", seed),
    ):
        text = form.replace("{}", value) if "{}" in form else form.replace("%", value, 1)
        yield kind, text, (value,)
    codes = tuple(f"{some(LOWER, 4)}7-{some(LOWER, 4)}4" for _ in range(4))
    digits = tuple(f"{some('123456789', 4)} {some('123456789', 4)}" for _ in range(3))
    yield "recovery codes", "**GitHub recovery codes**\n\n" + "".join(f"- {code}\n" for code in codes), codes
    yield "recovery codes, bare", "Recovery codes:\n" + "\n".join(codes), codes
    yield "recovery codes, underlined", "Recovery codes\n--------------\n\n" + "\n".join(codes), codes
    yield "recovery codes, to be kept", "2FA backup codes (keep them safe):\n" + "\n".join(codes), codes
    yield "recovery codes in yaml", "recovery_codes:\n" + "".join(f'  - "{code}"\n' for code in codes), codes
    yield "backup codes", "Your backup codes are: " + ", ".join(codes), codes
    yield "backup codes, numbered", "Backup codes:\n" + "".join(f"  {n}. {d}\n" for n, d in enumerate(digits)), digits
    yield "backup codes in json", '{"backup_codes": ["12345670", "76543210"]}', ("12345670", "76543210")
    words = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    yield "seed phrase", f'mnemonic: "{words}"', (words,)
    yield "seed phrase in a variable", f"WALLET_SEED_PHRASE={words}", (words,)
    for kind, password in (("", "p/4ssw0rd9"), (" at once", "/pass/w0rd"), (" and letters only", "abc/def/ghi")):
        yield f"address with a slash{kind}", f"postgres://ada:{password}@db.example:5432/x", (password,)
