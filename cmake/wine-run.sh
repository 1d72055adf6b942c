#!/bin/sh
# Runs a Windows test program under Wine with a prefix of its own beside it, made on first use. (Not below /tmp: Wine
# refuses a prefix whose parent folder belongs to somebody else.)
WINEPREFIX="${WINEPREFIX:-$(cd "$(dirname "$1")/.." && pwd)/wine}"
export WINEPREFIX WINEDEBUG=-all
export WINEDLLOVERRIDES="mscoree=;mshtml=;winemenubuilder.exe="
wine=/usr/lib/wine/wine64
[ -x "$wine" ] || wine=wine64
if [ ! -e "$WINEPREFIX/system.reg" ]; then
  "$wine" wineboot -i >/dev/null 2>&1
  "$wine" winecfg -v win10 >/dev/null 2>&1
  /usr/lib/wine/wineserver64 -w 2>/dev/null  # the registry is written when the server ends
fi
[ -e "$WINEPREFIX/system.reg" ] || { echo "Wine could not make its prefix $WINEPREFIX" >&2; exit 1; }
exec "$wine" "$@"
