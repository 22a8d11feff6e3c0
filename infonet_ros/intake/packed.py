"""How compressed files and archives begin, and Zstandard, which the library itself has from Python 3.14 on."""

try:
    from compression import zstd
except ImportError:
    from backports import zstd

__all__ = ["BZIP2", "GZIP", "LZ4", "PACKED", "XZ", "ZIP", "ZSTD", "zstd"]

GZIP = b"\x1f\x8b"
BZIP2 = b"BZh"
XZ = b"\xfd7zXZ\0"
ZSTD = b"\x28\xb5\x2f\xfd"
LZ4 = b"\x04\x22\x4d\x18"
ZIP = b"PK\x03\x04"
PACKED = (GZIP, BZIP2, XZ, ZSTD, LZ4, ZIP)
