/** Starts the server of an archive. Only a POSIX shell and coreutils are needed. */
export const LAUNCHER = `#!/bin/sh
# Runs this folder's halligan-server on the Node that is next to it. Works from any folder and
# through a symbolic link.
root=$(dirname "$(dirname "$(readlink -f "$0")")")
exec "$root/lib/node" "$root/lib/server/main.js" "$@"
`;
