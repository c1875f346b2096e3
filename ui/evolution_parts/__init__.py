"""What the page about evolution is made of: one file a part.

======================  =====================================================================
`controls`              how it stands; pause, resume
`course`                fitness, diversity and coverage over generations
`species`               every species as it is now
`log`                   what happened, the newest first
======================  =====================================================================
"""
