#!/bin/sh
# Makes federation/v1/ from the .proto files. Usage: protos/generate.sh [FOLDER]; the folder defaults to the checkout.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
into=${1:-$here}
python=${PYTHON:-$here/.venv/bin/python}
PATH="$(dirname "$python"):$PATH"
export PATH
cd "$here"
"$python" -m grpc_tools.protoc -Iprotos --python_out="$into" --mypy_out="quiet:$into" protos/federation/v1/*.proto
services=$(grep -l '^service ' protos/federation/v1/*.proto)
# shellcheck disable=SC2086
"$python" -m grpc_tools.protoc -Iprotos --grpc_python_out="$into" --mypy_grpc_out="quiet,only_async:$into" $services
