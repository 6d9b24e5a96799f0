"""Read models for employees, managers and owners: what was given, tried, reached, and what it brought.

Promises: every figure equals a recount of the rows, money earned and card value consumed stay apart, and a rate says what it is a rate of.
"""
