"""The calls that programs import, as `abby_core`: `StorageManager`, `QuotaManager` and `ImageGenerator` in the seeds'
words, each in a module of its own.
"""
