#!/usr/bin/env bash
# Makes an authority in $AUTHORITY and certificates for Elasticsearch and Kibana in $CERTS, those that are not there yet.
# Runs in Elasticsearch's image, which has the tool. They last 825 days: remove kibana.crt and elasticsearch.crt and run
# it again for new ones.
set -euo pipefail

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

if [[ ! -f $AUTHORITY/ca.crt ]]; then
    elasticsearch-certutil ca --silent --pem --days 3650 --out "$made/ca.zip"
    unzip -q "$made/ca.zip" -d "$made"
    install -m 400 "$made/ca/ca.key" "$AUTHORITY/ca.key"
    install -m 444 "$made/ca/ca.crt" "$AUTHORITY/ca.crt"
fi
install -m 444 "$AUTHORITY/ca.crt" "$CERTS/ca.crt"

for name in elasticsearch kibana; do
    if [[ ! -f $CERTS/$name.crt ]]; then
        elasticsearch-certutil cert --silent --pem --days 825 --ca-cert "$AUTHORITY/ca.crt" --ca-key "$AUTHORITY/ca.key" \
            --name "$name" --dns "$name,localhost" --ip 127.0.0.1 --out "$made/$name.zip"
        unzip -q "$made/$name.zip" -d "$made"
        # Keys are for the user that both run as, certificates for everybody.
        install -m 400 "$made/$name/$name.key" "$CERTS/$name.key"
        install -m 444 "$made/$name/$name.crt" "$CERTS/$name.crt"
    fi
done
