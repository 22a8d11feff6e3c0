"""Names fit to be shown: recordings and foreign messages may call things whatever they like, at any length."""


def printable(text: str) -> str:
    """Write control characters out: they must not reach the terminal as commands."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shorten(name: str, length: int) -> str:
    """Return a printable name of at most ``length`` characters, without its middle: both ends tell names apart."""
    name = printable(name)
    if len(name) <= length:
        return name
    if length < 3:
        return name[:length]
    head = (length - 1) // 2
    return f"{name[:head]}…{name[len(name) - (length - 1 - head) :]}"
