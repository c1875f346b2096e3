"""What the pages about strategies are made of: one file a part.

======================  =====================================================================
`roster_actions`        into the roster and out of it
`summary`               what it is and how it stands, in a few figures
`evidence`              why it is graded as it is, its score, in sample against out of sample
`course`                its index against buy-and-hold
`trading`               price with its trades, and the trades
`returns`               months and distribution
`surroundings`          the scores around its parameters
`ancestry`              who it descends from
`identity`              its genome, and what its scores depend on
======================  =====================================================================
"""
