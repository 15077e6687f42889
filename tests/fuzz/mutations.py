"""Damage to the bytes of a file: every truncation, flipped bits, and edits as people and programs make them.

All are drawn from a generator with a seed, so that a case can be made again from its number.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator

Damage = tuple[str, bytes]  # kind of damage, the bytes that are left

_NUMBERS = (b"-1", b"0", b"1e9", b"1e999", b"nan", b"4294967295", b"9" * 30, b"9" * 5000, b"1_0", b"\xc2\xb2")
_WORDS = (
    b"\t",
    b"\n",
    b"\r\n",
    b'"',
    b",",
    b";",
    b"\x00",
    b"\x1b[2J",
    b"\xef\xbb\xbf",
    b"\xff",
    b" ",
    b">",
    b"@",
    b"[" * 3000,
)
_BLOCK_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def truncations(content: bytes) -> Iterator[Damage]:
    """Every strict prefix."""
    for end in range(len(content)):
        yield "cut", content[:end]


def flips(content: bytes, draw: random.Random) -> Iterator[Damage]:
    """One to three flipped bits, without end."""
    while True:
        damaged = bytearray(content)
        for _ in range(draw.randint(1, 3)):
            damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
        yield "flip", bytes(damaged)


def edits(content: bytes, draw: random.Random) -> Iterator[Damage]:
    """A stretch removed, doubled or moved, a word put in, a number replaced; without end."""
    makers: tuple[Callable[[bytes, random.Random], bytes], ...] = (_without, _doubled, _moved, _with_word, _with_number)
    while True:
        yield "edit", draw.choice(makers)(content, draw)


def content_edits(content: bytes, draw: random.Random) -> Iterator[Damage]:
    """Edits of what a BGZF file holds, packed again with right check sums; without end."""
    plain = gzip.decompress(content)
    for _, damaged in edits(plain, draw):
        yield "content", bgzf(damaged)


def bgzf(plain: bytes) -> bytes:
    """Bytes as BGZF, whole: blocks made by htslib's own writer are the same but for their sizes."""
    blocks = [_bgzf_block(plain[start : start + 20_000]) for start in range(0, len(plain), 20_000)]
    return b"".join(blocks) + _BLOCK_END


def _bgzf_block(plain: bytes) -> bytes:
    packed = gzip.compress(plain, mtime=0)[10:]
    size = 18 + len(packed) - 1
    return b"\x1f\x8b\x08\x04" + bytes(4) + b"\x00\xff\x06\x00BC\x02\x00" + size.to_bytes(2, "little") + packed


def _stretch(content: bytes, draw: random.Random) -> tuple[int, int]:
    start = draw.randrange(len(content))
    return start, min(len(content), start + draw.choice((1, 2, 4, 10, 50, 200)))


def _without(content: bytes, draw: random.Random) -> bytes:
    start, end = _stretch(content, draw)
    return content[:start] + content[end:]


def _doubled(content: bytes, draw: random.Random) -> bytes:
    start, end = _stretch(content, draw)
    return content[:end] + content[start:]


def _moved(content: bytes, draw: random.Random) -> bytes:
    start, end = _stretch(content, draw)
    rest = content[:start] + content[end:]
    to = draw.randrange(len(rest) + 1)
    return rest[:to] + content[start:end] + rest[to:]


def _with_word(content: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(content) + 1)
    return content[:at] + draw.choice(_WORDS) + content[at:]


def _with_number(content: bytes, draw: random.Random) -> bytes:
    """A number of text replaced, or four bytes by those of an extreme one."""
    digits = [place for place, byte in enumerate(content) if 48 <= byte <= 57]
    if not digits or draw.random() < 0.3:
        at = draw.randrange(max(len(content) - 4, 1))
        number = draw.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0, 1 << 20))
        return content[:at] + number.to_bytes(4, "little") + content[at + 4 :]
    at = end = draw.choice(digits)
    while end < len(content) and 48 <= content[end] <= 57:
        end += 1
    return content[:at] + draw.choice(_NUMBERS) + content[end:]
