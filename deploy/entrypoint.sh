#!/bin/sh
# Secrets reach a container as files; the settings read variables. A file that is named and not there stops the start.
set -eu
for name in DATABASE_URL SMS_URL OIDC_CLIENT_SECRET; do
    eval "file=\${${name}_FILE:-}"
    if [ -n "$file" ]; then
        value=$(cat -- "$file")
        export "$name=$value"
        unset "${name}_FILE"
    fi
done
unset value
exec "$@"
