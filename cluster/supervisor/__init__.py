"""The supervisor of the desk: what `evoq up` starts, keeps up and ends.

A *service* is an entry in one declarative list (`services`), a *unit* is a service and where it stands (`unit`), the
*supervisor* lets every unit take its steps. The *books* (`desk_books`) are what it tells the database and is told by
it. Everything a desk leaves behind is found by its mark (`desk_processes`), never by a name.

========================  =========================================================================
`services`                the services, one entry each
`supervisor`              starts, restarts, ends
`unit`                    what a service does between waiting and stopped
`desk_books`              lease, alerts, measures, commands
`desk_files`              lock, state, logs
`desk_processes`          the processes of a desk, and nobody else's
`ray_head`                Ray on loopback, behind a token, without our secrets
========================  =========================================================================
"""
