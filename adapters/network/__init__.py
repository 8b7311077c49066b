"""Which hosts and addresses are this machine, and which may be asked on the internet. Nothing is connected here."""
