#!/usr/bin/env bash
# Fails when a generated file is not what its source gives now. It generates
# into a copy of the tree, so that nothing of the work tree is touched.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do
  [ -e "$file" ] && printf '%s\0' "$file"
done | tar --null -T - -cf - | tar -xf - -C "$copy"

(
  cd "$copy"
  go tool -modfile=tools/go.mod templ generate -log-level error >&2
  go generate ./... >&2
)

# What differs, is new, or has lost its source.
stale=$(cd "$copy" && find . -type f -not -path './.git/*' -print | while IFS= read -r file; do
  cmp -s "$file" "$OLDPWD/$file" || printf '%s\n' "${file#./}"
done)
orphans=$(find . -name '*_templ.go' -not -path '*/node_modules/*' | while IFS= read -r file; do
  [ -e "${file%_templ.go}.templ" ] || printf '%s\n' "${file#./}"
done)

if [ -n "$stale$orphans" ]; then
  echo 'generated code is not current: run make generate, and commit what it changes' >&2
  [ -z "$stale" ] || printf '  %s\n' $stale >&2
  [ -z "$orphans" ] || printf '  %s has no source\n' $orphans >&2
  exit 1
fi
