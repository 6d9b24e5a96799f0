"""The staff app. Promises: one sees the tasks of one's own stores, a race for a task has one winner, and an action is answered once, for ever."""
