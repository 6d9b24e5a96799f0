"""A till asks what is given right now and says what it gave. Promises: one question is one look, and the same redemption counts once."""
