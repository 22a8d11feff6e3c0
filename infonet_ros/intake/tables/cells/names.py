"""What the name of a column holds: words, a group, the path of a channel."""

import re
from itertools import accumulate

TABLE_TYPE = "table"
"""Type of all topics that are tables, and the group of columns whose names have none."""

_RUN = r"(?i)(?:.*[\W_])?(?:episode|rollout|trial|run|lap|demo|take)"
NUMBERS_OF_RUNS = re.compile(rf"{_RUN}(?:[\W_]?(?:index|idx|id|no|nr|number))?")
"""Names of columns that hold the number of a run, such as ``episode_index``."""

NUMBERED_RUN = re.compile(rf"{_RUN}[\W_]?(\d+)")
"""Names with the number of a run, such as ``trial_3``."""

_RATIO = (  # without brackets: speed m/s, latitude N/S
    r"(?:[kcmµ]?m|deg|rad|rev|°|ft|mi|[mµk]?g|[sn]?m?[lL]|k?W|counts?|m[3³])/(?:s(?:\^?2|²)?|sec|min|h|hr|m\^?[23]?|m[²³]|l|L|kg)"
    r"|N/S|E/W"
)
_UNITS = (  # behind a slash, as in I/mA
    r"[kmµ]?V|[mµn]?A|[km]?W|(?:m?A|[km]?W)[.·]?h|k?N|[km]?N[.·]?m|k?Pa|m?bar|[kM]?Hz|[km]?Ohm|deg|°C?|rpm"
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_BETWEEN_FIELDS = re.compile(r"(?<!\s)[./](?!\s|$)")  # "Latitude / North" is one
_UNIT = re.compile(rf"\s*(?:\[[^\[\]]*\]|\([^()]*\)|\{{[^{{}}]*\}}|(?:^|\s)(?:{_RATIO})|(?<!^)(?:/(?:{_UNITS}))+)\s*$")


def words_of(name: str) -> set[str]:
    """Return the words of a name in small letters: ``motorSpeed_rpm`` has three."""
    return {word.lower() for word in _WORD.findall(name)}


def group_and_rest(name: str) -> tuple[str, str]:
    """Split the name of a column into its group and the rest."""
    bare = _UNIT.sub("", name)
    position = max((sign.start() for sign in _BETWEEN_FIELDS.finditer(bare)), default=0)
    return (name[:position], name[position + 1 :]) if position else (TABLE_TYPE, name)


def run_of(name: str) -> str:
    """Return the structure of a name that is a numbered run, ``data.demo_3`` of ``data.demo_3.obs.x``; "" without."""
    structures = accumulate(name.split(".")[:-1], "{}.{}".format)
    return next(filter(NUMBERED_RUN.fullmatch, structures), "")


def path_of(name: str) -> str:
    """Make a path of a column's name: each part between points and slashes becomes a field."""
    unit = _UNIT.search(name)
    parts = _BETWEEN_FIELDS.split(_UNIT.sub("", name))
    parts[-1] += unit[0] if unit else ""
    return ".".join(_identifier(part) for part in parts if re.search(r"\w", part)) or "column"


def _identifier(text: str) -> str:
    name = re.sub(r"\W+", "_", text).strip("_")
    return name if re.match("[A-Za-z]", name) else f"column_{name}".rstrip("_")
