"""Everyday exports: whatever a program writes, the numbers that it meant are read."""

import bz2
import gzip
import lzma
from threading import get_ident

import numpy as np
import pytest
from table_files import together, written

from infonet_ros.errors import RecordingError
from infonet_ros.intake.tables import text_table
from infonet_ros.intake.tables.tables import Tables
from infonet_ros.intake.tables.text_source import text_pieces
from infonet_ros.settings import Modality

ROWS = 60
TIME = np.arange(ROWS) * 0.05
A = np.round(np.random.default_rng(1).normal(size=ROWS), 4)
B = np.round(1000 * np.random.default_rng(2).normal(size=ROWS), 2)
NUMBERS = "".join(f"{t:.2f},{a},{b}\n" for t, a, b in zip(TIME, A, B, strict=True))
PLAIN = "time,a,b\n" + NUMBERS


def read(path, topic="table", **options):
    """Stamps in seconds from the first, values by channel, and notices."""
    with Tables([path], **options) as table:
        names = [field.path for field in table.fields(topic)[0]]
        samples = list(table.samples([Modality("m", topic, tuple(names))], table.start, table.end + 1))
        stamps = np.array([sample.stamp for sample in samples])
        values = np.array([[np.nan if v is None else v for v in sample.values] for sample in samples], dtype=float)
        return (stamps - stamps[0]) / 1e9, dict(zip(names, values.T, strict=True)), table.notices


def assert_read(path, expected, **options):
    times, values, notices = read(path, **options)
    assert times == pytest.approx(TIME, abs=1e-6)
    for name, numbers in expected.items():
        np.testing.assert_allclose(values[name], numbers, atol=1e-9, err_msg=name)
    return notices


def joined(separator, *columns, header="time,a,b", end="\n"):
    lines = [header.replace(",", separator), *(separator.join(cells) for cells in zip(*columns, strict=True))]
    return "".join(line + end for line in lines)


def texts(numbers, form="{}"):
    return [form.format(number) for number in numbers]


def comma(cells):
    return [cell.replace(".", ",") for cell in cells]


def german(cells):
    return [cell.translate(str.maketrans(",.", ".,")) for cell in cells]


AS_THEY_ARE = {
    "sep= line": "sep=;\n" + PLAIN.replace(",", ";"),
    "pipes": PLAIN.replace(",", "|"),
    "blanks": PLAIN.replace(",", " "),
    "columns set in line": joined(" ", *([f"{c:>12}" for c in texts(n)] for n in (TIME, A, B))),
    "signs apart": PLAIN.replace(",-", ",- "),
    "blanks behind commas": PLAIN.replace(",", ", "),
    "tabs behind commas": PLAIN.replace(",", ",\t"),
    "old Mac": PLAIN.replace("\n", "\r"),
    "Windows": PLAIN.replace("\n", "\r\n"),
    "no line end at the end": PLAIN.rstrip("\n"),
    "all quoted": joined(",", *([f'"{c}"' for c in texts(n)] for n in (TIME, A, B)), header='"time","a","b"'),
    "rows quoted as a whole": "\n".join(f'"{line}"' for line in PLAIN.splitlines()) + "\n",
    "rows quoted as a whole, but for the names": "\n".join(
        f'"{line}"' if k else line for k, line in enumerate(PLAIN.splitlines())
    ),
    "rows quoted around quotes": "".join(
        f'"{line}"\n' for line in joined(",", *([f'""{c}""' for c in texts(n)] for n in (TIME, A, B))).splitlines()
    ),
    "decimal commas": joined(";", *(comma(texts(n)) for n in (TIME, A, B))),
    "decimal commas and tabs": joined("\t", *(comma(texts(n)) for n in (TIME, A, B))),
    "decimal commas and blanks": joined(" ", *(comma(texts(n)) for n in (TIME, A, B))),
    "decimal commas in quotes": joined(",", *([f'"{c}"' for c in comma(texts(n))] for n in (TIME, A, B))),
    "thousands": joined(",", texts(TIME), texts(A), texts(B, '"{:,}"')),
    "thousands by points": joined(";", comma(texts(TIME)), comma(texts(A)), german(texts(B, "{:,}"))),
    "thousands by blanks": joined(";", comma(texts(TIME)), comma(texts(A)), comma(texts(B, "{:_}"))).replace(
        "_", "\u202f"
    ),
    "thousands by apostrophes": joined(";", texts(TIME), texts(A), texts(B, "{:,}")).replace(",", "'"),
    "signs": joined(",", *(texts(n, "{:+}") for n in (TIME, A, B))),
    "real minus signs": PLAIN.replace("-", "\u2212"),
    "exponents": joined(",", *(texts(n, "{:.9E}") for n in (TIME, A, B))),
    "comments before": "# made by hand\n// twice\n" + PLAIN,
    "comments within": PLAIN.replace(f"{TIME[30]:.2f},", f"# half time, or so, more or less\n{TIME[30]:.2f},", 1),
    "header in a comment": "# x\n# time,a,b\n" + NUMBERS,
    "description before": "Logger 7\nSerial number,0815\n\n" + PLAIN,
    "units under the names": "time,a,b\n[s],[m/s],\n" + NUMBERS,
    "commas at the ends": PLAIN.replace("\n", ",\n"),
    "commas at the ends of rows": "time,a,b\n" + NUMBERS.replace("\n", ",\n"),
    "a comma at the end of the names": "time,a,b,\n" + NUMBERS,
    "names of rows": "time,a,b\n" + "".join(f"{k},{line}\n" for k, line in enumerate(NUMBERS.splitlines())),
    "text with line ends": joined(
        ",", texts(TIME), texts(A), texts(B), ['"say ""hi"",\nall"'] * ROWS, header="time,a,b,n"
    ),
    "zeros of a lost disk": PLAIN + "\0" * 3000,
    "empty lines": PLAIN.replace("\n", "\n\n"),
}


