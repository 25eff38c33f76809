"""People's data: what is held of a contact, handing it out, erasing it, and forgetting what is old enough.

`reach` finds where a contact's words have landed; `exporting` and `erasing` both go by that. `expiring` is retention by
age, and `remains` removes what a database keeps of words that its tables no longer have.
"""
