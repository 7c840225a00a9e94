"""AES-CMAC (NIST SP 800-38B, RFC 4493) over whole blocks, for one message or for a million at a time.

A message is a sequence of 16-byte blocks. One message goes through `Cmac.one`; whole columns of blocks go through `Cmac.chain` and
`Cmac.end`, where each step is one AES-ECB call over a contiguous NumPy buffer. Both agree with the CMAC of `cryptography` (tests/people).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

BLOCK: Final = np.dtype("complex128")
"""A block in an array. NumPy has no 128-bit integer; it gathers and copies complex numbers bit by bit, and nothing computes with them."""

Blocks = NDArray[np.complex128]
Codes = NDArray[np.uint64]

_REDUCE: Final = 0x87  # the field polynomial of SP 800-38B for 128-bit blocks


class Cmac:
    """The CMAC under one key of 32 bytes."""

    __slots__ = ("_aes", "_last", "_mask", "_own")

    def __init__(self, key: bytes) -> None:
        self._aes = Cipher(algorithms.AES256(key), modes.ECB())  # noqa: S305 - ECB of single blocks is the block cipher itself
        self._own = threading.local()  # an encryptor serves one thread
        top = int.from_bytes(self._aes.encryptor().update(bytes(16)), "big")
        doubled = (top << 1) & ((1 << 128) - 1)
        self._last = doubled ^ (_REDUCE if top >> 127 else 0)
        self._mask = np.frombuffer(self._last.to_bytes(16, "big"), dtype=np.uint64)

    def one(self, *blocks: bytes) -> int:
        """The first 64 bits of the CMAC of one message, big-endian."""
        state = 0
        for block in blocks[:-1]:
            state = self.step(state, block)
        return self.finish(state, blocks[-1])

    def step(self, state: int, block: bytes) -> int:
        """The state after one more block of one message, which is not its last; 0 is the state before the first."""
        return int.from_bytes(self._encrypt_one((state ^ int.from_bytes(block, "big")).to_bytes(16, "big")), "big")

    def finish(self, state: int, block: bytes) -> int:
        """The first 64 bits of the CMAC of one message after its last block, big-endian."""
        mixed = state ^ int.from_bytes(block, "big") ^ self._last
        return int.from_bytes(self._encrypt_one(mixed.to_bytes(16, "big"))[:8], "big")

    def _encrypt_one(self, block: bytes) -> bytes:
        try:
            update: Callable[[bytes], bytes] = self._own.update
        except AttributeError:
            update = self._own.update = self._aes.encryptor().update
        return update(block)

    def chain(self, state: Blocks | None, blocks: Blocks) -> Blocks:
        """The state after one more block, which is not the last; for each row. No state: `blocks` are the first."""
        return self._encrypt(blocks if state is None else _xor(state, blocks))

    def end(self, state: Blocks | None, blocks: Blocks) -> Codes:
        """The codes after the last block; for each row."""
        mixed = (blocks.copy() if state is None else _xor(state, blocks)).view(np.uint64).reshape(-1, 2)
        mixed ^= self._mask
        return self._encrypt(mixed.reshape(-1).view(BLOCK)).view(np.uint64)[::2].byteswap()

    def _encrypt(self, blocks: Blocks) -> Blocks:
        count = len(blocks)
        out = np.empty(count + 1, dtype=BLOCK)  # the library asks for room for one block more
        if count:
            self._aes.encryptor().update_into(np.ascontiguousarray(blocks).view(np.uint8).data, out.view(np.uint8).data)
        return out[:count]


def _xor(a: Blocks, b: Blocks) -> Blocks:
    mixed: NDArray[np.uint64] = np.bitwise_xor(a.view(np.uint64), b.view(np.uint64))
    return mixed.view(BLOCK)
