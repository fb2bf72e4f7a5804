"""Tell quickly that a text holds no secret, so that a command which shows a status does without the rules."""

from __future__ import annotations

from collections.abc import Mapping

from supervisor.regex import regex

PLAIN: Mapping[int, str] = {
    **{0xFF01 + at: chr(0x21 + at) for at in range(94)},  # full width: `：`, `＝`, `ｐａｓｓ`
    **dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2009\u200b\u200c\u200d\u2060\u202f\u3000\ufeff"), " "),
    **dict.fromkeys(map(ord, "“”„‟「」"), '"'),
    **dict.fromkeys(map(ord, "‘’‚‛‹›"), "'"),
}
"""Signs that look like others: what word processors, and keyboards for other scripts, write in place of ASCII. For
`str.translate`: a text keeps its length."""


def may_hold_secret(text: str) -> bool:
    """Return False for texts in which no rule finds anything, such as most paths and sentences.

    It costs a few microseconds, and to load the rules 20 ms: a command that shows a status does without them.
    """
    if not text.isascii():
        text = text.translate(PLAIN)
    low = text.lower()
    if any(word in low for word in _CERTAIN):
        return True
    if any(word in low for word in _TELLING) and _NAMED.search(low) is not None:
        return True
    if any(word in low for word in _CARRIERS) and _CARRIED.search(low) is not None:
        return True
    if "<<" in low or " -p " in low or " -u " in low or _ENCODED.search(low) is not None:
        return True
    if " " in low and not _COMMANDS.isdisjoint(_WORDS.findall(low)):
        return True
    if any(word in low for word in _CODES):
        return True
    if any(word in low for word in _BESIDE) and _PAIRED.search(low) is not None:
        return True
    signed = "@" in low or "*" in low or "}" in low or (":" in low and ("." in low or low.count(":") > 1))
    if signed and _SIGNED.search(low) is not None:
        return True
    return _RUN.search(text) is not None


_COMMANDS = frozenset(
    (
        *("gh", "glab", "aws", "az", "kubectl", "oc", "vault", "bao", "fly", "flyctl", "doppler", "supabase"),
        *("railway", "chamber", "eb", "convex", "netlify", "heroku", "vercel", "cf", "dokku", "pulumi"),
        *("openssl", "sqlcmd", "bcp", "isql", "osql", "xfreerdp", "xfreerdp3", "wfreerdp", "mstsc", "cmdkey"),
        *("rar", "unrar", "ftp", "lftp", "ncftp", "mariadb", "mariadb-dump", "cqlsh", "twine", "poetry"),
        *("helm", "influx", "clickhouse-client", "sshfs", "send", "rdesktop", "evil-winrm", "couchbase-cli"),
        *("arangosh", "skopeo", "buildah", "mysqlsh", "security", "cargo", "rclone", "ansible-vault"),
        *("oathtool", "ssh-keygen", "signtool", "certutil", "wpa_passphrase", "nmcli", "echo", "usermod"),
        *("useradd", "rabbitmqctl", "ipmitool", "mosquitto_pub", "mosquitto_sub", "snmpwalk", "snmpget"),
        *("snmpset", "snmpbulkwalk", "snmptrap", "snmp-server", "altool", "cryptsetup", "mc", "rootpw"),
        *("sqlplus", "sqlldr", "impdp", "expdp", "rman", "etcdctl", "psexec", "paexec", "snyk", "codecov"),
        *("adb", "api-key", "eap", "xauth", "printf", "npm", "pnpm", "yarn", "git", "pip", "gcloud", "conda"),
        *("composer", "bundle", "nuget", "net", "bw", "wandb", "hf", "doctl", "gem", "hydra", "vsce", "ovsx", "op"),
    )
)
"""Commands that may take a secret, of any name, among their words."""

_CODES = (
    *("otp", "mfa", "2fa", "tfa", "factor", "authenticator", "setup", "manual", "recovery", "backup", "scratch"),
    *("emergency", "rescue", "mnemonic", "seed", "wallet", "psk", "kennwort", "contrase", "senha", "пароль", "hasło"),
    *("パスワード", "密码", "密碼", "비밀번호", "@tcp(", "@unix(", "incoming+"),
    *(
        "haslo",
        "parool",
        "şifre",
        "salasana",
        "adgangskode",
        "passord",
        "lykilor",
        "jelszó",
        "jelszo",
        "lozinka",
        "geslo",
    ),
    *("slaptažodis", "fjalëkalim", "κωδικός", "סיסמ", "كلمة", "رمز", "पासवर्ड", "รหัสผ่าน", "mật khẩu", "kata sandi"),
    *("暗証番号", "口令", "암호", "key-string"),
    *("wachtwoord", "lösenord", "heslo", "parola", "wifi:", "setuser", "setcookie", "appid=", "accesskey", "geniekey"),
)

