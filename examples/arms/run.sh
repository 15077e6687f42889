#!/usr/bin/env bash
# The contrastive arms of the paper's table, on one network, one set of pairs and one budget: what the views are worth.
# 15 minutes on one core, 4 GB of disk.
#
#   bash examples/arms/run.sh OUT [MARKERS]
#
#   OUT        folder for everything; the models are OUT/forward/ARM and OUT/both/ARM
#   MARKERS    markers.fasta of metaphlan2-data 2.6.0, or a folder that holds it; if absent, Debian's package is fetched
#
# The arms: dropout (a sequence twice: only the network's dropout differs), double_strand (a sequence and its reverse
# complement), mutate (a sequence and a mutant with 5 % substitutions and some indels), and same_species, the pairs that
# kmer-s learned from, to compare with. All see the same sequences in the same order, whole and without labels.
#
# forward: network.json, which counts the words of the strand as it is read, as a transformer does. both: the shape of
# kmer-s, which counts a word and its reverse complement as one. There, double_strand is dropout to the last byte,
# because both views are one profile, and is left out.
#
# and in the environment: EXCLUDE, DATA_DIR, DNABERT_S, PYTHON as for examples/kmer-s/run.sh, and
#   STEPS=400              training steps of each arm, of 512 pairs
set -euo pipefail

out=${1:?usage: bash examples/arms/run.sh OUT [MARKERS]}
markers=${2:-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kmer_s=$here/../kmer-s
read -ra dnabert_s <<< "${DNABERT_S:-dnabert-s}"
read -ra python <<< "${PYTHON:-python}"
steps=${STEPS:-400}
mkdir -p "$out"

if [[ -z $markers ]]; then
  (cd "$out" && apt-get download metaphlan2-data && dpkg -x metaphlan2-data_*.deb package)
  markers=$out/package
fi
if [[ -d $markers ]]; then
  markers=$(find "$markers" -name markers.fasta -print -quit)
fi

"${python[@]}" "$kmer_s/find_clades.py" "$markers" "$out/labels.tsv" ${EXCLUDE:+--exclude "$EXCLUDE"}

"${dnabert_s[@]}" pairs "$markers" --labels "$out/labels.tsv" --join --shortest 1500 --length 10000 \
  --rounds 6 --pairs-per-genome 30 --val "$out/val.labelled.csv" --val-fraction 0.02 \
  -o "$out/pairs.labelled.csv" --force
for part in pairs val; do # no label, so that no arm knows which pairs are not negatives
  cut -d, -f1,2 "$out/$part.labelled.csv" > "$out/$part.csv"
done

train() { # STRAND NETWORK ARM
  "${dnabert_s[@]}" train --train "$out/pairs.csv" --val "$out/val.csv" --init "$2" --views "$3" --seed 0 \
    --projection 0 --objective simclr --temperature 0.05 --curriculum 0.4 \
    --batch 512 --max-steps "$steps" --optimiser adamw --weight-decay 0.01 \
    --lr 2e-3 --warmup $((steps / 10)) --schedule cosine \
    --eval-every "$steps" --save-every "$steps" --save-total-limit 0 -o "$out/run/$1/$3" --force
  "${python[@]}" "$here/finish.py" "$out/run/$1/$3/last" "$out/$1/$3"
}
for arm in dropout double_strand mutate same_species; do
  train forward "$here/network.json" "$arm"
done
for arm in dropout mutate same_species; do
  train both "$kmer_s/network.json" "$arm"
done

if [[ -n ${DATA_DIR:-} ]]; then
  models=tnf,tnf-c
  for folder in "$out"/forward/* "$out"/both/*; do
    models+=,$(basename "$folder")-$(basename "$(dirname "$folder")")=$folder
  done
  "${dnabert_s[@]}" evaluate clustering --data-dir "$DATA_DIR" --models "$models" --no-cache -o "$out/clustering" --force
fi
rm -rf "$out"/{pairs,val}{,.labelled}{.csv,.csv.index,.manifest.tsv} "$out/package"
