# A format that goes wrong in the way that its argument says. The first line asks what it is, or is the
# header of a room.
read -r line
about='"version":"1","description":"Goes wrong","extension":"txt","media_type":"text/plain"'
case $line in *'"describe"'*)
  case $1 in
    huge) while :; do printf '%10000s' ''; done ;;
    liar) printf '{"abi":1,"name":"other",%s}' "$about" ;;
    sulky) echo 'not today' >&2; exit 7 ;;
    *) printf '{"abi":1,"name":"%s",%s}' "$1" "$about" ;;
  esac
  exit ;;
esac
case $1 in
  deaf) exec /bin/sleep 600 ;;
  mute) /bin/cat > /dev/null; exec /bin/sleep 600 ;;
  slow) /bin/cat > /dev/null; while :; do echo slow; /bin/sleep 0.2; done ;;
  endless) while :; do printf '%10000s' ''; done ;;
  early) exit 0 ;;
  closed) exec 0<&-; exec /bin/sleep 600 ;;
  crash) /bin/cat > /dev/null; kill -SEGV $$ ;;
  stubborn) trap '' TERM INT HUP QUIT; while :; do /bin/sleep 1; done ;;
  loop) while :; do :; done ;;
  hungry) x=0123456789; while :; do x=$x$x; done ;;
  file) exec /usr/bin/head -c 3000000 /dev/zero > large ;;
  option) printf 'hm\n{"kind":"bad-option","message":"no such \\u001b[1mcity"}\n' >&2; exit 2 ;;
  wordless) exit 2 ;;
  words) /bin/cat > /dev/null; printf 'first\n\033[31msecond\n' >&2; exit 3 ;;
  binary) /bin/cat > /dev/null; printf '\377' ;;
  child) /bin/cat > /dev/null; /bin/sleep 600 & echo $! ;;
  bare) /bin/cat > /dev/null; /usr/bin/env; pwd; /bin/ls -A; ulimit -c; ulimit -n; echo x > own && /bin/cat own ;;
esac
