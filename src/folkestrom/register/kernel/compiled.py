"""Keeping compiled code on disk without ever running code of older sources.

numba's disk cache looks only at the file of the cached function, not at those of the functions
that it calls. A kernel made of several modules would therefore go on running as it was compiled
before one of them changed. Closing over a fingerprint of all sources makes it part of the key.
"""

from __future__ import annotations

import hashlib
from pathlib import Path


def source_fingerprint() -> str:
    """A digest of all sources that kernels are made of: this folder, and the numbers of flags."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for path in (*sorted(folder.glob("*.py")), folder.parent / "flags.py"):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
