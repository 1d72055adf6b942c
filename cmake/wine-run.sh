#!/bin/sh
# Runs a Windows test program under Wine with a prefix of its own, made on first use.
export WINEPREFIX="${WINEPREFIX:-${TMPDIR:-/tmp}/hort-wine-$(id -u)}" WINEDEBUG=-all
export WINEDLLOVERRIDES="mscoree=;mshtml=;winemenubuilder.exe="
wine=/usr/lib/wine/wine64
[ -x "$wine" ] || wine=wine64
if [ ! -e "$WINEPREFIX/system.reg" ]; then
  "$wine" wineboot -i >/dev/null 2>&1
  "$wine" winecfg -v win10 >/dev/null 2>&1
fi
exec "$wine" "$@"
