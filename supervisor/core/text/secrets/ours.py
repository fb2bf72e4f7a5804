"""Our own rules, beside the converted ones: (rule, keywords, characters before the keyword, pattern).

They accept tokens of other lengths than are issued today, and know a few that the converted rules do not. The first
group of a pattern is the secret; without groups it is the whole match. Each takes linear time.
"""

from __future__ import annotations

from supervisor.regex import regex

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

OURS: tuple[tuple[str, str, int, str], ...] = (
    ("key-with-sk", "sk- rk- pk-", 0, r"[srp]k-[A-Za-z0-9_-]{20,}"),
    ("stripe", "sk_live sk_test rk_live rk_test sk_prod rk_prod", 0, r"[sr]k_(?:live|test|prod)_[A-Za-z0-9_]{10,}"),
    ("stripe-webhook", "whsec_", 0, r"whsec_[A-Za-z0-9+/=]{24,}"),
    ("github", "ghp_ gho_ ghu_ ghs_ ghr_", 0, r"gh[pousr]_[A-Za-z0-9]{20,}"),
    ("github-fine-grained", "github_pat_", 0, r"github_pat_\w{20,}"),
    ("gitlab", "glpat- gldt- glrt- glptt- glsoat- glcbt- glft- glimt- glagent- gloas-", 0, r"gl[a-z]{2,6}-[\w.-]{16,}"),
    ("slack", "xoxa xoxb xoxp xoxr xoxs xoxe xoxc xoxd xoxo", 0, r"xox[a-z](?:\.xox[a-z])?-[\w%/+=-]{10,}"),
    ("slack-app", "xapp-", 0, r"xapp-[\w-]{10,}"),
    ("slack-webhook", "hooks.slack.com", 0, r"hooks\.slack\.com/(?:services|workflows|triggers)/([\w/+-]{16,})"),
    ("discord-webhook", "api/webhooks/", 0, r"api/webhooks/(\d{5,}/[\w-]{20,})"),
    ("teams-webhook", "webhook.office.com", 0, r"webhook\.office\.com/(webhookb2/[\w@/-]{30,})"),
    ("zapier-webhook", "hooks.zapier.com", 0, r"hooks\.zapier\.com/hooks/catch/([\w/]{8,})"),
    ("telegram", "aa", 17, r"(?<![A-Za-z0-9])\d{5,16}:AA[\w-]{30,}"),
    ("telegram-url", "api.telegram.org/bot", 0, r"api\.telegram\.org/bot(\d{5,16}:[\w-]{20,})"),
    ("aws-key-id", "akia asia abia acca", 0, r"A[KSBC](?:IA|CA)[0-9A-Z]{16}(?![0-9A-Z])"),
    ("aws-session", "fwogzxivyxdz iqojb3jpz2lu", 0, r"(?:FwoGZXIvYXdz|IQoJb3JpZ2lu)[\w/+=%-]{40,}"),
    ("google-oauth", "ya29.", 0, r"ya29\.[\w-]{20,}"),
    ("google-client-secret", "gocspx-", 0, r"GOCSPX-[\w-]{20,}"),
    ("google-refresh", "1//0", 0, r"1//0[\w-]{30,}"),
    ("google-api", "aiza", 0, r"AIza[\w-]{30,}"),
    ("jwt", "eyj", 0, r"eyJ[\w-]{8,1500}+\.(?:[\w-]*\.){1,3}[\w-]{6,}|eyJ[\w-]{8,1500}+\.eyJ[\w-]{8,}"),
    ("jwt-base64", "zxlk", 0, r"ZXlK[\w+/-]{60,}"),
    ("npm", "npm_", 0, r"npm_[A-Za-z0-9]{30,}"),
    ("pypi", "pypi-", 0, r"pypi-[\w-]{50,}"),
    ("hugging-face", "hf_", 0, r"hf_[A-Za-z0-9]{28,}"),
    ("sendgrid", "sg.", 0, r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    ("mailgun", "key-", 0, r"key-[0-9a-f]{32}(?![\w-])"),
    ("mailchimp", "us1 us2 us3 us4 us5 us6 us7 us8 us9", 33, r"(?<![\w-])[0-9a-f]{32}-us\d{1,2}\b"),
    ("twilio", "sk0 sk1 sk2 sk3 sk4 sk5 sk6 sk7 sk8 sk9 ska skb skc skd ske skf", 0, r"SK[0-9a-f]{32}(?![0-9a-f])"),
    ("vault", "hvs. hvb. hvr.", 0, r"hv[sbr]\.[\w-]{20,}"),
    ("vault-old", "s.", 0, r"s\.(?=[A-Z]*[a-z0-9])(?=[A-Za-z]*\d)[A-Za-z0-9]{24}(?![\w.])"),
    ("digitalocean", "dop_v1_ doo_v1_ dor_v1_", 0, r"do[opr]_v1_[a-f0-9]{32,}"),
    ("shopify", "shpat_ shpca_ shppa_ shpss_", 0, r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{24,}"),
    ("docker", "dckr_pat_ dckr_oat_", 0, r"dckr_[po]at_[\w-]{20,}"),
    ("grafana", "glsa_ glc_ eyjrijoi", 0, r"(?:gls?[ac]_|eyJrIjoi)[\w+/=-]{20,}"),
    ("doppler", "dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", 0, r"dp\.[a-z]{2,5}\.[\w.-]{30,}"),
    ("netlify", "nfp_", 0, r"nfp_[A-Za-z0-9]{30,}"),
    ("notion", "secret_", 0, r"secret_(?=[A-Za-z]*\d)[A-Za-z0-9]{43}(?!\w)"),
    ("bitbucket", "atbb atatt atctt", 0, r"AT(?:BB|ATT|CTT)[\w=-]{20,}"),
    ("twitch", "oauth:", 0, r"oauth:([a-z0-9]{30})(?!\w)"),
    ("mapbox", "sk.eyj pk.eyj", 0, r"[sp]k\.eyJ[\w-]{20,}\.[\w-]{10,}"),
    ("airtable", "pat", 0, r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    ("facebook", "eaa", 0, r"EAA[A-Z][A-Za-z0-9]{60,}"),
    ("dropbox", "sl.", 0, r"sl\.(?:u\.)?[\w-]{60,}"),
    ("azure-sas", "sv=", 0, r"sv=20\d\d-\d\d-\d\d&[^\s'\"<>]{0,300}?\bsig=([\w%+/=-]{20,})"),
    ("crates", "cio", 0, r"cio[A-Za-z0-9]{32}(?!\w)"),
    ("new-relic", "nrak- nrii- nrjs- nral-", 0, r"NR(?:AK|II|JS|AL)-[\w-]{19,}"),
    ("age", "age-secret-key-", 0, r"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{40,}"),
    ("age-plugin", "age-plugin-", 0, r"AGE-PLUGIN-[A-Z0-9-]{4,24}-1[0-9A-Z]{20,}"),
    ("tailscale", "tskey-", 0, r"tskey-[a-z]{3,12}-[\w-]{12,}"),
    ("notion-integration", "ntn_", 0, r"ntn_[A-Za-z0-9]{36,}"),
    ("sentry", "sntrys_ sntryu_", 0, r"sntry[su]_[\w+/=-]{40,}"),
    ("sonar", "sqp_ squ_ sqa_", 0, r"sq[pua]_[0-9a-f]{40}(?!\w)"),
    ("tavily", "tvly-", 0, r"tvly-[\w-]{20,}"),
    ("contentful", "cfpat-", 0, r"CFPAT-[\w-]{36,}"),
    ("fireworks", "fw_", 0, r"fw_(?=[A-Za-z]*\d)[A-Za-z0-9]{22,28}(?!\w)"),
    ("resend", "re_", 0, r"re_[A-Za-z0-9]{8}_(?=[A-Za-z]*\d)[A-Za-z0-9]{20,28}(?!\w)"),
    ("clickup", "pk_", 0, r"pk_\d{6,10}_[A-Z0-9]{32}(?!\w)"),
    ("nuget", "oy2", 0, r"oy2[a-z0-9]{43}(?!\w)"),
    ("infisical", "st.", 0, r"st\.[\w-]{20,48}\.[0-9a-f]{32}\.[0-9a-f]{32}(?!\w)"),
    ("paseto", "v1. v2. v3. v4.", 0, r"v[1-4]\.(?:local|public)\.[\w-]{40,}(?:\.[\w-]+)?"),
    ("macaroon", "mda", 0, r"MDA[w-z][A-Za-z0-9]{2}[xX]vY2F0aW9u[\w+/-]{20,}"),
    (
        "ldap-hash",
        "ssha ssha256 ssha512 sha} smd5 md5} crypt}",
        1,
        r"\{(?:S?SHA(?:256|512)?|S?MD5|CRYPT)\}([\w+/=$.]{12,})",
    ),
    ("bcrypt", "2a$ 2b$ 2y$", 1, r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}"),
    (
        "crypt",
        "1$ 5$ 6$ y$ apr1$",
        1,
        r"\$(?:[156]|y\$\w{2,4}|apr1)\$(?:rounds=\d+\$)?[./A-Za-z0-9]{4,24}\$[./A-Za-z0-9]{22,}",
    ),
    # "-----BEGIN ", but for certificates and public keys
    ("pem-base64", "ls0tls1crudjtib", 0, r"LS0tLS1CRUdJTiB(?!DRVJU|QVUJM|SU0EgUFVC)[\w+/-]{60,}={0,2}"),
    ("address-encoded", "3a%2f%2f", 1, r"%3[Aa]%2[Ff]%2[Ff][\w.~-]{0,64}%3[Aa]([\w.~!*-]{4,}?)%40"),
    (
        "powershell",
        "convertto-securestring",
        0,
        r"(?i:convertto-securestring\s+(?:-string\s+)?)\\*[\"']([^\s\"'\\$]{4,})",
    ),
    ("convex", "prod: dev: preview:", 0, r"(?:prod|dev|preview):[\w-]{3,80}\|((?=[A-Za-z+/=]*\d)[\w+/=-]{20,})"),
    ("oauth-code", "code=", 1, r"[?&#]code=((?=[^\s&\d]*\d)[\w.%/~-]{20,})"),
    (
        "one-time-codes",
        "otpauth-migration",
        0,
        r"otpauth-migration(?:://|%3[Aa]%2[Ff]%2[Ff])offline(?:\?|%3[Ff])data(?:=|%3[Dd])([\w%+/=-]{10,})",
    ),
    ("launchdarkly", "sdk- mob- api-", 0, rf"(?:sdk|mob|api)-{_UUID}(?![\w-])"),
    ("heroku", "hrku-", 0, rf"HRKU-{_UUID}"),
    ("elevenlabs", "sk_", 0, r"sk_[0-9a-f]{48}(?!\w)"),
    ("lob", "live_", 0, r"live_[0-9a-f]{35}(?!\w)"),
    ("cursor", "key_ crsr_", 0, r"(?:key|crsr)_[0-9a-f]{64}(?!\w)"),
    ("percy", "web_", 0, r"web_[0-9a-f]{64}(?!\w)"),
    ("e2b", "e2b_", 0, r"e2b_[0-9a-f]{40}(?!\w)"),
    ("packagist", "packagist_", 0, r"packagist_[\w]{40,}"),
    ("linear-oauth", "lin_oauth_", 0, r"lin_oauth_[0-9a-f]{40,}"),
    ("trello", "atta", 0, r"ATTA[0-9a-f]{64,}"),
    ("firecrawl", "fc-", 0, r"fc-[0-9a-f]{32}(?![\w-])"),
    ("chromatic", "chpt_", 0, r"chpt_[0-9a-f]{12,}"),
    ("stackhawk", "hawk.", 0, r"hawk\.[\w-]{20}\.[\w-]{20}"),
    ("inngest", "signkey-", 0, r"signkey-(?:prod|test|branch)-[0-9a-f]{32,}"),
    ("trigger", "tr_", 0, r"tr_(?:dev|prod|stg|pat|preview)_(?=[a-zA-Z]*\d)[A-Za-z0-9]{20,}"),
    ("plaid", "access-", 0, rf"access-(?:sandbox|development|production)-{_UUID}"),
    ("square", "sq0", 0, r"sq0[a-z]{3}-[\w-]{20,}"),
    ("braintree", "access_token$", 0, r"access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$[0-9a-f]{32}"),
    ("razorpay", "rzp_", 0, r"rzp_(?:live|test)_[A-Za-z0-9]{14,}"),
    ("flutterwave", "flwseck", 0, r"FLWSECK(?:_TEST)?-[0-9a-f]{12,}(?:-X)?"),
    ("honeycomb", "hca hcb hcx", 0, r"hc[abx][il][kc]_[a-z0-9]{50,}"),
    ("amazon-mws", "amzn.mws.", 0, rf"amzn\.mws\.{_UUID}"),
    ("aws-appsync", "da2-", 0, r"da2-(?=[a-z]*\d)[a-z0-9]{26}(?!\w)"),
    ("aws-bedrock", "bedrock-api-key-", 0, r"bedrock-api-key-[\w+/=-]{20,}"),
    ("alibaba", "ltai", 0, r"LTAI(?=[A-Za-z]*\d)[A-Za-z0-9]{12,26}(?!\w)"),
    ("tencent", "akid", 0, r"AKID(?=[A-Za-z]*\d)[A-Za-z0-9]{32,}"),
    ("baidu", "bce-v3/", 0, r"bce-v3/ALTAK-[\w/-]{20,}"),
    ("volcengine", "aklt", 0, r"AKLT(?=[A-Za-z]*\d)[\w-]{30,}"),
    ("yandex", "aqvn", 0, r"AQVN[\w-]{35,}"),
    ("scaleway", "scw", 0, r"SCW(?=[A-Z]*\d)[A-Z0-9]{17}(?!\w)"),
    (
        "asana",
        "1/1 1/2 1/3 1/4 1/5 1/6 1/7 1/8 1/9 2/1 2/2 2/3 2/4 2/5 2/6 2/7 2/8 2/9",
        0,
        r"[12]/\d{16}(?:/\d{16})?:[0-9a-f]{32}(?!\w)",
    ),
    ("hubspot", "pat-", 0, rf"pat-[a-z]{{2}}\d-{_UUID}"),
    ("sanity", "sk", 0, r"sk(?=[A-Za-z]*\d)[A-Za-z0-9]{80,}(?!\w)"),
    ("twitter-bearer", "aaaaaaaaaaaaaaaa", 0, r"A{20}[A-Za-z0-9%]{60,}"),
    ("instagram", "igqv igaa", 0, r"IG(?:QV|AA)[\w-]{60,}"),
    ("linkedin", "aq", 0, r"AQ[A-Z][\w-]{120,}"),
    ("adyen", "aqe", 0, r"AQE[\w+/]{50,}[\w=+/.:^~<>{}-]{0,80}"),
    ("roblox", "warning:-do-not-share-this", 0, r"(?i:warning:-do-not-share-this)[^\s|]{0,200}\|_([0-9A-Fa-f]{60,})"),
    ("voyage", "pa- al-", 0, r"(?:pa|al)-(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{43}(?![\w-])"),
    ("modal", "ak- as-", 0, r"a[ks]-(?=[A-Za-z]*\d)(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{22}(?![\w-])"),
    ("arize", "ak-", 0, rf"ak-{_UUID}-\w{{20,}}"),
    ("composio", "ak_", 0, r"ak_(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{20,}"),
    ("runpod", "rpa_", 0, r"rpa_[A-Z0-9]{40,}"),
    ("steel", "ste-", 0, r"ste-[A-Za-z0-9]{60,}"),
    ("mem0", "m0-", 0, r"m0-(?=[A-Za-z]*\d)[A-Za-z0-9]{30,}"),
    ("nostr", "nsec1", 0, r"nsec1[a-z0-9]{58}(?!\w)"),
    ("extended-key", "xprv yprv zprv tprv", 0, r"[xyzt]prv[A-Za-z0-9]{100,}"),
    ("okta", "00", 0, r"00(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*[g-zG-Z])[\w-]{40}(?![\w-])"),
    ("courier", "pk_", 0, r"pk_(?:prod|test)_[A-Z0-9]{28}(?!\w)"),
    ("imagekit", "private_", 0, r"private_[A-Za-z0-9+/]{27}="),
    ("lambdatest", "lt_", 0, r"LT_(?=[A-Za-z]*\d)[A-Za-z0-9]{40,}"),
    ("smtp", "plain login", 5, r"AUTH (?:PLAIN|LOGIN) ((?=[A-Za-z+/]*\d)[A-Za-z0-9+/]{8,}={0,2})"),
    ("bitwarden", "0.", 0, r"0\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[A-Za-z0-9]{20,}(?::[\w+/=-]{16,})?"),
    ("zep", "z_", 0, r"z_(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}\.[\w-]{16,}"),
    ("vault-unseal", "unseal", 0, r"(?i:unseal key)(?: \d{1,2})?: ([\w+/=]{32,})"),
    ("consul", "secretid secret_id", 0, rf"(?i:secret_?id)[\"']?[ \t]{{0,3}}[:=][ \t]{{0,20}}[\"']?({_UUID})"),
    (
        "product-key",
        "product license licence activation serial recovery",
        0,
        r"(?i:product|licen[cs]e|activation|serial|recovery)(?i:[ _-]?(?:key|code|number"
        r"|no\.?))[\"']?[ \t]?[:=][ \t]?[\"']?"
        r"((?:[A-Z0-9]{4,8}-){3,7}[A-Z0-9]{4,8})(?![\w-])",
    ),
    (
        "bearer",
        "bearer",
        0,
        r"(?i:bearer)(?:[ \t]?[:=,]?[ \t]{1,4}[\"']?|\.authorization\.k8s\.io\.)((?=[A-Za-z_.~+/-]*\d)"
        r"(?=[\d_.~+/-]*[A-Za-z])[\w.~+/-]{12,}=*)",
    ),
    ("tinybird", "p.eyj", 0, r"p\.eyJ[\w-]{20,}\.[\w-]{20,}"),
    ("klaviyo", "pk_", 0, r"pk_[0-9a-f]{34}(?!\w)"),
    ("paypal", "a21aa", 0, r"A21AA(?=[A-Za-z_-]*\d)[\w-]{60,}"),
    ("firebase-messaging", "aaaa", 0, r"AAAA[\w-]{7}:APA91b[\w-]{60,}"),
    ("webex", "p0a1_ pf84_", 65, rf"(?<![A-Za-z0-9])[A-Za-z0-9]{{64}}_P\w{{3}}_{_UUID}"),
    ("matrix", "syt_ mct_", 0, r"(?:syt|mct)_[\w-]{4,80}_\w{6}(?!\w)"),
    ("stytch", "secret-live- secret-test-", 0, r"secret-(?:live|test)-(?=[A-Za-z_-]*\d)[\w-]{30,}=?"),
    ("kubernetes-bootstrap", "-token", 0, r"-token[ =]([a-z0-9]{6}\.[a-z0-9]{16})(?![\w.])"),
    (
        "ethereum-node",
        "infura.io/ alchemy.com/ alchemyapi.io/ quiknode.pro/",
        0,
        r"[a-z]{6,10}\.[a-z]{2,3}/(?:(?:ws/)?v\d/)?((?=[A-Za-z_-]*\d)[\w-]{24,})",
    ),
    (
        "private-key-hex",
        "private",
        0,
        r"(?i:private[ _-]?key)[\"']?[ \t]?(?:[:=]|is)?[ \t]{0,4}[\"']?((?:0x)?[0-9a-fA-F]{64})(?!\w)",
    ),
    (
        "private-key-bytes",
        "private secret-key secret_key secretkey",
        0,
        r"(?i:(?:private|secret)[ _-]?key)[\"']?[ \t]?[:=]?[ \t]{0,4}(\[\s?\d{1,3}(?:,\s{0,4}\d{1,3}){31,63}\s?\])",
    ),
    ("bitcoin-wif", "wif", 0, r"(?i:wif)[\"']?[ \t]?[:=]?[ \t]{0,4}[\"']?([5KLc9][1-9A-HJ-NP-Za-km-z]{50,51})(?!\w)"),
    ("wifi-code", "wifi:", 0, r"WIFI:(?:[STHR]:[^;\n]{0,64};){0,3}P:([^;\n]{4,63});"),
    ("opsgenie", "geniekey", 0, rf"(?i:geniekey)[ \t:=]{{1,4}}({_UUID})"),
    ("godaddy", "sso-key", 0, r"sso-key[ \t]+([\w-]{8,}:[\w-]{16,})"),
    ("sonar-login", "sonar.login dsonar.login", 0, r"D?sonar\.login[=: ]{1,4}([0-9a-f]{40})"),
    (
        "app-password",
        "app- app",
        0,
        r"(?i:app(?:lication)?[ -](?:specific )?password)[\"']?(?: is)?[:= \t]{1,4}[\"']?"
        r"([a-z]{4}(?:[ -][a-z]{4}){3})(?![\w-])",
    ),
    ("strapi", "app_keys", 0, r"APP_KEYS[=: ]{1,4}[\"']?([\w+/=,-]{20,})"),
    ("openweather", "appid=", 0, r"appid=([0-9a-f]{32})(?!\w)"),
    ("access-key-header", "accesskey", 0, r"(?i:accesskey)[ \t]{1,4}((?=[A-Za-z]*\d)[A-Za-z0-9]{24,})"),
    ("pagerduty", "u+", 0, r"u\+(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{18}(?![\w-])"),
    ("hawk", "mac=", 0, r"mac=\\{0,15}\"((?=[A-Za-z+/]*\d)[\w+/]{26,88}={0,2})\\{0,15}\""),
    ("ntlm", "ntlm", 0, r"(?:NTLM|Negotiate) ((?=[A-Za-z+/]*\d)[\w+/]{24,}={0,2})"),
    ("stripe-signature", "v1=", 0, r"v1=([0-9a-f]{64})(?!\w)"),
    ("calendar", "private-", 0, r"private-([0-9a-f]{32})/"),
    (  # of one use: it logs in whoever has it
        "link",
        "reset-password/ password-reset/ password/reset/ reset/ invite/ invitation/ magic-link/ magic/ activate/"
        " verify-email/"
        " confirm-email/ confirmation/ login/",
        0,
        r"[a-z/-]{5,16}/((?=[A-Za-z_-]*\d)(?=[\w-]*[g-zG-Z])[\w-]{24,}(?:\.[\w.-]{10,})?)(?![\w./-])",
    ),
    ("openssl-key", "openssl", 0, r"openssl[ \t][^\n]{0,200}?[ \t]-K[ \t]+([0-9a-fA-F]{16,128})(?!\w)"),
    ("fernet", "fernet(", 0, r"Fernet\(b?\\{0,15}[\"']([\w-]{43}=)"),
    ("digest", "response=", 0, r"response=\"([0-9a-f]{32,128})\""),
    ("putty", "private-lines:", 0, r"Private-Lines: \d+(?:\r?\n[A-Za-z0-9+/=]+)+"),
)


def cut_off(end: str, at: int) -> list[tuple[int, int]]:
    """Return what a limit left of a token or of a password in an address, at the very end of a text.

    `end`: the last CUT_OFF characters of the text, which begin at `at`.
    """
    words = end.rsplit(None, 1)
    if not words or len(word := words[-1]) < _SHORTEST or not any(map(word.__contains__, _BEGIN_SO)):
        return []
    match = _CUT_OFF.search(word)
    if match is None:
        return []
    group, at = match.lastindex or 0, at + end.rindex(word)
    return [(at + match.start(group), at + match.end(group))]


CUT_OFF = 400
"""Characters at the end of a text that are looked at for what a limit left of a secret."""

_SHORTEST = 8
_BEGIN_SO = ("_", "-", "//", "AK", "AS", "AIza", "SG.", "hv", "dapi")  # one is in each beginning of the pattern below
_CUT_OFF = regex(
    r"(?:\b|(?<=\\[nrt]))(?:(?:gh[pousr]_|github_pat_|gl[a-z]{2,6}-|[sr]k_(?:live|test)_|xox[a-z]-|A[KS]IA|AIza|hf_|npm_|SG\.|do[opr]_v1_|shp[a-z]{2}_"
    r"|dckr_pat_|glsa_|glc_|gsk_|lin_api_|dapi|hv[sbr]\.|whsec_|xai-|pypi-|xapp-|sk-(?:proj|ant|or)-|AGE-SECRET-KEY-)"
    r"(?=[^\s]*\d)[\w+/=-]{4,}|(?<=\w)://[^\s/@:\"'<>]{0,64}:((?!\d{1,5}…?\Z)[^\s/@\"'<>:]{4,}))…?\Z"
)
