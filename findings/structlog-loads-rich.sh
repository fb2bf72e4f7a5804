#!/usr/bin/env bash
# Surprise: `import structlog` also imports rich when rich is installed, even in a program that only writes JSON lines.
#
# structlog 26.1.0 with rich 15.0.0, Python 3.11: structlog.dev tries to import rich when structlog itself is imported, to
# have pretty tracebacks at hand. Rich is most of the time that the import takes, so whether some other package brought rich
# along decides how long a program that logs JSON takes to start.
#
# Output seen:
#   with rich: rich is imported: True
#   without rich: rich is imported: False
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check structlog==26.1.0 rich==15.0.0
look='import sys, structlog; print("rich is imported:", "rich" in sys.modules)'
with=$("$work/venv/bin/python" -c "$look")
"$work/venv/bin/pip" uninstall --quiet --yes rich
without=$("$work/venv/bin/python" -c "$look")
echo "with rich: $with"
echo "without rich: $without"
[ "$with" = "rich is imported: True" ] && [ "$without" = "rich is imported: False" ]
