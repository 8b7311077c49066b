"""Sums over the log and their pictures: documented views for SQL, and the reports that stand on them."""