_TELLING = ("pass", "pw", "psw", "secret", "token", "credential", "key", "auth", "cookie", "sess", "sig", "_pat")
_CARRIERS = ("curl", "wget", "http", "mysql", "redis", "login", "machine", "mongo", "zip", "7z", "client", "ldap")
_BESIDE = (
    *("pass", "pw", "pin", "puk", "otp", "cv", "code", "login", "log", "sign", "user", "cred", "account"),
    *("admin", "root", "postgres", "auth", "oper", "identify", "secret", "community", "key", "connect", "pdo", "crypt"),
    *("begin", "thin:", "insert into"),
)
_CERTAIN = ("://", "-----begin", "-----end", "identified by", "password-stdin")

_ANY_TELLING = "|".join(_TELLING)
# A telling name with something that can be its value, in lower case.
_NAMED = regex(
    rf"(?:{_ANY_TELLING})[\w.\-]{{0,48}}\\*[\"'`]?\]?\s*(?:[=:>,\"'`\\|│┃%<{{\x1b*(?]|(?<=\s)[.–—-]\s|(?:is|was|are|for)\b|value)|-[\w-]*(?:{_ANY_TELLING})[\w-]*\s"
    r"|(?:sshpass|requirepass|masterauth|htpasswd)\s"
    rf"|(?:setenv|setx|env|set -\w+)\s+\S*(?:{_ANY_TELLING})"
)

# A command or a line of a file that carries credentials without a telling name, in lower case.
_CARRIED = regex(
    r"(?:login|machine)\s+\S+\s+(?:login|account|pass)|\blogin\b.*\s-p"
    r"|(?:curl|wget|https?|mysql\w*|redis-cli|mongo\w*|zip|7z|\w+client|ldap\w+)\s"
)

# What can be a password beside its user, or behind a word of a protocol, in lower case.
_PAIRED = regex(
    r"(?:pin|puk|otp|cv[vc]2?|pass(?:code|key)|code|pin.(?:value|number))\W{1,6}(?:\w{2,20}\W{1,3}){0,4}\d{3}"
    r"|(?:password|passwort|passwd|passphrase|pwd)\W{1,12}[a-z]{4}|login\W{1,3}\S{1,64}\W{1,5}[/|]\s|username\s\S+\ssecret\s"
    r"|thin:|\d\S*\W+(?:as|is) (?:\w+ ){0,2}pass|insert into|(?:password|passwd|passwort)\"?[,;\r\n]"
    r"|pass\s+\S+(?:\s|\\)+(?:[rn\\]+)?(?:nick|user|cap)\s"
    r"|(?:auth|login|credentials?|connection|pdo|crypt|begin|connect)\("
    r"|(?:(?:log.?in|sign.in|user\w{0,4}|cred\w{0,7}|account)\W{1,3}|(?:admin\w{0,9}|root|postgres)[^\w/]\W{0,2})"
    r"(?:[\w.@+-]{1,64}\W{1,5})?\S*\d"
    r"|(?:pass\w{0,6}|pw|auth|oper|identify|secret|community|key)\s{1,4}(?:\S{1,64}\s{1,4})?\S*\d|secret.?id\b"
)

# What can be a password between signs, in lower case.
_SIGNED = regex(
    r":[^\s:@/]{4,100}@[\w-]|:(?:\d{4}|\*):|\.[\w-]+\]?(?::\d{2,5})?\s[\w.+@-]+:\S{4}|\s\*\s+\"?[^\s\"*]{4}|\}[\w+/=$.]{12}"
)

# What may mean a letter or a sign of any of these.
_ENCODED = regex(r"%[2-7][0-9a-f]|\\[ux][0-9a-f]|&(?:#|quot)")

_WORDS = regex(r"[a-z0-9_-]+")

# A long run of characters with digits or capitals in it: every token has one, and few names of folders. One behind
# a prefix counts without them.
_RUN = regex(r"(?<![\w~.-])(?=[\w~.-]{15})(?:[a-z_.~-]*[A-Z0-9]){2}|[a-z][_-][A-Za-z0-9]{20}")
