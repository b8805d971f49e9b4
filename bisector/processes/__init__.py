"""Programs started by us: they end with us, and tell nothing of this machine.

Whatever starts, ends or holds back a process comes in; what a process says is judged elsewhere.
"""
