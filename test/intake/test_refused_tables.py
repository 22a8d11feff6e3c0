"""Files that are no tables, or that would cost too much: refused in one sentence."""

import gzip
import io
import os
import tarfile

import numpy as np
import pytest
from table_files import PLAIN, notices, written

from infonet_ros.errors import RecordingError
from infonet_ros.intake.opener import open_recording
from infonet_ros.intake.tables import sheet
from infonet_ros.intake.tables.text_files import text_table


def tar(name, contents):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(contents)
        archive.addfile(entry, io.BytesIO(contents))
    return packed.getvalue()


BAD = {
    "a packed archive": (tar("log.csv", PLAIN.encode()), "an archive"),
    "an endless line": (b"1," * (1 << 24), "first line does not end within 16 MB"),
    "an endless number": (b"t,a,b\n" + b"1" * (1 << 20), "it has 0 rows and 1 column"),
    "zeros": (b"\0" * 5000, "not a readable table"),
    "binary data": (np.random.default_rng(3).bytes(5000), "binary data"),
    "XML: save it as CSV; gpsbabel converts GPX": (b'<?xml version="1.0"?>\n<gpx><trk/></gpx>', "gpsbabel"),
    "a log of ArduPilot": (b"\xa3\x95\x80\x80\x59FMT\0" + bytes(90), "mavlogdump.py --format csv"),
    "one number": (b"x\n1\n", "it has 1 row and 1 column; expected a time column"),
    "a web page": (b"<!DOCTYPE html>\n<html><body>a,b</body></html>", "a web page"),
    "JSON": (b'{"a": [1, 2, 3]}\n', "JSON"),
    "a blackbox of Betaflight": (b"H Product:Blackbox flight data recorder\n" + bytes(range(256)), "blackbox_decode"),
    "an activity of a sports computer": (b"\x0e\x20\xd9\x07\0\0\0\0.FIT" + bytes(range(256)), "FitCSVTool"),
    "a recording in EDF": (f"{0:<8}{'X X X X':<80}{'night':<80}03.05.2412.59.55768{'':<2000}".encode(), "EDFbrowser"),
    "a recording in BDF": (b"\xffBIOSEMI" + bytes(range(256)), "EDFbrowser"),
    "a C3D file": (b"\x02P" + bytes(range(256)), "ezc3d"),
    "a NetCDF file": (b"CDF\x01" + bytes(range(256)), "xarray"),
    "a row for each quantity": (
        "".join(f"{name},{','.join(f'{k}.5' for k in range(90))}\n" for name in ("time", "x", "y")).encode(),
        r"each of its 3 rows is a quantity \(time, x, y\).*read_csv",
    ),
    "times only, which lost their digits": (
        "".join(f"{1.7172432e9 + k // 40 * 100:.9g},{k % 7}\n" for k in range(80)).encode(),
        "80 rows have only 2 different times",
    ),
    "text": (b"hello\nthis is\nbut text\nat all\n", "text, not numbers"),
    "an Excel workbook": (b"PK\x03\x04...", "Excel workbook"),
    "a PDF": (b"%PDF-1.7 ...", "a PDF document"),
    "blank lines": (b"\n \n\n", "not a readable table"),
    "damaged gzip": (b"\x1f\x8b\x08 no more", "not a readable table"),
    "damaged Zstandard": (b"\x28\xb5\x2f\xfd no more", "not a readable table"),
    "most rows of another width": (b"time,a,b\n0,1,2\n1,2,3\n" + b"1,2,3,4\n" * 9 + b"0,1,2\n" * 3, "rows"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_table_ends_in_one_sentence(tmp_path, what):
    contents, words = BAD[what]
    path = written(tmp_path, gzip.compress(contents, 1) if len(contents) > 1 << 20 else contents)
    with pytest.raises(RecordingError, match=words) as caught:
        notices(path)
    assert str(caught.value).count("\n") == 0
    assert len(str(caught.value)) < 400


def test_an_endless_line_behind_good_ones_is_read_no_further(tmp_path, monkeypatch):
    monkeypatch.setattr(text_table, "_WAYS", ((True, 1 << 16), (False, 1 << 20)))
    path = written(tmp_path, gzip.compress(PLAIN.encode() + b"1," * (1 << 22), 1))
    with pytest.raises(RecordingError, match="does not end within 1 MB"):
        notices(path)


@pytest.mark.parametrize(("rows", "columns"), [(20_000, 2), (3, 100)])
def test_a_table_that_is_too_large_is_refused(tmp_path, monkeypatch, rows, columns):
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    monkeypatch.setattr(sheet, "MEMORY_SHARE", 200_000 / memory)
    names = ",".join(f"x{k}" for k in range(1, columns))
    path = written(tmp_path, f"time,{names}\n" + "".join(f"{k}{f',{k}' * (columns - 1)}\n" for k in range(rows)))
    with pytest.raises(RecordingError, match="an eighth of this machine's memory"):
        notices(path)


FOREIGN = {
    "DBC": "".join(f"(1714560000.{k:06d}) can0 1F4#0{k % 10}FF\n" for k in range(30)),
    "decode them by their DBC file": ";$FILEVERSION=2.1\n" * 30
    + "".join(f"  {k}  {17535.4 + k} DT 1  00000100 Rx -  2    0{k % 10} 0A\n" for k in range(30)),
    "raw CAN frames": "Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2\n"
    + "".join(f"{20_000 * k},00000123,false,Rx,0,2,0{k % 10},0A\n" for k in range(30)),
    "cantools": "".join(f"  can1  2A0   [2]  0{k % 10} FF\n" for k in range(30)),
    "NovAtel": "".join(
        f"#INSPVAA,COM1,0,73.5,FINESTEERING,2312,{30 + k}.000,00,54e2,13306;2312,48.1,11.5,1.0*1a2b3c4d\n"
        for k in range(30)
    ),
    "tai64nlocal": "".join(f"@400000006650{k:04x}{k:08x} a={k}.5\n" for k in range(30)),
    "--json-output": "header {\n  stamp {\n    sec: 1\n  }\n}\nx: 0.5\n\n" * 30,
    "gpsbabel": "".join(
        f"$GPGGA,1200{k:02d}.000,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\n" for k in range(30)
    ),
}


def test_a_telemetry_log_is_refused_with_what_to_do(tmp_path):
    messages = ((1_714_560_000_000_000 + k).to_bytes(8, "big") + b"\xfd" + bytes(20) for k in range(30))
    with pytest.raises(RecordingError, match=r"mavlogdump\.py"):
        notices(written(tmp_path, b"".join(messages), "flight.tlog"))


@pytest.mark.parametrize("name", ["drive.mcap", "log.csv", "data.h5"])
def test_a_pointer_to_a_file_is_refused_with_what_to_do(tmp_path, name):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935\nsize 12345\n"
    with pytest.raises(RecordingError, match="`git lfs pull`"), open_recording([written(tmp_path, pointer, name)]):
        pass


@pytest.mark.parametrize("words", FOREIGN)
def test_lines_of_other_programs_are_refused_with_what_to_do(tmp_path, words):
    with pytest.raises(RecordingError, match=words):
        notices(written(tmp_path, FOREIGN[words]))
