#!/usr/bin/env bash
# Installs what `corspec browsers` drives: Chromium, Firefox ESR and WebKitGTK's MiniBrowser, from
# Debian's own packages alone. Firefox needs no driver: it is spoken to through Marionette.
#   scripts/install-browsers.sh [chromium|firefox|webkit]...     all three where none is named
set -euo pipefail

declare -A packages=(
  [chromium]="chromium chromium-driver"
  [firefox]="firefox-esr"
  [webkit]="webkit2gtk-driver xvfb"
)

if [ $# = 0 ]; then set -- chromium firefox webkit; fi
wanted=(iproute2 util-linux)
for engine in "$@"; do
  if [ -z "${packages[$engine]:-}" ]; then
    echo "error: there is no engine \`$engine\`; name chromium, firefox or webkit" >&2
    exit 2
  fi
  read -ra more <<<"${packages[$engine]}"
  wanted+=("${more[@]}")
done

if ! command -v apt-get >/dev/null || ! grep -qE '^ID(_LIKE)?=.*debian' /etc/os-release 2>/dev/null; then
  cat >&2 <<'EOF'
error: this script knows Debian's packages alone. Elsewhere install, and have on PATH:
  chromium   Chromium and its chromedriver, of one version
  firefox    Firefox, as firefox-esr or firefox
  webkit     WebKitGTK's MiniBrowser and WebKitWebDriver, and Xvfb
and for each unshare (util-linux) and ip (iproute2). Browsers are run on Linux only.
EOF
  exit 3
fi

missing=()
for package in "${wanted[@]}"; do
  state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$state" = "install ok installed" ] || missing+=("$package")
done
if [ ${#missing[@]} = 0 ]; then
  echo "all of it is installed: ${wanted[*]}"
  exit 0
fi

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
as_root apt-get -o DPkg::Lock::Timeout=300 update -qq
as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "installed: ${missing[*]}"