@pytest.mark.parametrize("kind", AS_THEY_ARE)
def test_everyday_exports_are_read_as_they_are(tmp_path, kind):
    path = tmp_path / "table.csv"
    path.write_bytes(AS_THEY_ARE[kind].encode())
    assert_read(path, {"a": A, "b": B})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"])
def test_any_encoding_is_read(tmp_path, encoding):
    path = tmp_path / "table.csv"
    path.write_bytes(PLAIN.replace(",a,", ",T [°C],").encode(encoding))
    assert_read(path, {"T_C": A, "b": B})


def compressed_twice(data):
    return lzma.compress(gzip.compress(data))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, compressed_twice])
def test_compressed_files_are_recognised_by_their_content(tmp_path, pack):
    path = tmp_path / "table.csv"
    path.write_bytes(pack(PLAIN.encode()))
    assert_read(path, {"a": A, "b": B})


def test_without_a_header_columns_are_numbered(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(NUMBERS)
    notices = assert_read(path, {"column_2": A, "column_3": B})
    assert "it has no header line: its columns are named column_1, column_2, column_3." in notices


@pytest.mark.parametrize(
    "header", ["", "# timestamp tx ty tz qx qy qz qw\n", "# ground truth\n#timestamp tx ty tz qx qy qz qw\n"]
)
def test_a_trajectory_has_its_names(tmp_path, header):
    half = np.cumsum(A) / 20
    z, w = np.round(np.sin(half), 6), np.round(np.cos(half), 6)
    path = tmp_path / "trajectory.txt"
    rows = zip(TIME, A, B, z, w, strict=True)
    path.write_text(header + "".join(f"{1.7e9 + t:.4f} {x} {y} 0 0 0 {s:.6f} {c:.6f}\n" for t, x, y, s, c in rows))
    assert_read(path, {"tx": A, "ty": B, "q|yaw": 2.0 * np.arctan2(z, w)})


ODD = ["#N/A", "--", "3.1 V", "?", "#DIV/0!", "error", "1.2.3", "12,34,5"]


@pytest.mark.parametrize("text", ODD)
def test_a_cell_that_is_no_number_is_not_known_and_reported(tmp_path, text):
    lines = PLAIN.splitlines()
    lines[8] = f'{TIME[7]:.2f},"{text}",{B[7]}'
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines))
    notices = assert_read(path, {"a": np.where(np.arange(ROWS) == 7, np.nan, A), "b": B})
    assert f"column 'a': 1 of 60 cells is no number and read as unknown (row 9: {text!r})." in notices


