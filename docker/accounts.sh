#!/usr/bin/env bash
# Gives Kibana's own user its password, and makes the API keys that $ROLES/*.json describe, those that are not in $KEYS yet.
set -euo pipefail

# Passwords go to curl through a file descriptor: command lines are there for all to see.
ask() {
    curl --silent --show-error --fail-with-body --cacert "$CA" --config <(printf 'user = "elastic:%s"\n' "$ELASTIC_PASSWORD") \
        --header 'Content-Type: application/json' --request POST --data-binary @- "$URL$1"
}

printf '{"password":"%s"}' "$KIBANA_PASSWORD" | ask /_security/user/kibana_system/_password >/dev/null

for role in "$ROLES"/*.json; do
    key=$KEYS/$(basename "$role" .json).key
    if [[ ! -f $key ]]; then
        ask /_security/api_key <"$role" | sed -n 's/.*"encoded":"\([^"]*\)".*/\1/p' >"$key.part"
        [[ -s $key.part ]]
        chmod 444 "$key.part"
        mv "$key.part" "$key"
    fi
done
