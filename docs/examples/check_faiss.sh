#!/usr/bin/env bash
# check_faiss.sh EXAKT PYTHON: clusters points and hands the centroids to FAISS; 77 if there is no FAISS.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
exakt=$1 python=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
export EXAKT_CACHE=$root/cache
cd "$root"
"$exakt" gen embed,n=2000,d=32,seed=3 points.npy -q
"$exakt" fit points.npy -k 40 --labels labels.npy --centroids centroids.npy -q
"$python" "$here/faiss_quantiser.py" points.npy centroids.npy labels.npy
