#!/bin/sh
# Makes the environment of a lock file, and puts the checkout's commands into it. Usage: install.sh PYTHON VENV LOCK
set -eu
python=$1 venv=$2 lock=$3
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Simpul needs Python 3.11 or newer as $python; name another with: make PYTHON=/path/to/python3.11" >&2
  exit 1
fi
uv=$(sh deploy/find-uv.sh "$python")
export UV_PYTHON_DOWNLOADS=never
[ -x "$venv/bin/python" ] || "$uv" venv --quiet --python "$python" "$venv"
"$uv" pip sync --quiet --compile-bytecode --require-hashes --python "$venv/bin/python" "$lock"
"$uv" pip install --quiet --no-deps --no-build-isolation --offline --python "$venv/bin/python" --editable .
