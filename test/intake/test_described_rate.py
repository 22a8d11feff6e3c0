import pytest
from table_files import notices, rows, written

from infonet_ros.errors import RecordingError

RATES = {
    "frequency of motion capture": "FRAMES\t3\nFREQUENCY\t20\nANALOG\t0\nx\ty\tz\n1\t2\t3\n2\t4\t1\n3\t5\t1\n",
    "rate in a comment": "%Sample Rate = 20 Hz\nx,y\n1,2\n2,4\n3,5\n",
    "rate in a sentence": "---- Data File date format M/d/yyyy at 20 Hz  Filter Normal ----\nx,y\n1,2\n2,4\n3,5\n",
    "kilohertz": "Sampling rate: 0.02 kHz\nBaud rate: 9600\nx,y\n1,2\n2,4\n3,5\n",
    "interval": "Sample Interval,50 ms\nx,y,z\n1,2,3\n2,4,1\n3,5,1\n",
    "the unit in a cell of its own": 'Sample Period:,"50","ms",\nx,y,z\n1,2,3\n2,4,1\n3,5,1\n',
    "kilohertz in a cell of its own": "Sample Rate,0.02,kHz\nx,y,z\n1,2,3\n2,4,1\n3,5,1\n",
    "microseconds": "Sample Interval: 50000 microseconds\nx,y,z\n1,2,3\n2,4,1\n3,5,1\n",
    "brackets around the unit": "Sampling interval: 50 (ms)\nx,y,z\n1,2,3\n2,4,1\n3,5,1\n",
    "the unit behind the name": "Sample Interval [ms]: 50\nx,y,z\n1,2,3\n2,4,1\n3,5,1\n",
    "the unit behind the name and a cell": "Sample time (milliseconds),50,\nx,y,z\n1,2,3\n2,4,1\n3,5,1\n",
    "kilohertz behind the name": "Sampling rate (kHz): 0.02\nx,y\n1,2\n2,4\n3,5\n",
    "seconds behind the name": "Sample period (s): 0.05\nx,y\n1,2\n2,4\n3,5\n",
    "a clock in milliseconds": "#CHANNEL:CH1\n#CLOCK=50.000mS\n#SIZE=3\nrow,x\n0,1\n1,2\n2,3\n",
    "an increment among the names": "x,y,t0 =-5.0e-01, tInc = 5.0e-02,\n1,2,,\n2,4,,\n3,5,,\n",
    "a decimal comma": "Delta_X\t0,0500\nx\ty\n1\t0,2\n2\t0,4\n3\t0,5\n",
    "a decimal comma that looks like thousands": "Abtastrate [kHz]: 0,020\nx;y\n1;0,2\n2;0,4\n3;0,5\n",
    "thousands": "Abtastintervall: 50,000 us\nx;y\n1;2\n2;4\n3;5\n",
    "several rows of a frame": "Devices\n20\nFrame,Sub Frame,x\n,,N\n1,0,1\n1,1,2\n2,0,3\n",
    "interval of each sample": "a.acq\n50 msec/sample\nx,y\n1,2\n2,4\n3,5\n",
    "pictures": "# fps: 20\nframe,x\n1,1\n2,2\n3,3\n",
    "pictures in a sentence": "# recorded at 20 fps\nframe,x\n1,1\n2,2\n3,3\n",
    "a date before the rate": "Record Time 1996/08/11 03:12:39\nSampling Freq(Hz) 20Hz\nx y\n1 2\n2 4\n3 5\n",
    "a duration before the rate": "Recording time: 60 s\nSample rate: 20 Hz\nx,y\n1,2\n2,4\n3,5\n",
    "a rate alone in a row of full width": (
        "Trajectories,,,\n20,,,\nFrame,Sub Frame,x,y\n,,mm,mm\n1,0,1,5\n2,0,2,6\n3,0,3,7\n"
    ),
    "frames below a rate": "Trajectories\n20\nFrame,Sub Frame,x\n,,mm\n11,0,1\n12,0,2\n13,0,3\n",
}


