"""Which hosts and addresses are this machine, which may be asked on the internet, and what an answer says of when to
come again. Nothing is connected here.
"""
