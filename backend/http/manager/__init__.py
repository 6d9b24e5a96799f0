"""Who leads a store sees what was done in it. Promises: only the stores one leads, and counts that a recount of the rows confirms."""
