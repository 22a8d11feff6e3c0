"""Rows that name their own fields, as of sports computers (FitCSVTool) and of Mission Planner."""

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


def test_messages_of_mission_planner_are_topics_by_their_kind(tmp_path):
    lines = []
    for k, (roll, pitch) in enumerate(zip(SPEED, POWER, strict=True)):
        begin = f"2024-05-01T12:00:{k:02d}.500,FE,1C,{k:X},1,1,1E"
        lines.append(f"{begin},mavlink_attitude_t,time_boot_ms,{1000 * k},roll,{roll},pitch,{pitch},Len,36\n")
        if k % 3 == 0:
            lines.append(f"{begin},mavlink_battery_t,voltage,{roll},Len,20\n")
    found, _ = together([written(tmp_path, "".join(lines))])
    first = 1_714_564_800_500_000_000
    assert found["mavlink_attitude_t.pitch"] == [(first + k * 10**9, x) for k, x in enumerate(POWER)]
    assert [value for _, value in found["mavlink_battery_t.voltage"]] == SPEED[::3].tolist()


@pytest.mark.parametrize("before", ["", "time,"])
def test_names_before_values_are_the_channels(tmp_path, before):
    lines = (f"{before}{k / 20:.2f},temp,{x},hum,{y}\n" for k, (x, y) in enumerate(zip(SPEED, POWER, strict=True)))
    found, _ = together([written(tmp_path, "".join(lines))])
    assert found.keys() == {"table.temp", "table.hum"}
    assert [value for _, value in found["table.hum"]] == POWER.tolist()


def test_words_of_states_between_values_are_no_names(tmp_path):
    lines = (f"{k / 20:.2f},{'idle' if k % 7 else 'go'},{x},ok,{x}\n" for k, x in enumerate(SPEED))
    found, _ = together([written(tmp_path, "time,mode,x,state,y\n" + "".join(lines))])
    assert [value for _, value in found["table.y"]] == SPEED.tolist()


@pytest.mark.parametrize("row", ["{t:.2f},V,{x},A,{y},V,{x}", "{t:.2f},{y},{x},ok,{y},fine,{x}"])
def test_units_and_states_before_values_are_no_names(tmp_path, row):
    lines = (row.format(t=k / 20, x=x, y=y) + "\n" for k, (x, y) in enumerate(zip(SPEED, POWER, strict=True)))
    found, _ = together([written(tmp_path, "".join(lines))])
    assert [value for _, value in found["table.column_3"]] == SPEED.tolist()
