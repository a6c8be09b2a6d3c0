#!/bin/sh
# Prints the path of uv; installs it below .tools/ where the machine has none. Usage: find-uv.sh PYTHON
set -eu
python=$1
here=$(cd "$(dirname "$0")/.." && pwd)
tools="$here/.tools"
if command -v uv >/dev/null 2>&1; then
  command -v uv
  exit 0
fi
for uv in "$tools/venv/bin/uv" "$tools/lib/bin/uv"; do
  if [ -x "$uv" ]; then
    echo "$uv"
    exit 0
  fi
done
mkdir -p "$tools"
if "$python" -m venv "$tools/venv" >/dev/null 2>&1 && "$tools/venv/bin/python" -m pip install --quiet uv >&2; then
  echo "$tools/venv/bin/uv"
elif "$python" -m pip install --quiet --target "$tools/lib" uv >&2; then
  echo "$tools/lib/bin/uv"
else
  echo "uv could not be installed: install Python's venv or pip (Debian: apt-get install python3-venv), then try again." >&2
  exit 1
fi
