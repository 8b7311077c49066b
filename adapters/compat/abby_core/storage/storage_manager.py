"""`StorageManager` under its former module path."""

from adapters.library import StorageManager

__all__ = ["StorageManager"]
