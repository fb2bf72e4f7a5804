"""One kind of I/O per module, and no decisions.

Here: processes, git, the ledger, connections, file watching, the mention index. Modules here do not know each other.
Not here: what to do about what is read (`core`), or joining two of them (`runtime`).
"""
