#!/usr/bin/env bash
# Surprise: `import websockets` loads importlib.metadata, and with it email and zipfile, although a release needs none of them.
#
# websockets 17.4, Python 3.11: only a development version reads its own metadata, to tell its commit; the module is imported
# for a release, too. For a small program, that is almost half of the time that the import takes.
#
# Output seen:
#   importlib.metadata: True, email.message: True, zipfile: True
#   version: 17.4, released: True
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check websockets==17.4
seen=$("$work/venv/bin/python" - <<'PY'
import sys

assert not {"importlib.metadata", "email.message", "zipfile"} & set(sys.modules)
import websockets.version

print(", ".join(f"{name}: {name in sys.modules}" for name in ("importlib.metadata", "email.message", "zipfile")))
print(f"version: {websockets.version.version}, released: {websockets.version.released}")
PY
)
echo "$seen"
grep -qx "importlib.metadata: True, email.message: True, zipfile: True" <<<"$seen"
grep -qx "version: 17.4, released: True" <<<"$seen"
