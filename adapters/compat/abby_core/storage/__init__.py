"""`StorageManager` keeps images within quotas, `QuotaManager` answers; then the shapes of their figures and the
exceptions that their calls raise.
"""

from adapters.application.quota_figures import GlobalUsage, QuotaStatus
from adapters.library.quota_manager import QuotaExceeded, QuotaManager
from adapters.library.storage_manager import StorageManager
from adapters.ports.faults import (
    AdoptionUnfinished,
    BackupDamaged,
    ConfigError,
    DiskFull,
    Fault,
    LedgerStopped,
    LogDamaged,
    LogForeign,
    LogLocked,
    LogMissing,
    OutcomeUnknown,
    RestoreUnfinished,
    StorageUnavailable,
    TargetRefused,
)

__all__ = [
    "AdoptionUnfinished",
    "BackupDamaged",
    "ConfigError",
    "DiskFull",
    "Fault",
    "GlobalUsage",
    "LedgerStopped",
    "LogDamaged",
    "LogForeign",
    "LogLocked",
    "LogMissing",
    "OutcomeUnknown",
    "QuotaExceeded",
    "QuotaManager",
    "QuotaStatus",
    "RestoreUnfinished",
    "StorageManager",
    "StorageUnavailable",
    "TargetRefused",
]
