"""The commands that count: reports, queries, and what they are written as."""
