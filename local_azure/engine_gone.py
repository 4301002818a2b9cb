"""Ends a plugin of Pulumi when the engine that started it is gone, also one that was killed and could not say so."""

from __future__ import annotations

import os
import threading
import time

INTERVAL = 1.0
"""Seconds between two looks at who the parent is: Linux gives an orphan another one."""


def end_with_engine() -> None:
    """From now on look after the parent, which is the engine, and end at once when it is another one."""
    engine = os.getppid()

    def look() -> None:
        while os.getppid() == engine:
            time.sleep(INTERVAL)
        os._exit(1)  # whoever serves requests has nobody left to answer

    threading.Thread(target=look, daemon=True).start()
