"""The workers of a dask scheduler: each answers whole cells, beside RabbitMQ nodes of its own.

`cells` says what a question is made of when it travels, `workers` what a worker has to offer.  On
the worker `answering` unpacks a cell and asks `Here`, as this machine would; `serving` keeps it
connected.  With the client `cluster` finds a worker for each cell, and `place` is a place like any
other.  Only what is in here knows of dask, and only `--on` and `worker` import it.
"""
