"""How much each codon speaks for its frame being a gene's: a log-odds score, and how it changes with GC content.

A logistic regression on open frames of 20 codons and more in marker genes of bacteria and archaea laid end to end
(`examples/kmer-s/coding_score.py` does the same with other draws, and finds nearly these numbers): the score of a frame
is the sum over its codons of score + slope * (GC share of the sequence - 1/2), in thousandths. The three stop codons
occur in no frame.
"""

from __future__ import annotations

import numpy as np

# (64,) AAA, AAC, AAG, AAT, ACA, ... TTT
# fmt: off
CODON_SCORES = np.array([
    157, 66, 118, -31, 4, 60, 29, 18, -146, -72, -241, -63, -174, 84, 303, 163,
    61, -89, -77, -73, -223, -50, -75, -49, -238, -10, -135, -3, 102, -15, 84, -52,
    236, 113, 195, 41, 88, 56, 88, 42, 63, 43, 4, 16, -106, -50, 176, -4,
    0, 209, 0, 188, -167, -121, -149, -81, 0, -189, 99, -179, 76, -82, -59, 56,
])
# fmt: on

# (64,) in the same order
# fmt: off
GC_SLOPES = np.array([
    -373, 376, 524, -348, 126, 443, 50, 71, -418, -204, -92, -253, -302, 557, -95, 59,
    147, -124, -137, -323, 76, 427, 238, 713, -102, -75, 458, 260, 957, 330, 598, 63,
    -652, -292, -208, -616, 122, -150, -412, -193, -434, -638, -75, -795, -781, 142, 270, -486,
    0, 738, 0, 474, 156, 420, -57, 488, 0, 28, 182, 51, -66, 502, 207, 200,
])
# fmt: on
