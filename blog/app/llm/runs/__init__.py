"""One execution of an action: created, executed by the worker, watched by anyone, kept for ever."""
