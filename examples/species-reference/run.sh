#!/usr/bin/env bash
# The built-in references from their data, in one command: 160 s of processor time with calibration, 55 s
# without, 0.8 GB of memory, 2 GB of disk. The same input gives the same bytes.
#
#   pip install taxoniq
#   bash examples/species-reference/run.sh OUT [MARKERS]
#
#   OUT        folder for everything; OUT/MODEL.npz is the reference
#   MARKERS    markers.fasta of metaphlan2-data 2.6.0, or a folder that holds it; if absent, Debian's package is fetched
#
# and in the environment:
#   MODEL=kmer-s         the built-in model whose vectors are taken
#   GENOMES=genomes.tsv    genomes of known species to calibrate with (columns genome, path, taxid); without them the
#                          numbers in calibration/MODEL.json are taken, which must be of the same weights
#   PYTHON=python          the Python that has the package and taxoniq
set -euo pipefail

out=${1:?usage: bash examples/species-reference/run.sh OUT [MARKERS]}
markers=${2:-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
read -ra python <<< "${PYTHON:-python}"
model=${MODEL:-kmer-s}
mkdir -p "$out"

if [[ -z $markers ]]; then
  (cd "$out" && apt-get download metaphlan2-data && dpkg -x metaphlan2-data_*.deb package)
  markers=$out/package
fi
if [[ -d $markers ]]; then
  markers=$(find "$markers" -name markers.fasta -print -quit)
fi

"${python[@]}" "$here/name_clades.py" "$markers" "$here/organisms.tsv.gz" "$out/clades.tsv"
"${python[@]}" "$here/parts.py" "$markers" "$out/clades.tsv" "$out/parts.npz" --model "$model"
calibration=$here/calibration/$model.json
if [[ -n ${GENOMES:-} ]]; then
  calibration=$out/calibration.json
  "${python[@]}" "$here/calibrate.py" "$markers" "$out/clades.tsv" "$out/parts.npz" "$GENOMES" "$calibration" \
    --model "$model"
fi
"${python[@]}" "$here/make_reference.py" "$out/clades.tsv" "$out/parts.npz" "$calibration" "$out/$model.npz" \
  --model "$model"
rm -rf "$out/package"
