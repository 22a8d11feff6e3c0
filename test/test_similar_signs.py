import pytest

from infonet_ros.similar_signs import SIMILAR_SIGNS


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("• p≤0.05  ▓▓ imu.angul…velocity.y", "ascii", b"* p<=0.05  ## imu.angul~velocity.y"),
        ("0.38-1.08 █████▍ a→b 0.5 s", "ascii", b"0.38-1.08 #####- a>b 0.5 s"),
        ("25 °C, x² · y", "latin-1", b"25 \xb0C, x\xb2 \xb7 y"),
        ("車輪", "latin-1", rb"\u8eca\u8f2a"),
    ],
)
def test_signs_that_an_encoding_lacks_become_similar_ones(text, encoding, shown):
    assert text.encode(encoding, SIMILAR_SIGNS) == shown
    assert text.encode("utf-8", SIMILAR_SIGNS).decode() == text


def test_what_is_no_text_is_an_error_as_before():
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("utf-8", SIMILAR_SIGNS)
