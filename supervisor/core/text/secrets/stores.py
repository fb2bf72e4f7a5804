"""Commands that hand a secret to a store of secrets, or to a program that asks for one: (first words,
pattern).

`gh secret set NAME --body ...`, `echo ... | docker secret create x -`, `aws ssm put-parameter --type SecureString`.
What is stored may have any name, so the command tells that it is a secret. Each takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from supervisor.core.text.secrets.kinds import Secrecy
from supervisor.core.text.secrets.values import is_secret
from supervisor.regex import regex

HERE = ("<<",)
WINDOW = 600
"""Characters of a command that are looked at."""


def handed(pattern: re.Pattern[str], text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield what the command at `at` hands on, unless it is a variable, a placeholder or a word."""
    match = pattern.match(text, at, at + WINDOW)
    if match is not None and match.lastgroup is not None:
        start, end = match.span(match.lastgroup)
        if is_secret(Secrecy.STRONG, text[start:end], quoted=match.lastgroup == "quoted", tight=True):
            yield start, end


def here(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield what a here-string hands to a program that reads a secret: `kinit ada <<< ...`."""
    begin = max(text.rfind("\n", max(0, at - WINDOW), at) + 1, at - WINDOW, 0)
    match = _HERE.match(text, at, at + WINDOW)
    if match is None or match.lastgroup is None or _READS.search(text, begin, at) is None:
        return
    start, end = match.span(match.lastgroup)
    if is_secret(Secrecy.STRONG, text[start:end], quoted=match.lastgroup == "quoted", tight=True):
        yield start, end


_QUOTE = r"\\{0,7}[\"']"
_VALUE = rf"(?:{_QUOTE}(?P<quoted>[^\"'\n\\]{{4,400}})|(?P<bare>(?!-)[^\s\"'\\|;&<>()]{{4,400}}))"
_ANY = r"[^\n]{0,200}?[ \t]"
_ITS_NAME = r"[\w.:/-]{1,80}"

# Programs that read a secret from their standard input.
_READERS = (
    r"(?:[^\n]{0,120}--password-stdin|[^\n]{0,120}--passphrase-fd|(?:gh|glab)[ \t][^\n|]{0,60}\b(?:secret|variable)"
    r"[ \t]+set"
    r"|gh[ \t]+auth[ \t]+login|(?:docker|podman)[ \t]+secret[ \t]+create|gcloud[ \t]+secrets"
    r"|(?:npx[ \t]+)?(?:wrangler|vercel|fly|flyctl|supabase|netlify|heroku)[ \t]+(?:secrets?|env)\b"
    r"|(?:sudo[ \t]+)?(?:passwd\b[^\n|]{0,40}--stdin|chpasswd|smbpasswd|kinit|cryptsetup|createuser|vncpasswd|lpass"
    r"|keepassxc-cli|bw|op)\b|sudo[ \t]+-\w{0,4}S\b"
    r"|su[ \t]+-|pass[ \t]+insert|secret-tool[ \t]+store|cargo[ \t]+login|rclone[ \t]+obscure|ansible-vault\b"
    r"|systemd-creds\b"
    r"|kubeseal\b|mkpasswd\b|argon2\b|openssl[ \t]+(?:passwd|enc)\b|vault[ \t]+(?:login|kv)\b|gpg\b[^\n"
    r"|]{0,60}passphrase)"
)
_READS = regex(rf"(?<![\w-]){_READERS}")
_HERE = regex(
    rf"<<(?:<[ \t]*\$?(?:{_QUOTE}?[\w.-]{{1,40}}:)?"
    rf"|-?[ \t]?{_QUOTE}?[A-Z]{{1,12}}{_QUOTE}?(?:\s{{1,3}}|(?:\\{{1,15}}r)?\\{{1,15}}n)"
    rf"[ \t>+]{{0,12}}[\w.-]{{1,40}}:){_VALUE}"
)
_PRINTED = rf"(?:-\w{{1,3}}[ \t]+|{_QUOTE}?(?:%[sb]|\{{\}})(?:\\{{1,15}}n)?{_QUOTE}?[ \t]+){{0,2}}"
_NAMED = r"(?i:password|passwd|passphrase|token|secret|_auth|access_?key|api_?key)"

STORES: tuple[tuple[str, str], ...] = (
    (
        "gh,glab",
        r"(?:gh|glab)[ \t][^\n|]{0,60}?\b(?:secret|variable)[ \t]+(?:set|create|update)\b[^\n]{0,200}?"
        rf"(?:[ \t](?:--body|--value|-b|-v)(?:[ =]|(?=[\w\"'\\]))|<<<[ \t]*){_VALUE}",
    ),
    ("glab", rf"glab[ \t]+variable[ \t]+(?:set|create|update)[ \t]+[A-Z]\w{{0,80}}[ \t]+{_VALUE}"),
    ("gh", rf"gh[ \t]+auth[ \t]+login\b[^\n]{{0,100}}?<<<[ \t]*{_VALUE}"),
    (
        "echo,printf",
        rf"(?:echo|printf)[ \t]+{_PRINTED}(?:{_QUOTE}?[\w.-]{{1,40}}:(?=[^\n|]{{1,200}}\|[ \t]*(?:sudo"
        rf"[ \t]+)?chpasswd))?"
        rf"{_VALUE}(?:\\{{1,15}}n)?{_QUOTE}?[ \t]*\|[ \t]*{_READERS}",
    ),
    ("aws", rf"aws[ \t]{_ANY}(?:--secret-string|--master-user-password|--secret-binary)[ =]{_VALUE}"),
    ("aws", rf"aws[ \t]{_ANY}SecureString[ \t]{_ANY}?--value[ =]{_VALUE}"),
    ("aws", rf"aws[ \t]{_ANY}--value[ =]{_VALUE}{_QUOTE}?[^\n]{{0,200}}?SecureString"),
    ("az", rf"az[ \t]+keyvault[ \t]+secret[ \t]+set{_ANY}--value[ =]{_VALUE}"),
    (
        "kubectl,oc",
        r"(?:kubectl|oc)[ \t][^\n]{0,80}?\bsecret[ \t][^\n]{0,200}?--from-literal[ =]"
        rf"{_QUOTE}?[\w.-]{{1,80}}={_QUOTE}?(?P<bare>[^\s\"'\\]{{3,400}})",
    ),
    (
        "vault,bao",
        rf"(?:vault|bao)[ \t]+(?:kv[ \t]+(?:put|patch)|write){_ANY}[\w.-]{{1,80}}=(?P<bare>[^\s\"'\\@]"
        rf"[^\s\"'\\]{{3,400}})",
    ),
    ("vault,bao", r"(?:vault|bao)[ \t]+login[ \t]+(?P<bare>[^\s\"'\\=-][^\s\"'\\=]{7,400})(?=[\s\"'\\]|$)"),
    (
        "fly,doppler,supabase,railway,chamber,eb,convex,netlify,heroku,vercel,cf,dokku,pulumi",
        r"[a-z]{2,9}[ \t][^\n]{0,40}?(?:secrets?[ \t]+(?:set|write)|write|config[ \t]+set[ \t]+--secret|(?:env"
        r"|config)[: ]set|--set)"
        rf"[ \t][^\n]{{0,60}}?{_ITS_NAME}[ =]{_QUOTE}?(?P<bare>(?=[^\s\"'\\=]*\d)[^\s\"'\\=-][^\s\"'\\]{{3,400}})",
    ),
    ("openssl", r"openssl[ \t][^\n]{0,200}?(?:[ \t]-k[ \t]+|\bpass:)[\"']?(?P<bare>[^\s\"'\\]{3,200})"),
    (
        "sqlcmd,bcp,isql,osql",
        r"[a-z]{3,6}[ \t](?:[^\n]{0,200}?[ \t])?-P[ ]?[\"']?(?P<bare>[^\s\"'\\-][^\s\"'\\]{2,200})",
    ),
    (
        "xfreerdp,wfreerdp,mstsc,cmdkey",
        r"[a-z]{4,8}3?[ \t](?:[^\n]{0,200}?[ \t])?/p(?:ass)?:[\"']?(?P<bare>[^\s\"'\\]{3,200})",
    ),
    ("net use", r"net[ \t]+use[ \t][^\n]{0,200}?/user:\S{1,80}[ \t]+[\"']?(?P<bare>[^\s\"'\\/][^\s\"'\\]{2,200})"),
    ("net user", r"net[ \t]+user[ \t]+\S{1,64}[ \t]+[\"']?(?P<bare>[^\s\"'\\/][^\s\"'\\]{2,200})[\"']?[ \t]+/add"),
    ("rar,unrar", r"(?:un)?rar[ \t](?:[^\n]{0,200}?[ \t])?-h?p[\"']?(?P<bare>[^\s\"'\\-][^\s\"'\\]{2,200})"),
    (
        "ftp,lftp,ncftp",
        r"[a-z]{3,5}[ \t](?:[^\n]{0,200}?[ \t])?-u[ ]?[\"']?[^\s,\"']{1,64},(?P<bare>[^\s\"'\\]{3,200})",
    ),
    (
        "vsce,ovsx,doveadm,cypher-shell,ipmitool,ftpsync,mariadb,cqlsh,twine,poetry,helm,influx,clickhouse-client,sshfs,rdesktop,evil-winrm,couchbase-cli,arangosh,skopeo,"
        "buildah,mysqlsh",
        r"[a-z][a-z-]{3,20}[ \t](?:[^\n]{0,200}?[ \t])?-p[ =]?[\"']?(?P<bare>(?=\S{0,40}[\d!$%^&*])[^\s\"'\\=-]"
        r"[^\s\"'\\]{2,200})",
    ),
    (
        "security add",
        rf"security[ \t]+add-(?:generic|internet)-password{_ANY}-w[ ]?{_VALUE}",
    ),
    (
        "doctl,influx,nuget,gem,hydra,ldappasswd,slappasswd",
        r"[a-z]{3,10}[ \t](?:[^\n]{0,160}?[ \t])?(?:-[tks]|-ApiKey|--key)[ =](?P<bare>"
        r"(?=[A-Za-z_.+/-]*\d)[\w.+/-]{20,200}={0,2})(?=\s|[\"'\\]|$)",
    ),
    (
        "wandb login,flyctl auth token,fly auth token,hf auth login,bw unlock,lpass login,op signin",
        r"[a-z]{2,6}[ \t](?:auth[ \t])?[a-z]{5,6}[ \t]+(?:--?\w{1,20}[ =])?(?P<bare>"
        r"(?=[A-Za-z_.+/-]*\d)[\w.+/!-]{10,200}={0,2})",
    ),
    (
        "password-file,passphrase-file,token-file,key-file,password-command,password-cmd",
        rf"[a-z]{{3,10}}-[a-z]{{3,7}}[ =]{_QUOTE}?(?:<\()?(?:echo|printf)[ \t]+{_PRINTED}{_VALUE}",
    ),
    ("key-string,set psksecret,ascii-text", rf"[a-z]{{3,5}}[ -][a-z]{{4,9}}[ \t]+(?:\d[ \t]+)?(?=\S*\d){_VALUE}"),
    ("hello", rf"(?i:hello[ \t]+\d[ \t]+auth)[ \t]+\S{{1,64}}[ \t]+{_VALUE}"),
    (
        "pragma key,pragma rekey,pragma hexkey,attach,add key",
        r"(?i:pragma[ \t]+(?:hex)?(?:re)?key[ \t]*[=(][ \t]*|attach[ \t][^\n]{1,200}?[ \t]key[ \t]+)x?'"
        r"(?P<quoted>[^'\n]{4,200})",
    ),
    (
        "bundle config,bundle_,composer config",
        r"(?:bundle[ \t]+config[ \t][^\n]{0,100}?[ \t]|BUNDLE_\w{1,80}:[ \t]{0,4})\\{0,15}[\"']?[\w.@-]{1,64}:"
        r"(?P<bare>(?=\S*\d)[^\s\"'\\/]{6,200})",
    ),
    (
        "poetry,composer",
        rf"[a-z]{{6,8}}[ \t]+config[ \t]+"
        rf"(?:--?[a-z-]{{1,10}}[ \t]+)?http-basic\.\S{{1,60}}[ \t]+\S{{1,60}}[ \t]+{_VALUE}",
    ),
    ("ssh-keygen", rf"ssh-keygen[ \t](?:{_ANY})?-[NP][ ]?{_VALUE}"),
    ("signtool", rf"signtool[ \t]{_ANY}/p[ \t]+{_VALUE}"),
    ("certutil", rf"certutil[ \t](?:{_ANY})?-p[ \t]+{_VALUE}"),
    ("smbclient", rf"smbclient[ \t]+//[^\s/]{{1,80}}/\S{{1,80}}[ \t]+{_VALUE}"),
    (
        "redis-cli",
        rf"redis-cli\b[^\n]{{0,200}}?[ \t](?i:auth)[ \t]+(?:[A-Za-z][\w.-]{{0,40}}[ \t]+(?=[^\s-]))?{_VALUE}",
    ),
    ("wpa_passphrase", rf"wpa_passphrase[ \t]+\S{{1,64}}[ \t]+{_VALUE}"),
    ("nmcli", rf"nmcli[ \t]{_ANY}(?:password|psk)[ \t]+{_VALUE}"),
    (
        "set password",
        r"(?i:set[ \t]+password[ \t]+for)[ \t]+\S{1,120}?[ \t]*=[ \t]*(?:[A-Z]{1,12}\()?'(?P<quoted>[^'\n]{4,200})",
    ),
    (
        "kennwort,contraseña,contrasena,senha,пароль,парола,hasło,haslo,wachtwoord,lösenord,heslo,parola,parool,şifre,salasana,"
        "adgangskode,passord,lykilorð,jelszó,jelszo,lozinka,geslo,slaptažodis,fjalëkalim,κωδικός,סיסמה,סיסמא,كلمة,رمز,"
        "पासवर्ड,รหัสผ่าน,mật khẩu,kata sandi,パスワード,暗証番号,密码,密碼,口令,비밀번호,암호",
        rf"[^\s:=\"'\\]{{2,16}}(?:[ \t][^\s:=\"'\\]{{1,20}}){{0,3}}{_QUOTE}?[ \t]{{0,3}}[:=][ \t]{{0,3}}"
        rf"(?={_QUOTE}|\S*[\d!-/:-@]|\w+[.!]?[ \t]{{0,8}}(?:[\r\n\"'`|\\]|$)){_VALUE}",
    ),
    ("secret id", r"(?i:secret id)[ \t]{1,8}[=:]?[ \t]{1,4}(?P<bare>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"),
    ("usermod,useradd", rf"user(?:mod|add)[ \t](?:{_ANY})?(?:-p|--password)[ =]?{_VALUE}"),
    ("rabbitmqctl", rf"rabbitmqctl[ \t]+(?:add_user|change_password|authenticate_user)[ \t]+\S{{1,64}}[ \t]+{_VALUE}"),
    (
        "ipmitool,mosquitto_pub,mosquitto_sub,security import",
        rf"[a-z]{{3,9}}(?:_[ps]ub|[ ]import)?[ \t](?:{_ANY})?-P[ \t]?{_VALUE}",
    ),
    ("security unlock-keychain,security create-keychain,altool", rf"[a-z-]{{6,8}}[ \t]{_ANY}?-p[ \t]?{_VALUE}"),
    ("snmpwalk,snmpget,snmpset,snmpbulkwalk,snmptrap", rf"snmp[a-z]{{3,8}}[ \t](?:{_ANY})?-[cAX][ \t]?{_VALUE}"),
    ("snmpget,snmpwalk,snmpset", rf"snmp[a-z]{{3,8}}[ \t](?:{_ANY})?-X[ \t]?{_VALUE}"),
    ("snmp-server community", r"snmp-server[ \t]+community[ \t]+(?P<bare>[^\s\"'\\]{4,80})[ \t]+(?:RO|RW|ro|rw)\b"),
    (
        "tacacs-server,radius-server,pre-shared-key",
        rf"[a-z]{{3,6}}-(?:server|shared-key)\b(?:[^\n]{{0,100}}?[ \t]key)?[ \t]+(?:\d[ \t]+)?(?=\S*\d){_VALUE}",
    ),
    (
        "enable secret,enable password,username",
        r"(?:enable|username[ \t]+[\w.-]{1,64}(?:[ \t]+privilege[ \t]+\d{1,2})?)[ \t]+"
        rf"(?:secret|password)[ \t]+(?:\d[ \t]+)?"
        rf"(?=\S*\d|[a-z]{{8,40}}(?<!ed)(?<!ing)(?<!ion)[ \t]*(?:[\r\n\"']|\\{{1,15}}[rn\"']|$)){_VALUE}",
    ),
    (
        "sqlplus,sqlldr,impdp,expdp,rman,thin:",
        r"(?:[a-z]{4,7}[ \t](?:[^\n]{0,100}?[ \t])?|thin:)[\"']?[\w$#.]{1,64}/(?P<bare>[^\s\"'\\/@]{3,200})@",
    ),
    ("vault operator unseal", rf"vault[ \t]+operator[ \t]+unseal[ \t]+{_VALUE}"),
    ("net use", r"net[ \t]+use[ \t]+\S{1,100}[ \t]+\S{1,100}[ \t]+(?P<bare>[^\s\"'/][^\s\"']{2,200})[ \t]+/user:"),
    ("mc alias", r"mc[ \t]+alias[ \t]+set[ \t]+\S{1,64}[ \t]+\S{1,200}[ \t]+\S{1,80}[ \t]+" + _VALUE),
    ("cryptsetup", rf"cryptsetup[ \t][^\n]{{0,200}}?<<<[ \t]*{_VALUE}"),
    ("rclone config", rf"rclone[ \t]+config[ \t]+create{_ANY}?pass(?:word)?[ =]{_VALUE}"),
    ("rootpw", rf"rootpw[ \t]+--(?:plaintext|iscrypted)[ \t]+(?:--[a-z]{{4,10}}[ \t]+)?{_VALUE}"),
    ("crypt(", r"crypt\([ \t]?'(?P<quoted>[^'\n]{4,200})',[ \t]?gen_salt"),
    ("wifi.begin(", r"(?i:wifi\.begin)\([^,\n()]{1,80},\s{0,4}\\{0,15}\"(?P<quoted>[^\"\n\\]{4,100})"),
    (
        "user",
        r"user[ \t]+[\w.@-]{1,64}[ \t]+(?=[^\s;]*\d)(?=[^\s;]*[a-z])"
        r"(?P<bare>[^\s\"'\\;()]*[!@#$%^&*+=?~][^\s\"'\\;]{1,60})(?=[\s;\"']|$)",
    ),
    ("cargo login", r"cargo[ \t]+login[ \t]+(?P<bare>[\w-]{16,})"),
    ("rclone", rf"rclone[ \t]+obscure[ \t]+{_VALUE}"),
    (
        "ansible-vault",
        rf"ansible-vault[ \t]+encrypt_string[ \t]+(?:--[\w-]{{1,30}}[ =]\S{{1,60}}[ \t]+){{0,3}}{_VALUE}",
    ),
    (
        "npm config,npm set,pnpm config,pnpm set,yarn config,git config,pip config,poetry config,aws configure,"
        "gcloud config,conda config,composer config,bundle config,bundle set,nuget config",
        r"[a-z]{3,8}[ \t]+(?:config(?:ure)?[ \t]+)?(?:set[ \t]+|--[a-z]{2,10}[ \t]+){0,3}"
        rf"[\w./:@~-]{{0,60}}{_NAMED}[\w.-]{{0,20}}(?:[ \t]+[\w.-]{{1,40}}(?=[ \t]+[\w\"']))?[ \t]+(?="
        rf"[^\n]{{0,80}}\d){_VALUE}",
    ),
    ("etcdctl", rf"etcdctl[ \t](?:{_ANY})?--user[ =][^\s:]{{1,64}}:{_VALUE}"),
    ("setcookie", rf"setcookie[ \t]+(?=[A-Z\d]{{8}}){_VALUE}"),
    ("psexec,paexec", rf"p[as]exec[ \t](?:{_ANY})?-p[ \t]+{_VALUE}"),
    (
        "dbi->connect(",
        rf"(?i:dbi->connect)\([^,\n]{{1,100}},\s{{0,9}}{_QUOTE}[^\"'\n]{{0,64}}{_QUOTE},\s{{0,9}}{_QUOTE}"
        r"(?P<quoted>[^\"'\n\\]{4,200})",
    ),
    ("acl setuser", r"(?i:acl setuser)[ \t]+[^\n]{1,100}?[ \t]>(?P<bare>[^\s\"'\\]{4,200})"),
    ("eap,xauth", r"(?i:eap|xauth)[ \t]+\\{0,15}\"(?P<quoted>[^\"\n\\]{6,100})"),
    (
        "api key,api-key,access key,auth key,secret key,license key",
        r"[A-Za-z]{3,7}[ -][Kk]ey[ \t]{1,3}(?:is[ \t]+)?(?=[A-Za-z]*\d)(?P<bare>[0-9a-f]{32,64})(?![\w-])",
    ),
    ("snyk auth", r"snyk[ \t]+auth[ \t]+(?P<bare>[0-9a-f-]{36})(?![\w-])"),
    ("codecov", rf"codecov[ \t](?:{_ANY})?(?:-t|--token)[ =]{_VALUE}"),
    ("adb pair", r"adb[ \t]+pair[ \t]+\S{1,100}[ \t]+(?P<bare>\d{6})(?!\w)"),
    ("oathtool", r"oathtool[ \t][^\n]{0,120}?(?P<bare>[A-Za-z2-7]{16,128}=*|[0-9a-fA-F]{16,128})(?![\w-])"),
    (
        "send \",send ',send --,send \\",
        rf"send[ \t]+(?:--[ \t]+)?{_QUOTE}(?P<quoted>(?=[^\"'\n]{{0,99}}\d)[^\s\"'\n\\]{{6,100}})\\{{1,15}}[rn]",
    ),
)
