#!/bin/bash
# Run once by the InfluxDB image after its first setup: names the bucket for InfluxQL and makes the two
# tokens that are used from day to day. The collector's writes and reads this bucket, Grafana's only reads.
#   https://docs.influxdata.com/influxdb/v2/reference/cli/influx/auth/create/
#   https://docs.influxdata.com/influxdb/v2/reference/cli/influx/v1/dbrp/create/
set -euo pipefail

bucket=$DOCKER_INFLUXDB_INIT_BUCKET_ID
org=$DOCKER_INFLUXDB_INIT_ORG

token() { # NAME DESCRIPTION RIGHT…
  local name=$1 description=$2 made
  shift 2
  made=$(influx auth create --org "$org" --description "$description" "$@" --json |
    sed -n 's/.*"token": *"\([^"]*\)".*/\1/p')
  if [ -z "$made" ]; then
    echo "no token for $name came back" >&2
    exit 1
  fi
  # Written in place: the file is there already, with its mode.
  printf '%s\n' "$made" >"${TOKENS:-/tokens}/$name"
}

influx v1 dbrp create --org "$org" --bucket-id "$bucket" --db "$DOCKER_INFLUXDB_INIT_BUCKET" --rp autogen --default
token writer "hallwatch collector" --read-bucket "$bucket" --write-bucket "$bucket"
token reader "grafana, read only" --read-bucket "$bucket"
