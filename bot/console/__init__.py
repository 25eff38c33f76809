"""The web console: server-rendered pages behind `bot.access`.

How to add a page, say *Operations*:

1. A right, if none of `bot.access.rights` fits: a constant there. Nothing else decides who may.
2. A module, `operations.py`, with a class that returns its routes:
   `Route(method="GET", path="/console/operations", right=SEE_OPERATIONS, handler=self._show)`. A handler takes a
   `Visit` and returns `self._pages.show(visit, "operations.html", title="Operations", ...)`; to refuse, it raises
   `Refused`; after a change it returns `seen(path, "retried")`, so that nothing is sent twice by a reload.
   `visit.may(right)` tells what to leave out of a page. The class goes into `Console`.
3. A template that extends `base.html`. Its forms begin with `{{ parts.csrf(csrf) }}` and are made of the macros in
   `parts.html`. No inline script or style: the policy forbids both. `static/console.css` has the classes.
4. The navigation: `navigation.py` names all pages there will be; an entry shows once its page exists, to those who may
   see it.
5. Tests: `tests/bot/console/test_matrix.py` finds the route by itself and fails until its table says who may; what the
   page does is a test through the running product; `test_pages_in_a_browser.py` has the list of pages that axe looks
   at, in both colour schemes and on a phone.

Everything that a page changes for good is one transaction: `database.write(...)` of a plain function in `store`.
"""
