#!/usr/bin/env bash
# The built-in model kmer-s from its data to its figures, in one command; 40 minutes on two cores, 6 GB of disk.
#
#   bash examples/kmer-s/run.sh OUT [MARKERS]
#
#   OUT        folder for everything; OUT/kmer-s is the model
#   MARKERS    markers.fasta of metaphlan2-data 2.6.0, or a folder that holds it; if absent, Debian's package is fetched
#
# and in the environment:
#   EXCLUDE=names.txt.gz   records of markers.fasta to leave out, one name a line (those near the evaluation's species)
#   DATA_DIR=folder        sets as `dnabert-s evaluate --data-dir` takes them, to measure the model on
#   STEPS=2400             training steps; 300 are enough to see that all works
#   DNABERT_S=dnabert-s    the command        PYTHON=python    the Python that has the package
set -euo pipefail

out=${1:?usage: bash examples/kmer-s/run.sh OUT [MARKERS]}
markers=${2:-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
read -ra dnabert_s <<< "${DNABERT_S:-dnabert-s}"
read -ra python <<< "${PYTHON:-python}"
steps=${STEPS:-2400}
mkdir -p "$out"

if [[ -z $markers ]]; then
  (cd "$out" && apt-get download metaphlan2-data && dpkg -x metaphlan2-data_*.deb package)
  markers=$out/package
fi
if [[ -d $markers ]]; then
  markers=$(find "$markers" -name markers.fasta -print -quit)
fi

"${python[@]}" "$here/find_clades.py" "$markers" "$out/labels.tsv" ${EXCLUDE:+--exclude "$EXCLUDE"}

# Two sets of genes of one clade in each row, no gene in both; 2 % of the clades are held out.
"${dnabert_s[@]}" pairs "$markers" --labels "$out/labels.tsv" --join --shortest 1500 --length 20000 \
  --rounds 20 --pairs-per-genome 40 --val "$out/val.csv" --val-fraction 0.02 -o "$out/pairs.csv" --force

"${dnabert_s[@]}" train --train "$out/pairs.csv" --val "$out/val.csv" --init "$here/network.json" --seed 0 \
  --min-view 1500 --max-view 20000 --length-law log_uniform \
  --projection 0 --objective simclr --temperature 0.05 --curriculum 0.4 \
  --batch 1400 --max-steps "$steps" --optimiser adamw --weight-decay 0.01 \
  --lr 2e-3 --warmup $((steps / 10)) --schedule cosine \
  --eval-every 500 --save-every 500 --save-total-limit 0 -o "$out/run" --force

"${python[@]}" "$here/finish.py" "$out/run/last" "$out/kmer-s"
if [[ -n ${DATA_DIR:-} ]]; then
  "${dnabert_s[@]}" evaluate clustering --data-dir "$DATA_DIR" --models "tnf,tnf-c,kmer-s=$out/kmer-s" \
    --no-cache -o "$out/clustering"
  "${dnabert_s[@]}" evaluate classification --data-dir "$DATA_DIR" --models "tnf,tnf-c,kmer-s=$out/kmer-s" \
    --shots 1,2,5,10 --no-cache -o "$out/classification"
fi
"${python[@]}" "$here/card.py" "$out"
rm -rf "$out/pairs.csv" "$out/pairs.manifest.tsv" "$out/val.csv" "$out/val.manifest.tsv" "$out/package"
echo "the model: $out/kmer-s"
