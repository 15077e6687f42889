#!/usr/bin/env bash
# The built-in model kmer-s from its data to its figures, in one command; an hour on two cores, 5 GB of disk.
#
#   bash examples/kmer-s/run.sh OUT [MARKERS]
#
#   OUT        folder for everything; OUT/kmer-s is the model
#   MARKERS    markers.fasta of metaphlan2-data 2.6.0, or a folder that holds it; if absent, Debian's package is fetched
#
# and in the environment:
#   EXCLUDE=names.txt.gz   records of markers.fasta to leave out, one name a line (those near the evaluation's species)
#   DATA_DIR=folder        sets as `dnabert-s evaluate --data-dir` takes them, to measure the model on
#   STEPS=2000             training steps; 100 are enough to see that all works
#   DNABERT_S=dnabert-s    the command        PYTHON=python    the Python that has the package
set -euo pipefail

out=${1:?usage: bash examples/kmer-s/run.sh OUT [MARKERS]}
markers=${2:-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
read -ra dnabert_s <<< "${DNABERT_S:-dnabert-s}"
read -ra python <<< "${PYTHON:-python}"
mkdir -p "$out"

if [[ -z $markers ]]; then
  (cd "$out" && apt-get download metaphlan2-data && dpkg -x metaphlan2-data_*.deb package)
  markers=$out/package
fi
if [[ -d $markers ]]; then
  markers=$(find "$markers" -name markers.fasta -print -quit)
fi

"${python[@]}" "$here/find_clades.py" "$markers" "$out/labels.tsv" --min-bp 15000 ${EXCLUDE:+--exclude "$EXCLUDE"}
"${python[@]}" "$here/genes.py" "$markers" "$out/labels.tsv" "$here/network.json" "$out"
"${python[@]}" "$here/learn.py" "$out" "$here/network.json" "$out/run" --steps "${STEPS:-2000}" --seed 0
"${python[@]}" "$here/doubt.py" "$out" "$out/run" "$out/kmer-s"

if [[ -n ${DATA_DIR:-} ]]; then
  models="tnf,tnf-c,kmer-s-1,kmer-s=$out/kmer-s"
  "${dnabert_s[@]}" evaluate clustering --data-dir "$DATA_DIR" --models "$models" --no-cache -o "$out/clustering"
  "${dnabert_s[@]}" evaluate classification --data-dir "$DATA_DIR" --models "$models" --shots 1,2,5,10 \
    --no-cache -o "$out/classification"
  "${python[@]}" "$here/reliability.py" "$out/kmer-s" "$DATA_DIR" > "$out/reliability.md"
fi
"${python[@]}" "$here/card.py" "$out"
rm -rf "$out/counts.npy" "$out/package"
echo "the model: $out/kmer-s"
