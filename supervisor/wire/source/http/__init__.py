"""Find what sources say of HTTP in the text around a literal, which looks much the same in all languages.

Here: methods of routes, what a route is below, status codes, streams, and requests without an address. Not here: the
literals themselves.
"""
