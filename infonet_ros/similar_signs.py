"""Output for terminals that are not of Unicode: signs that the encoding lacks become similar ones of ASCII."""

import codecs

SIMILAR_SIGNS = "infonet_ros.similar_signs"
"""Name of the error handler, for ``errors`` of a text stream. A sign without a similar one is written as its code."""

# Those of the live view have the same width, so that its columns stay in place.
_SIMILAR = str.maketrans("█▉▊▋▌▓▍▎▏–░·▒•╱…→", "######----..+*/~>") | {ord("≤"): "<="}  # noqa: RUF001


def _similar(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return lacking.translate(_SIMILAR).encode("ascii", "backslashreplace").decode("ascii"), error.end


codecs.register_error(SIMILAR_SIGNS, _similar)
