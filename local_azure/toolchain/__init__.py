"""The programs, release documents and images of the local Azure, built once from pinned Go modules and cached.

`tools.toml` says what is built from what, `modules/` pins it by checksum, `ensure()` builds what is missing.
"""

from local_azure.toolchain.build import Toolchain, built, ensure

__all__ = ["Toolchain", "built", "ensure"]
