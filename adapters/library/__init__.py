"""The storage: `StorageManager` keeps images within quotas; `QuotaManager` answers; `QuotaExceeded` is for callers who
prefer exceptions.
"""

from __future__ import annotations

from adapters.library.quota_manager import QuotaExceeded, QuotaManager
from adapters.library.storage_manager import StorageManager

__all__ = ["QuotaExceeded", "QuotaManager", "StorageManager"]
