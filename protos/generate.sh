#!/bin/sh
# Makes federation/v1/ from the .proto files. Usage: protos/generate.sh [FOLDER]; the folder defaults to the checkout.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
into=${1:-$here}
bin=$(dirname "${PYTHON:-$here/.venv/bin/python}")
cd "$here"
PATH="$bin:$PATH" "$bin/python" -m grpc_tools.protoc -Iprotos --python_out="$into" --grpc_python_out="$into" \
  --mypy_out="quiet:$into" --mypy_grpc_out="quiet,only_async:$into" protos/federation/v1/*.proto
