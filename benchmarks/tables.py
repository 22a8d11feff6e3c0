"""Tables in Markdown, and the words of shares: percentages, ranges, confidence."""

from scipy.stats import binomtest


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    """Lay out a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def paragraphs(*texts: str) -> str:
    """Join the parts of a page: sentences and tables."""
    return "\n\n".join(texts)


def percent(count: float, of: float, digits: int = 1, none: str = "") -> str:
    """Return a share in percent; ``none`` without any."""
    return f"{100 * count / of:.{digits}f} %" if of else none


def span(low: float, high: float, digits: int = 0) -> str:
    """Return a range of shares in percent."""
    return f"{100 * low:.{digits}f} to {100 * high:.{digits}f} %"


def with_confidence(count: float, of: float) -> str:
    """Return a share in percent, with its 95 % confidence."""
    interval = binomtest(round(count), round(of)).proportion_ci(0.95)
    return f"{percent(count, of)} ({span(interval.low, interval.high, digits=1)})"
