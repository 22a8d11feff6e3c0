"""Activities of sports computers, as FitCSVTool writes them: each line names its own fields."""

import numpy as np
import pytest
from table_files import notices, together, written

from infonet_ros.errors import RecordingError

HEADER = "Type,Local Number,Message,Field 1,Value 1,Units 1,Field 2,Value 2,Units 2,Field 3,Value 3,Units 3,\n"
SPEED = np.random.default_rng(0).normal(size=60).round(3)
POWER = np.random.default_rng(1).normal(size=60).round(3)


def activity():
    yield 'Definition,0,record,timestamp,1,,speed,1,,power,1,,\nData,0,file_id,serial,"7",,type,"4",,,,,\n'
    for k, (speed, power) in enumerate(zip(SPEED, POWER, strict=True)):
        fields = [f'speed,"{speed}",m/s', f'power,"{power}",watts']
        fields = fields[::-1] if k % 3 else fields
        yield f'Data,0,record,timestamp,"{1_083_412_800 + k}",s,{",".join(fields)},\n'
        if not k % 20:
            yield f'Data,1,lap,timestamp,"{1_083_412_800 + k}",s,unknown,"1",,distance,"{k}",m,\n'


def test_each_kind_of_message_is_a_topic(tmp_path):
    path = written(tmp_path, HEADER + "".join(activity()))
    found, _ = together([path])
    assert [value for _, value in found["record.speed"]] == SPEED.tolist()
    assert [value for _, value in found["record.power"]] == POWER.tolist()
    assert [value for _, value in found["lap.distance"]] == [0.0, 20.0, 40.0]
    assert found["record.speed"][0][0] == (631_065_600 + 1_083_412_800) * 10**9  # 1 May 2024
    assert any("left out: file_id" in notice for notice in notices(path))


def test_an_activity_without_times_ends_in_one_sentence(tmp_path):
    path = written(tmp_path, HEADER + 'Data,0,file_id,serial,"7",,type,"4",,,,,\n')
    with pytest.raises(RecordingError, match="holds no messages with a timestamp"):
        notices(path)
