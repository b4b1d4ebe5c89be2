#!/bin/sh
# Installs the foreign OPC UA stacks into DIR (DIR/venv and DIR/node_modules).
# Running it again with unchanged pins does nothing.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: install.sh DIR" >&2
    exit 2
fi
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$1"
dir=$(CDPATH= cd -- "$1" && pwd)

fail() {
    echo "install.sh: $1" >&2
    exit 1
}

# The stamp is a copy of the pins an installation was completed with, so that
# an interrupted or outdated installation is never mistaken for a good one.
venv_stamp=$dir/venv/.openopc-pins
node_stamp=$dir/node_modules/.openopc-pins

if cmp -s "$here/requirements.txt" "$venv_stamp" && [ -x "$dir/venv/bin/python" ]; then
    echo "python peers: up to date"
else
    command -v python3 >/dev/null 2>&1 || fail "python3 is not installed"
    echo "python peers: installing into $dir/venv"
    rm -f "$venv_stamp"
    [ -x "$dir/venv/bin/python" ] || python3 -m venv "$dir/venv" \
        || fail "cannot create the virtual environment"
    "$dir/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        -r "$here/requirements.txt" || fail "pip install failed"
    "$dir/venv/bin/python" -c 'import asyncua, o6' >/dev/null \
        || fail "the installed python packages cannot be imported"
    cp "$here/requirements.txt" "$venv_stamp"
    echo "python peers: installed"
fi

if cmp -s "$here/package.json" "$node_stamp" && [ -d "$dir/node_modules/node-opcua" ]; then
    echo "node peer: up to date"
else
    command -v node >/dev/null 2>&1 || fail "node is not installed"
    command -v npm >/dev/null 2>&1 || fail "npm is not installed"
    echo "node peer: installing into $dir/node_modules"
    rm -f "$node_stamp"
    cp "$here/package.json" "$dir/package.json"
    # Lifecycle scripts are not needed: node-opcua is plain JavaScript.
    (cd "$dir" && npm install --no-audit --no-fund --ignore-scripts --loglevel=error) \
        || fail "npm install failed"
    NODE_PATH=$dir/node_modules node -e 'require("node-opcua")' >/dev/null \
        || fail "the installed node-opcua cannot be loaded"
    cp "$here/package.json" "$node_stamp"
    echo "node peer: installed"
fi
