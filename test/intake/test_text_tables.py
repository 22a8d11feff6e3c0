"""Everyday exports: whatever a program writes, the numbers that it meant are read."""

import bz2
import gzip
import lzma
from threading import get_ident

import pytest
from exported_tables import NUMBERS, PLAIN, ROWS, TIME, A, B, assert_read, joined, read, texts
from table_files import together, written

from infonet_ros.intake.tables.tables import Tables
from infonet_ros.intake.tables.text_files import text_table
from infonet_ros.intake.tables.text_files.text_source import text_pieces


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
    "header in a comment, commas at the ends of rows": "# time,a,b\n" + NUMBERS.replace("\n", ",\n"),
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
    assert_read(written(tmp_path, AS_THEY_ARE[kind].encode()), {"a": A, "b": B})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"])
def test_any_encoding_is_read(tmp_path, encoding):
    assert_read(written(tmp_path, PLAIN.replace(",a,", ",T [°C],").encode(encoding)), {"T_C": A, "b": B})


def compressed_twice(data):
    return lzma.compress(gzip.compress(data))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, compressed_twice])
def test_compressed_files_are_recognised_by_their_content(tmp_path, pack):
    assert_read(written(tmp_path, pack(PLAIN.encode())), {"a": A, "b": B})


def test_a_file_is_read_by_the_thread_that_asked(tmp_path, monkeypatch):
    """Another one, of Arrow, may still read while Python ends, and takes the process down."""
    path = written(tmp_path, PLAIN)
    threads = set()

    def watched(*arguments):
        for piece in text_pieces(*arguments):
            threads.add(get_ident())
            yield piece

    monkeypatch.setattr(text_table, "text_pieces", watched)
    read(path)
    assert threads == {get_ident()}


def test_commas_are_reported(tmp_path):
    path = written(tmp_path, AS_THEY_ARE["decimal commas"])
    assert any("read as decimal points" in notice for notice in read(path)[2])
    path.write_text(AS_THEY_ARE["thousands"])
    assert any("read as signs of thousands" in notice for notice in read(path)[2])


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


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_blanks_within_cells_do_not_delimit_below_a_description(tmp_path, delimiter):
    rows = [("Logger", "ACME 500"), ("time", "a", "note")]
    rows += [(f"05/01/2024 01:00:{k:02d}.500 PM CEST", f"{a:.4f}", f"step {k}", "") for k, a in enumerate(A[:40])]
    found, _ = together([written(tmp_path, "".join(delimiter.join(row) + "\n" for row in rows))])
    assert [value for _, value in found["table.a"]] == pytest.approx(A[:40], abs=1e-4)


def test_a_cut_line_does_not_make_blanks_the_delimiter(tmp_path):
    rows = "".join(f"{a:.4f}\tidle\t2024-05-01 12:00:{k:02d}.5\n" for k, a in enumerate(A[:40]))
    found, _ = together([written(tmp_path, f"a\tmode\tstart\n{rows}0.5\tid")])
    assert [value for _, value in found["table.a"]] == pytest.approx(A[:40], abs=1e-4)


def test_words_beside_numbers_do_not_make_blanks_the_delimiter(tmp_path):
    rows = "".join(f"{k / 10},INFO,step {k} of forty,{k}\n" for k in range(40))
    found, _ = together([written(tmp_path, "time,level,message,cpu\n" + rows)])
    assert [value for _, value in found["table.cpu"]] == list(range(40))
