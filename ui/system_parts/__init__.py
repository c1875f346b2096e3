"""What the page about the machinery is made of: one file a part.

======================  =====================================================================
`condition`             processor, memory, disk, database and queues at a glance
`services`              every process of the desk; start and stop
`course`                how measures went
`alerts`                what was wrong or still is; that somebody has seen it
`cluster`               what runs on Ray: nodes, actors, deployments, resources
`stores`                how large the database and the cache are
======================  =====================================================================
"""
