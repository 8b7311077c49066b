"""The commands that prove the log and mend what lies beside it: verify, audit, salvage, signed reports."""
