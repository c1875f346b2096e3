"""What the page about the configuration is made of: one file a part.

======================  =====================================================================
`fields`                which values there are, and the rule of each
`draft`                 what somebody has entered and not saved yet
`form`                  the fields, each with its rule beside it where it is broken
`news`                  that somebody else has changed it in the meantime
`history`               who changed what, when and why
======================  =====================================================================
"""
