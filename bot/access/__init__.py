"""Who may do what at the console and the API: one decision (`rights.may`), asked at one place (`gate.Gate`).

A page or call is a `Route`, which can't be made without a right; `Gate.guard` turns routes into what aiohttp serves.
"""
