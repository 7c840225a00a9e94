"""THE PAGES PEOPLE SEE: the privacy centre for customers, the console for staff.

A page translates in, makes one call of an action or a query, and translates out. It holds no rule and no SQL. Where the home, the record
and the clock are comes from `surroundings`, set by the room `site`.
"""
