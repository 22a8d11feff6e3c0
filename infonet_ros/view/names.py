"""Names that are too long for where they are to stand."""


def shorten(name: str, length: int) -> str:
    """Cut the middle out of a name so that at most ``length`` characters are left: both ends tell names apart."""
    if len(name) <= length:
        return name
    if length < 3:
        return name[:length]
    head = (length - 1) // 2
    return f"{name[:head]}…{name[len(name) - (length - 1 - head) :]}"
