#!/bin/sh
# The system packages that the tests use: a browser, a PostgreSQL server, an IMAP server, node with npm.
# Installs what is missing where it may (root on Debian); elsewhere names it, and fails in CI.
set -eu

has() { command -v "$1" >/dev/null 2>&1; }
has_postgresql() { has initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
has_dovecot() { has dovecot || [ -x /usr/sbin/dovecot ] || [ -x /usr/local/sbin/dovecot ]; }

missing=
has chromium || missing="$missing chromium fonts-dejavu-core"
has_postgresql || missing="$missing postgresql"
has_dovecot || missing="$missing dovecot-imapd"
has node || missing="$missing nodejs"
has npm || missing="$missing npm"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && has apt-get; then
    echo "Installing$missing ..."
    apt-get update -qq
    # RUNLEVEL: a test server is started by the tests themselves, so start no service now.
    # shellcheck disable=SC2086
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing
else
    echo "The tests also need these system packages:$missing" >&2
    [ "${CI:-}" != true ]
fi
