"""Latitudes and longitudes, in the forms in which receivers, maps and people write them."""

import numpy as np
import pytest
from table_files import notices, rows, written

from infonet_ros.intake.tables.cells.names import group_and_rest

rng = np.random.default_rng(7)
LATITUDES = np.round(np.r_[48.99, 49.01, -0.5, rng.uniform(-80, 80, 60)], 6)
LONGITUDES = np.round(np.r_[-0.01, 0.01, 101.25, rng.uniform(-170, 170, 60)], 6)


def of_nmea(angle, digits):
    degrees, rest = divmod(abs(angle), 1)
    return f"{int(degrees):0{digits}d}{60 * rest:09.6f}"


def minutes(angle):
    degrees, rest = divmod(abs(angle), 1)
    return f"{int(degrees)}°{60 * rest:.6f}'"


def seconds(angle):
    degrees, rest = divmod(abs(angle), 1)
    whole, rest = divmod(60 * rest, 1)
    return f"{int(degrees)}° {int(whole)}' {60 * rest:.5f}\""


def north(angle):
    return "S" if angle < 0 else "N"


def east(angle):
    return "W" if angle < 0 else "E"


FORMS = {
    "degrees and minutes": lambda a, letter, digits: minutes(a) + letter,
    "degrees, minutes and seconds": lambda a, letter, digits: seconds(a) + letter,
    "the letter first": lambda a, letter, digits: f"{letter} {minutes(a)}",
    "a sign": lambda a, letter, digits: ("-" if a < 0 else "") + minutes(a),
    "primes": lambda a, letter, digits: minutes(a).replace("'", "\u2032") + " " + letter,
    "NMEA in a cell": lambda a, letter, digits: f"{of_nmea(a, digits)},{letter}",
    "a letter before degrees": lambda a, letter, digits: f"{letter}{abs(a):.6f}",
    "a letter behind degrees": lambda a, letter, digits: f"{abs(a):.6f} {letter}",
    "NMEA in two columns": lambda a, letter, digits: f"{of_nmea(a, digits)};{letter}",
    "degrees and a column of letters": lambda a, letter, digits: f"{abs(a):.6f};{letter}",
}


@pytest.mark.parametrize("kind", FORMS)
def test_coordinates_are_degrees(tmp_path, kind):
    form = FORMS[kind]
    header = "time;lat;N/S;lon;E/W;speed" if ";" in form(1.5, "N", 2) else "time;lat;lon;speed"
    lines = (
        f"{t / 10};{form(lat, north(lat), 2)};{form(lon, east(lon), 3)};{t % 7}"
        for t, (lat, lon) in enumerate(zip(LATITUDES, LONGITUDES, strict=True))
    )
    path = written(tmp_path, "\n".join([header, *lines]))
    found = np.array([values for _, values in rows(path, ("lat", "lon"))])
    assert found == pytest.approx(np.stack([LATITUDES, LONGITUDES], axis=1), abs=2e-8)


def test_degrees_minutes_and_seconds_of_rtklib_are_one_cell(tmp_path):
    """They stand between blanks, below one name."""

    def blanks(angle):
        minute, second = divmod(3600 * abs(angle), 60)
        return f"{'-' if angle < 0 else ''}{int(minute // 60)} {int(minute % 60):02d} {second:08.5f}"

    lines = [
        f"2024/05/01 12:{t // 60:02d}:{t % 60:02d}.000   {blanks(lat)}   {blanks(lon)}  500.1234   1"
        for t, (lat, lon) in enumerate(zip(LATITUDES, LONGITUDES, strict=True))
    ]
    header = "%  GPST                 latitude(d'\") longitude(d'\")  height(m)   Q"
    path = written(tmp_path, "\n".join(["% program   : RTKPOST", header, *lines]))
    found = np.array([values for _, values in rows(path, ("latitude_d", "longitude_d"))])
    assert found == pytest.approx(np.stack([LATITUDES, LONGITUDES], axis=1), abs=2e-8)


def test_one_letter_in_all_cells_is_no_unit_of_a_place(tmp_path):
    lines = [f"{t / 10},7{t % 9}.25W,{t % 7}.5W" for t in range(40)]
    path = written(tmp_path, "\n".join(["time,lon [deg],power", *lines]))
    assert rows(path, ("lon_deg", "power"))[3] == (300_000_000, [-73.25, 3.5])


@pytest.mark.parametrize("name", ["long", "gps_long", "robot_longitude", "lng_deg"])
def test_longitudes_that_are_all_in_the_west(tmp_path, name):
    path = written(tmp_path, f"time,{name}\n" + "".join(f"{t / 10},7{t % 9}.25 W\n" for t in range(30)))
    assert rows(path, (name,))[3] == (300_000_000, [-73.25])


@pytest.mark.parametrize(("name", "unit"), [("long_range_power", "W"), ("lat_force", "N"), ("lat", "W")])
def test_watts_and_newtons_beside_a_word_of_places_are_units(tmp_path, name, unit):
    path = written(tmp_path, f"time,{name}\n" + "".join(f"{t / 10},7{t % 9}.25 {unit}\n" for t in range(30)))
    assert rows(path, (name,))[3] == (300_000_000, [73.25])


@pytest.mark.parametrize("unit", ["N", "W", "°"])
def test_newtons_watts_and_degrees_are_units(tmp_path, unit):
    path = written(tmp_path, "time,x,y\n" + "".join(f"{t / 10},{1000 + t}.5 {unit},1\n" for t in range(30)))
    assert [x for _, (x,) in rows(path, ("x",))] == [1000.5 + t for t in range(30)]
    assert any(f"end in '{unit}'" in note for note in notices(path))


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("speed m/s", "table"),
        ("km/h", "table"),
        ("lat N/S", "table"),
        ("imu/acc m/s^2", "imu"),
        ("robot 1/x", "robot 1"),
        ("Latitude / North (deg)", "table"),
        ("I/mA", "table"),
        ("control/V/mA", "table"),
        ("motor/I/mA", "motor"),
        ("Energy/W.h", "table"),
        ("flow smL/min", "table"),
        ("v/(m/s)", "table"),
        ("Cap. [Ah]", "table"),
    ],
)
def test_a_slash_in_a_unit_makes_no_group(name, group):
    assert group_and_rest(name)[0] == group
