#!/bin/sh
# Make the namespace that holds the runs, and the search attributes by which they are found. Repeating it changes nothing.
set -eu

attempts=30
until temporal operator cluster health; do
  attempts=$((attempts - 1))
  [ "$attempts" -gt 0 ] || { echo "the Temporal server at $TEMPORAL_ADDRESS did not become healthy" >&2; exit 1; }
  sleep 2
done

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "${TEMPORAL_RETENTION:-720h}"

attributes=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE")
for name in PerdureTeam PerdureUser PerdureSession PerdurePhase; do
  case $attributes in
    *"$name"*) ;;
    *) temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword ;;
  esac
done
