"""The log in PostgreSQL, which several processes on several machines write, through the recorder of the `eventsourcing`
library; each process keeps a copy in `logs/events.jsonl`, which is what it reads.

`rows` is the log in the database, `turns` how writers take turns, `company` how a process hears of the others, `log`
what the ledger uses, `engine` what everybody else does, with `upkeep` for readers where nobody else keeps the copy up.
"""
