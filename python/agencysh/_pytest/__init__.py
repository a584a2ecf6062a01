"""What the plugin for pytest is made of.

* ``options``: what the command line, the environment and the configuration file say
* ``places``, ``lending``: the agencies of tests, and which test gets which
* ``clusters``: a cluster for one test alone
* ``dumps``: what a failed test leaves to be looked at
* ``scripts``, ``file_runs``, ``failures``: tests in scripts as items of pytest

Nothing here imports the native module before a test needs it.
"""
