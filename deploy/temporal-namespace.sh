#!/bin/sh
# Make the namespace that holds the runs, and the search attributes by which they are found. Repeating it changes nothing.
set -eu

# The server needs a while to start, and some seconds more until it knows a new namespace.
insist() {
  attempts=30
  until "$@"; do
    attempts=$((attempts - 1))
    [ "$attempts" -gt 0 ] || { echo "gave up: $*" >&2; exit 1; }
    sleep 2
  done
}

insist temporal operator cluster health
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "${TEMPORAL_RETENTION:-720h}"
insist temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" >/dev/null

attributes=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE")
for name in PerdureTeam PerdureFlow PerdureUser PerdureSession PerdurePhase PerdureWaitingFor; do
  case $attributes in
    *"$name"*) ;;
    *) temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword ;;
  esac
done