@pytest.mark.parametrize("kind", RATES)
def test_a_rate_above_a_table_without_times_gives_them(tmp_path, kind):
    path = written(tmp_path, RATES[kind])
    assert [(t, values[0]) for t, values in rows(path, ("x",))] == [(0, 1), (50_000_000, 2), (100_000_000, 3)]
    assert any("the times are computed from" in sentence and "20 Hz" in sentence for sentence in notices(path))


@pytest.mark.parametrize("text", ["x,y\n1,2\n2,0\n0,1\n", "Frame,x\n7,1\n8,2\n9,0\n"])
def test_a_rate_of_the_user_gives_times_to_a_table_without(tmp_path, text):
    found = rows(written(tmp_path, text), ("x",), rate=20.0)
    assert found == [(0, [1]), (50_000_000, [2]), (100_000_000, [0])]


def test_a_rate_of_the_user_does_not_change_times(tmp_path):
    for name in ("time", "ticks"):
        text = f"{name},x\n" + "".join(f"{100 * k},{k % 3}\n" for k in range(30))
        path = written(tmp_path, text)
        assert rows(path, ("x",), rate=20.0) == rows(path, ("x",))


def test_an_interval_of_minutes_is_none_of_milliseconds(tmp_path):
    path = written(tmp_path, "Sample Interval: 5 min\nx,y,z\n1,2,3\n2,4,1\n3,5,1\n")
    assert [t for t, _ in rows(path)] == [0, 300 * 10**9, 600 * 10**9]


def test_an_oscilloscope_names_its_increment_beside_its_channels(tmp_path):
    path = written(
        tmp_path, "X,CH1,CH2,Start,Increment,\nSequence,V,V,-1,5e-2\n" + "".join(f"{k},{k}.5,1,\n" for k in range(9))
    )
    assert rows(path, ("column_2",)) == [(k * 50_000_000, [k + 0.5]) for k in range(9)]


def test_an_increment_below_the_names_is_that_of_a_first_column_that_counts(tmp_path):
    path = written(
        tmp_path, "X,CH1,Start,Increment\nSequence,V,-1,5e-2\n" + "".join(f"{k},{k}.5,,\n" for k in range(9))
    )
    assert rows(path, ("CH1",)) == [(k * 50_000_000, [k + 0.5]) for k in range(9)]


def test_the_periods_of_a_description_are_no_rate(tmp_path):
    lines = [f"7,{k % 5},{k % 3}" for k in range(60)]
    path = written(tmp_path, "\n".join(["LOCATION,Munich", "DATA PERIODS,1,1,Data", *lines]))
    with pytest.raises(RecordingError, match="no column that looks like time"):
        notices(path)


@pytest.mark.parametrize("point", ["", ".0"])
def test_frames_that_are_missing_leave_their_time(tmp_path, point):
    frames = (f"{frame}{point},{x}\n" for x, frame in enumerate([5, 6, 9, 10]))
    path = written(tmp_path, "Frame rate: 20\nPacketCounter,x\n" + "".join(frames))
    assert [t for t, _ in rows(path, ("x",))] == [0, 50_000_000, 200_000_000, 250_000_000]


def test_a_rate_above_a_table_with_times_has_no_effect(tmp_path):
    path = written(tmp_path, "Sample rate: 20 Hz\ntime,x\n0.0,1\n0.1,2\n")
    assert [t for t, _ in rows(path, ("x",))] == [0, 100_000_000]


@pytest.mark.parametrize("head", ["Sample rate: 1000 Hz\n", "SAMPLES\tLEFT\tRATE\t1000.00\n"])
def test_a_rate_above_a_table_tells_the_unit_of_its_times(tmp_path, head):
    path = written(tmp_path, head + "time\tx\n" + "".join(f"{k}\t{k % 5}\n" for k in range(30)))
    assert [t for t, _ in rows(path, ("x",))] == [1_000_000 * k for k in range(30)]


@pytest.mark.parametrize(
    "numbers", [range(0, 90, 3), [5 * k // 3 for k in range(30)]], ids=["thirds", "others between"]
)
def test_a_rate_of_samples_holds_where_a_device_counts_more_than_it_sends(tmp_path, numbers):
    path = written(tmp_path, "Packet number,x\n" + "".join(f"{number},{number % 5}\n" for number in numbers))
    assert [t for t, _ in rows(path, ("x",), rate=20.0)] == [50_000_000 * k for k in range(30)]
