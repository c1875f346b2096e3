"""What the page about evolution is made of: one file a part.

======================  =====================================================================
`controls`              how it stands; pause, resume
`course`                fitness, diversity and coverage over generations
`shares`                which species there are, and which operators made them
`archive`               which ways of trading were found
`leaders`               the best evidence, deflated by the number of trials
`luck`                  what survived, beside the best of luck
`new_run`               a run in place of the present one
`runs`                  all runs
`log`                   what happened, the newest first
======================  =====================================================================
"""
