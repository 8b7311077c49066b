"""The storage: `StorageManager` keeps images within quotas; `QuotaManager` answers; `QuotaExceeded` is for callers who
prefer exceptions.
"""

from __future__ import annotations

from adapters.storage.manager import StorageManager
from adapters.storage.quota import QuotaExceeded, QuotaManager

__all__ = ["QuotaExceeded", "QuotaManager", "StorageManager"]
