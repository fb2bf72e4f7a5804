#!/bin/sh
# Take one edge out of service before an upgrade.
set -eu
host=$1
curl -fsS -X POST -H "X-Lumen-Admin-Token: ${LUMEN_ADMIN_TOKEN}" "http://${host}:7901/_lumen/v1/drain"
curl -fsS "http://${host}:7443/health"
