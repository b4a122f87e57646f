#!/bin/sh
# Lambda gives the name of a handler, and says where it hands out events. Everything else, such as
# AWS Batch, gives a command.
set -eu
if [ -n "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
    exec python -m awslambdaric "$@"
fi
exec "$@"
