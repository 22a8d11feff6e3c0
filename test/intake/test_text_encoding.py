"""Encodings of text: names are read as they were written."""

import pytest
from table_files import notices, written

from infonet_ros.intake.tables.tables import Tables

WRITTEN = {
    "cp932": ["時刻,温度,湿度", "時間,左モーター速度,右モーター速度", "time,トルク,ｽﾋﾟｰﾄﾞと速度"],
    "cp949": ["시간,모터온도,습도", "time,모터속도,전류"],
    "gb18030": ["时间,温度,湿度", "time,左轮转速,右轮转速", "时间戳,电压(V),电流(A)"],
    "cp1251": ["Время,Температура,Влажность", "time,напряжение,ДАВЛЕНИЕ"],
    "cp1252": ["Zeit,Temperatur °C,Größe", "time,température,débit", "tiempo,señal,ángulo", "t,µs,€"],
    "utf-8": ["时间,温度,湿度", "Zeit,Temperatur °C,Größe", "Время,Температура,Влажность"],
    "utf-16": ["时间,温度,湿度"],
}


@pytest.mark.parametrize(
    ("encoding", "header"), [(encoding, header) for encoding, headers in WRITTEN.items() for header in headers]
)
def test_names_are_read_in_the_encoding_that_they_were_written_in(tmp_path, encoding, header):
    path = written(tmp_path, "\n".join([header, *(f"{k / 10},{k},{-k}" for k in range(50)), ""]).encode(encoding))
    with Tables([path]) as table:
        said = " ".join([*table.notices, *(field.path for field in table.fields("table")[0])])
    first, second, _ = header.split(",")
    assert first in said
    assert "".join(c for c in second if c.isalpha()) in "".join(c for c in said if c.isalpha())


def test_dates_of_china_beside_short_names_are_read(tmp_path):
    path = tmp_path / "table.csv"
    rows = (f"2024年6月1日 12:{k:02d}:00,{k},{-k}" for k in range(60))
    path.write_bytes("\n".join(["时间,速度,电流", *rows, ""]).encode("gb18030"))
    assert not any("could be" in sentence for sentence in notices(path))


def test_a_mark_of_byte_order_in_the_middle_is_no_text(tmp_path):
    half = "\ufefftime,x\n" + "".join(f"{k / 10},{k}\n" for k in range(20))
    path = written(tmp_path, (half + half.replace("time,x\n", "").replace("\n", "1\n")).encode())
    assert not any("no number" in sentence for sentence in notices(path))
