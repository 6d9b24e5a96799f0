"""The calendar of plans: which local days a schedule fires on, and which instant that is in a zone.

Everything but `repository` is pure. Days follow from the definition alone, never from the firing before (31 → 28 → 31), so any window may be asked for
in any order and gives the same days. What a merchant adds (own festivals, public holidays) is handed in.
"""
