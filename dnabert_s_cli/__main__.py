"""`python -m dnabert_s_cli`, the same as `dnabert-s`: what torchrun starts."""

from __future__ import annotations

from .cli import main

main()
