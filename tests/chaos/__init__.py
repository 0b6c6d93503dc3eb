"""`make chaos`: a hundred imports while processes are killed and stopped, connections cut and a disk filled.

Every seed is one run of the whole product, as processes, with a home and ports of its own:

- `mix` says which videos are imported, `workload` adds them as clients of the API do, `ledger` remembers what the API
  has acknowledged, and `tab` is a browser tab that stays open.
- `fault_plan` draws the faults, `injection` makes them happen. The services reach PostgreSQL and Temporal through
  `proxy`, which can be cut, and audio is stored on a small file system of its own (`disk`).
- `checks` compares what is in the database with what was acknowledged, once everything has settled.

Not part of the test run: a seed takes about seven minutes. `python -m tests.chaos --help` lists the options.
"""
