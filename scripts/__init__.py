"""The call scripts (话术): the words an employee copies, and all that can be said about them without a database.

This room promises that a script is text with known blanks and nothing more: whatever an owner types is either refused
with a fact or becomes a small program of our own that prints text, blanks and `if`s, in bounded time, memory and
length; that a script is never rendered with a hole in it, so a variant lacking a value is not offered; that words
relative to a day are true on the day they are read; and that the shipped library is complete and reviewed in both
locales. It is pure: no SQL, no HTTP, no clock, and nothing from the rooms that use it.
"""