def test_rows_are_counted_as_an_editor_does(tmp_path):
    """Beyond comments, descriptions, units and rows that are skipped."""
    lines = ["# comment", "Logger", "", "time,a,b", "s,V,A", *NUMBERS.splitlines()]
    lines[20] = "cut"
    lines[40] = f"{TIME[35]:.2f},n/a!,1"
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines))
    _, _, notices = read(path)
    assert any("(row 41: 'n/a!')" in notice for notice in notices)
    assert any("row 5, 's,V,A', is between" in notice for notice in notices)


def test_a_column_of_mostly_no_numbers_is_left_out_and_named(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(joined(",", texts(TIME), texts(A), texts(B, "at {} V")))
    with Tables([path]) as table:
        fields, sentences = table.fields("table")
    assert [field.path for field in fields] == ["a"]
    assert sentences == [f"column 'b' holds text, not numbers (such as 'at {B[0]} V')"]


FORMS = {
    "a unit": lambda b: f"{b} mV",
    "percent": lambda b: f"{b}%",
    "hexadecimal": lambda b: f"0x{round(b) % 65536:04X}",
    "Fortran": lambda b: f"{b:.8E}".replace("E", "D"),
    "a minus behind": lambda b: f"{abs(b)}{'-' if b < 0 else ''}",
    "a dash for a minus": lambda b: f"{b}".replace("-", "\u2013"),
    "a currency before": lambda b: f"${b}" if b > 0 else f"-$ {-b}",
    "a currency in parentheses": lambda b: f"€{b}" if b > 0 else f"(€{-b})",
}


@pytest.mark.parametrize("form", FORMS)
def test_numbers_of_other_forms_are_read(tmp_path, form):
    path = tmp_path / "table.csv"
    path.write_text(joined(",", texts(TIME), texts(A), map(FORMS[form], B)))
    assert_read(path, {"a": A, "b": np.round(B) % 65536 if form == "hexadecimal" else B})


@pytest.mark.parametrize("mark", ["#N/A", "--", "?", "****", "<NA>", "ERROR", "-1.#IND", "n.d."])
def test_a_sensor_that_starts_late_is_kept(tmp_path, mark):
    """Cells that say that nothing is known do not make a column one of text."""
    path = tmp_path / "table.csv"
    path.write_text(joined(",", texts(TIME), texts(A), [mark] * 40 + texts(B[40:])))
    notices = assert_read(path, {"a": A, "b": np.where(np.arange(ROWS) < 40, np.nan, B)})
    assert any(f"'b': 40 of 60 cells are no number and read as unknown (row 2: {mark!r})" in note for note in notices)


def test_truth_values_are_one_and_zero(tmp_path):
    path = tmp_path / "table.csv"
    words = [("true", "false"), ("TRUE", "FALSE"), ("yes", "no"), ("On", "Off"), ("Y", "N"), ("WAHR", "FALSCH")]
    for yes, no in words:
        path.write_text(joined(",", texts(TIME), texts(A), [yes if a > 0 else no for a in A]))
        assert_read(path, {"b": A > 0})


def test_a_last_line_that_was_cut_is_left_out(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(PLAIN + "3.00,0.5")
    notices = assert_read(path, {"a": A, "b": B})
    assert "the last row is cut ('3.00,0.5') and is left out." in notices


@pytest.mark.parametrize("last", ["3.00,0.5,1.2", "3.00,0.5,1.", "3.00,0.5,1", "3.00,0.5,-"])
def test_a_last_number_that_was_cut_is_not_taken_for_a_number(tmp_path, last):
    """Its writer gives all numbers of a column as many decimals."""
    path = tmp_path / "table.csv"
    rows = [f"{t:.2f},{a},{b:.3f}\n" for t, a, b in zip(TIME, A, B, strict=True)]
    path.write_text("".join(["time,a,b\n", *rows, last]))
    times, values, notices = read(path)
    if last.endswith("-"):  # an empty cell
        assert np.isnan(values["b"][-1])
    else:
        assert len(times) == ROWS
        assert f"the last row is cut ({last!r}) and is left out." in notices
    path.write_text("".join(["time,a,b\n", *rows]).rstrip("\n"))
    assert_read(path, {"b": np.round(B, 3)})


def test_rows_of_another_width_are_left_out_and_counted(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(PLAIN.replace("\n", "\n7,8\n1,2,3,4\n", 1))
    notices = assert_read(path, {"a": A, "b": B})
    assert "2 rows of 62 do not have 3 cells and are left out (the first: '7,8')." in notices


@pytest.mark.parametrize("groups", ["clock,imu,imu", ",imu,"], ids=["repeated", "merged cells"])
def test_a_row_of_groups_above_the_names_goes_before_them(tmp_path, groups):
    path = tmp_path / "table.csv"
    path.write_text(f"{groups}\n{PLAIN}")
    times, values, notices = read(path, "imu")
    assert times == pytest.approx(TIME)
    np.testing.assert_array_equal(values["a"], A)
    np.testing.assert_array_equal(values["b"], B)
    assert not any("skipped" in notice for notice in notices)


def test_descriptions_as_wide_as_the_table_are_left_out(tmp_path):
    """A LabVIEW measurement file: headers of its own, and a name more than there are cells."""
    path = tmp_path / "run.lvm"
    end = "***End_of_Header***"
    about = f"LabVIEW Measurement\t\nSeparator\tTab\n{end}\t\n\nSamples\t60\t60\nDate\t2024/05/01\t2024/05/01\n"
    path.write_text(f"{about}{end}\t\t\t\nX_Value\ta\tb\tComment\n" + NUMBERS.replace(",", "\t"))
    assert_read(path, {"a": A, "b": B})


def test_a_file_is_read_by_the_thread_that_asked(tmp_path, monkeypatch):
    """Another one, of Arrow, may still read while Python ends, and takes the process down."""
    path = tmp_path / "table.csv"
    path.write_text(PLAIN)
    threads = set()

    def watched(*arguments):
        for piece in text_pieces(*arguments):
            threads.add(get_ident())
            yield piece

    monkeypatch.setattr(text_table, "text_pieces", watched)
    read(path)
    assert threads == {get_ident()}


def test_columns_of_one_name_are_distinguished(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(PLAIN.replace("a,b", "a,a", 1))
    notices = assert_read(path, {"a": A, "a_2": B})
    assert "some columns share a name: the later columns are called a_2." in notices


def test_names_may_hold_delimiters_units_and_letters_of_any_script(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(PLAIN.replace("a,b", '"acc, x [m/s^2]",速度', 1), encoding="utf-8")
    assert_read(path, {"acc_x_m_s_2": A, "column_速度": B})
    path.write_text(PLAIN.replace("a,b", '"acc\n[m/s^2]",b', 1), encoding="utf-8")
    assert_read(path, {"acc_m_s_2": A, "b": B})


def test_commas_are_reported(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(AS_THEY_ARE["decimal commas"])
    assert any("read as decimal points" in notice for notice in read(path)[2])
    path.write_text(AS_THEY_ARE["thousands"])
    assert any("read as signs of thousands" in notice for notice in read(path)[2])


def test_a_quote_that_is_never_closed_loses_no_row(tmp_path):
    path = tmp_path / "table.csv"
    notes = ['"' if row == 20 else "ok" for row in range(ROWS)]
    path.write_text(joined(",", texts(TIME), texts(A), texts(B), notes, header="time,a,b,note") + "\n" * 60)
    notices = assert_read(path, {"a": A, "b": B})
    assert "a quote is opened and never closed: quotes are read as ordinary characters." in notices


def test_a_long_cell_and_many_columns_cost_what_they_hold(tmp_path):
    path = tmp_path / "table.csv"
    long = "x" * 3_000_000
    path.write_text(
        joined(",", texts(TIME), texts(A), texts(B), [*["ok"] * 40, long, *["ok"] * 19], header="time,a,b,n")
    )
    assert_read(path, {"a": A, "b": B})
    path.write_text(f"time,{','.join(f'c{k}' for k in range(5000))}\n" + "".join(f"{t}{',1' * 5000}\n" for t in TIME))
    with Tables([path]) as table:
        assert len(table.fields("table")[0]) == 5000


def test_blocks_are_joined(tmp_path, monkeypatch):
    """Numbers that are plain in one block and odd in the next, and whole numbers that become fractions."""
    monkeypatch.setattr(text_table, "_WAYS", ((True, 1 << 10),))
    b = [str(int(x)) if row < 40 else str(x) for row, x in enumerate(B)]
    b[50] = "3 V"
    path = tmp_path / "table.csv"
    path.write_text(joined(",", texts(TIME), texts(A), b) + "\n" * 3)
    expected = np.array([float(cell.removesuffix(" V")) for cell in b])
    expected[50] = np.nan
    notices = assert_read(path, {"a": A, "b": expected})
    assert any("(row 52: '3 V')" in notice for notice in notices)


def test_words_beside_numbers_do_not_make_blanks_the_delimiter(tmp_path):
    rows = "".join(f"{k / 10},INFO,step {k} of forty,{k}\n" for k in range(40))
    found, _ = together([written(tmp_path, "time,level,message,cpu\n" + rows)])
    assert [value for _, value in found["table.cpu"]] == list(range(40))


def test_comments_between_rows_are_no_rows(tmp_path):
    rows = "".join(f"{k / 10},{k}\n" + "# paused, here\n" * (k == 7) for k in range(40))
    found, said = together([written(tmp_path, "time,x\n" + rows)])
    assert [value for _, value in found["table.x"]] == list(range(40))
    assert not any("no number" in sentence for sentence in said)


def test_sentences_of_a_gps_between_rows_are_left_out(tmp_path):
    gps = "$GPGGA,120000.000,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\n"
    rows = "".join(f"{k / 10},{k},{-k}\n" + gps * (k % 5 == 0) for k in range(40))
    found, said = together([written(tmp_path, "time,x,y\n" + rows)])
    assert [value for _, value in found["table.x"]] == list(range(40))
    assert any("8 rows of 48" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("Time,Wheel,\ns,speed,force\n", ["Wheel.speed", "Wheel.force"]),
        (",Wheel,\nTime,speed,force\n", ["Wheel.speed", "Wheel.force"]),
        ("Export\n20\n,robot,\nTime,X,Y\ns,mm,mm\n", ["robot.X", "robot.Y"]),
        ("Time,Wheel,\ns,m,m\n", ["table.Wheel", "table.column_3"]),
    ],
)
def test_merged_cells_stand_over_several_names(tmp_path, header, names):
    found, _ = together([written(tmp_path, header + NUMBERS)])
    assert list(found) == names
    assert [value for _, value in found[names[0]]] == pytest.approx(A)


def test_rows_that_share_all_their_times_are_reported(tmp_path):
    lines = [f"{t:.2f},{value}\n" for t, a, b in zip(TIME, A, B, strict=True) for value in (a, b)]
    _, said = together([written(tmp_path, "time,v\n" + "".join(lines))])
    assert any("stands in 2 rows" in sentence and "several devices" in sentence for sentence in said)


def test_points_beside_decimal_commas_are_reported(tmp_path):
    lines = [f"{t:.2f};{a};12.345\n".replace(".", ",", 1) for t, a in zip(TIME, A, strict=True)]
    _, said = together([written(tmp_path, "time;a;b\n" + "".join(lines))])
    assert any("points in 'a', 'b' are also read as decimal points" in sentence for sentence in said)


def test_names_between_wide_blanks_may_have_single_ones(tmp_path):
    lines = [f"{t:.2f}   {a}   {b}" for t, a, b in zip(TIME, A, B, strict=True)]
    path = written(tmp_path, "\n".join(["Time (s)   Left speed   Right speed", *lines]))
    assert_read(path, {"Left_speed": A, "Right_speed": B})


def test_the_cell_that_makes_a_column_no_numbers_is_named(tmp_path):
    cells = [f"{abs(b) / 1000:.4f}k" if k % 2 else f"{abs(b):.1f}" for k, b in enumerate(B)]
    path = written(tmp_path, joined(",", texts(TIME), cells, header="time,p"))
    with pytest.raises(RecordingError, match=r"'p' holds '[0-9.]*k'"):
        read(path)
