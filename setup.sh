#!/bin/sh
# Makes the virtual environment that the Makefile's targets run in: setup.sh PYTHON FOLDER
set -eu
python=$1 folder=$2

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
  echo "Python 3.11 or later is needed, and '$python' is not that: install it, or name another by 'make PYTHON=…'." >&2
  exit 1
}
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
  echo "Python's venv module is missing. On Debian: apt-get install python3-venv" >&2
  exit 1
}
echo "Python packages into $folder"
"$python" -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check -r requirements-dev.txt
