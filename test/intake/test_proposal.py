from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import yaml
from field_columns import column
from recordings import CUSTOM, EPOCH, HUSKY, SECOND, header, leg_and_speed, stamp, write_ros2
from table_files import columns_written, written

from infonet_ros.errors import RecordingError
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.proposing import candidates as candidates_module
from infonet_ros.intake.proposing.candidates import Candidate
from infonet_ros.intake.proposing.channel_choice import fair_share
from infonet_ros.intake.proposing.kinds import kind_of
from infonet_ros.intake.proposing.proposal import propose
from infonet_ros.intake.recording import NumericField, chosen_span
from infonet_ros.intake.tables.tables import Tables
from infonet_ros.settings import Modality, Settings, Watch, load_settings, params_document, reserved_names


def proposal_for(path, **options):
    with Bag([path]) as bag:
        return propose(bag, options.pop("settings", Settings()), chosen_span(bag, 0.0, None), **options)


@pytest.fixture(scope="module")
def husky():
    return proposal_for(HUSKY)


def channels_of(proposal):
    return {m.topic: m.channels for m in proposal.settings.modalities}


def test_every_numeric_field_that_varies_is_proposed(small_bag):
    channels = channels_of(proposal_for(small_bag))
    # torque[1] and torque[2] are constant, label is text, the header holds no measurement
    assert channels == {"/leg": ("force", "torque[0]"), "/speed": ("data",)}


def test_husky_gets_angles_for_quaternions_and_a_rate_that_fills_the_window(husky):
    channels = channels_of(husky)
    assert {"orientation|pitch", "orientation|yaw|rate", "angular_velocity.y"} <= set(channels["/imu/data"])
    assert "pose.pose.orientation|yaw|rate" in channels["/husky_velocity_controller/odom"]
    assert not any("orientation.w" in path for paths in channels.values() for path in paths)
    assert husky.settings.rate == 10.0  # the odometry's; the GPS at 2.5 Hz would leave 50 samples in a window


def test_a_topic_without_numbers_is_named(tmp_path, store):
    messages = [*leg_and_speed(store, seconds=20.0)]
    word = store.types["std_msgs/msg/String"]("on")
    words = [("/words", "std_msgs/msg/String", time + 1, word) for topic, _, time, _ in messages if topic == "/leg"]
    path = write_ros2(tmp_path / "bag", store, sorted([*messages, *words], key=lambda one: one[2]))
    assert proposal_for(path).notices == ("left out, because their messages hold no numbers: /words.",)


def test_a_topic_that_repeats_another_is_named(tmp_path, store):
    messages = [*leg_and_speed(store, seconds=20.0)]
    again = [("/leg_again", kind, time + 2, message) for topic, kind, time, message in messages if topic == "/leg"]
    path = write_ros2(tmp_path / "twice", store, sorted([*messages, *again], key=lambda one: one[2]))
    assert "/leg_again repeats 2 fields of /leg." in proposal_for(path).brief


def test_the_limit_is_shared_fairly_and_reported(small_bag):
    proposal = proposal_for(small_bag, limit=2)
    assert channels_of(proposal) == {"/leg": ("force",), "/speed": ("data",)}
    assert "1 channel beyond the limit of 2 is left out (/leg torque[0])" in proposal.notices[0]


def test_the_most_important_of_every_topic_has_its_turn():
    """The forces at the feet are elements of an array without names, and all that their topic has."""
    ranks = {"/joints": [0] * 6, "/feet": [2] * 2}
    fields = [(topic, NumericField(f"x{k}", rank)) for topic, own in ranks.items() for k, rank in enumerate(own)]
    noise = column(np.random.default_rng(0).standard_normal(100))
    chosen = fair_share([Candidate(topic, field, noise, kind_of(noise)) for topic, field in fields], limit=4)
    assert Counter(candidate.topic for candidate in chosen) == {"/joints": 2, "/feet": 2}


@pytest.mark.parametrize(("limit", "shared"), [(3, {"/motors": 3}), (4, {"/motors": 3, "/battery": 1})])
def test_what_has_too_few_samples_for_any_estimate_takes_no_place_of_others(limit, shared):
    """A battery told 40 times, beside the motors of a drone."""
    rng = np.random.default_rng(0)
    counts = {"/battery": (40, 2), "/motors": (100, 3)}
    candidates = []
    for topic, (samples, fields) in counts.items():
        own = column(rng.standard_normal(samples))
        candidates += [Candidate(topic, NumericField(f"x{k}", 0), own, kind_of(own)) for k in range(fields)]
    assert Counter(one.topic for one in fair_share(candidates, limit)) == shared


def test_of_a_topic_every_vector_has_its_turn():
    with Bag([HUSKY]) as bag:
        channels = channels_of(propose(bag, Settings(), chosen_span(bag, 0.0, None), limit=9))
    assert channels["/imu/data"] == ("orientation|roll", "angular_velocity.x", "linear_acceleration.x")


def test_of_a_table_every_vector_has_its_turn():
    names = [*(f"gauge{k}" for k in range(40)), "rpy_x", "rpy_y", "rpy_z", "speed"]
    noise = column(np.random.default_rng(0).standard_normal(100))
    fields = [Candidate("table", NumericField(name, 0), noise, kind_of(noise)) for name in names]
    assert [one.field.path for one in fair_share(fields, limit=5)] == ["gauge0", "gauge1", "rpy_x", "rpy_y", "speed"]


def test_every_field_of_husky_is_listed_and_those_that_wander_are_used_by_their_rate(husky):
    kinds = {(f.topic, f.path): f.kind for f in husky.fields}
    with Bag([HUSKY]) as bag:
        everything = {(topic, field.path) for topic in bag.topics for field in bag.fields(topic)[0]}
    assert set(kinds) == everything
    by_rate = {name for name in husky.settings.channel_names if name.endswith("|rate")}
    assert by_rate == {f.channel for f in husky.fields if f.kind == "wandering"}
    odometry = "/husky_velocity_controller/odom"
    for wandering in ((odometry, "pose.pose.position.x"), ("/fix", "latitude"), ("/imu/data", "orientation|yaw")):
        assert kinds[wandering] == "wandering"
    for measured in ((odometry, "twist.twist.angular.z"), ("/imu/data", "angular_velocity.y")):
        assert kinds[measured] == "measurement"
    assert kinds["/fix", "position_covariance[0]"] == "covariance"
    assert kinds["/fix", "position_covariance[8]"] == "duplicate"
    assert not any("covariance" in name for name in husky.settings.channel_names)


def test_whatever_is_left_out_is_in_a_note(husky):
    notes = "\n".join(husky.details)
    assert "Left out as constant: /fix status.(status, service), position_covariance (6 elements)" in notes
    assert "twist.covariance (36 elements)" in notes
    assert "Left out as covariances: /fix position_covariance[0]." in notes
    assert "up to scale: /fix position_covariance (2 elements) as /fix position_covariance[0]." in notes
    assert "used as rate of change: /fix latitude, longitude, altitude; /husky" in notes


def test_topics_are_chosen_by_globs(small_bag):
    assert list(channels_of(proposal_for(small_bag, topics=["/l*"]))) == ["/leg"]
    with pytest.raises(RecordingError, match=r"no topic of small matches '/arm\*': it has /leg, /speed"):
        proposal_for(small_bag, topics=["/arm*"])


def test_a_recording_in_which_nothing_varies_is_refused(tmp_path, store):
    still = [
        ("/data", "std_msgs/msg/Float64", EPOCH + k, store.types["std_msgs/msg/Float64"](data=1.0)) for k in range(9)
    ]
    with pytest.raises(RecordingError, match="no numeric field varies"):
        proposal_for(write_ros2(tmp_path / "still", store, still))


def test_big_arrays_are_reduced_and_arrays_of_messages_are_left_out_with_a_word(tmp_path, store):
    types, rng = store.types, np.random.default_rng(0)
    messages = []
    for k in range(90):
        time = EPOCH + k * SECOND
        head = types["std_msgs/msg/Header"](stamp=stamp(store, time), frame_id="")
        scan = types["sensor_msgs/msg/LaserScan"](
            header=head, angle_min=0.0, angle_max=1.0, angle_increment=0.1, time_increment=0.0, scan_time=0.1,
            range_min=0.0, range_max=9.0, ranges=rng.uniform(1, 8, 181).astype(np.float32),
            intensities=np.zeros(0, np.float32),
        )  # fmt: skip
        pose = types["geometry_msgs/msg/Pose"](
            position=types["geometry_msgs/msg/Point"](x=rng.normal(), y=0.0, z=0.0),
            orientation=types["geometry_msgs/msg/Quaternion"](x=0.0, y=0.0, z=0.0, w=1.0),
        )
        poses = types["geometry_msgs/msg/PoseArray"](header=head, poses=[pose])
        messages += [
            ("/scan", "sensor_msgs/msg/LaserScan", time, scan),
            ("/poses", "geometry_msgs/msg/PoseArray", time, poses),
        ]
    proposal = proposal_for(write_ros2(tmp_path / "bag", store, messages))
    assert channels_of(proposal) == {"/scan": ("ranges|min", "ranges|mean", "ranges|std")}
    assert any("/poses: poses is an array of geometry_msgs/msg/Pose" in notice for notice in proposal.notices)


def test_a_topic_of_an_unknown_type_is_left_out_with_a_word(tmp_path, store):
    import sqlite3

    from rosbags.rosbag2 import StoragePlugin

    folder = write_ros2(tmp_path / "bag", store, leg_and_speed(store, 20.0), StoragePlugin.SQLITE3)
    with sqlite3.connect(folder / "bag.db3") as database:
        database.execute("DELETE FROM message_definitions")
    with pytest.raises(RecordingError, match=f"only /speed data varies .* Note: /leg is left out: .*{CUSTOM}"):
        proposal_for(folder)


def test_stamps_that_are_all_the_same_are_named(tmp_path, store):
    messages = [(t, k, n, replace(m, header=header(store, EPOCH)) if t == "/leg" else m)
                for t, k, n, m in leg_and_speed(store, 20.0)]  # fmt: skip
    with pytest.raises(RecordingError, match="all 400 messages of /leg have the same stamp, 2023-11-14 22:13:20 UTC"):
        proposal_for(write_ros2(tmp_path / "bag", store, messages))


def moved(store, messages, when):
    """Change the stamp of each message, and leave the time of its recording."""
    for topic, kind, time, message in messages:
        if topic == "/leg":
            yield topic, kind, time, replace(message, header=header(store, when(time - EPOCH)))


@pytest.mark.parametrize(("memory", "rate"), [(10, 100.0), (100, 10.0)], ids=["fast", "slow"])
def test_a_slow_topic_gives_the_clock_only_of_streams_that_are_as_slow(tmp_path, store, memory, rate):
    rng = np.random.default_rng(0)
    valve = np.convolve(rng.normal(size=6000 + memory), np.ones(memory), mode="valid")
    kind = "std_msgs/msg/Float64"
    number = store.types[kind]

    def messages():
        for k in range(6000):
            yield "/valve", kind, EPOCH + k * SECOND // 100, number(data=float(valve[k]))
            yield "/pressure", kind, EPOCH + k * SECOND // 100 + 1, number(data=float(valve[k - 3] + rng.normal()))
            if k % 10 == 0:
                yield "/level", kind, EPOCH + k * SECOND // 100 + 2, number(data=float(rng.normal()))

    assert proposal_for(write_ros2(tmp_path / "bag", store, messages())).settings.rate == rate


def test_windows_are_as_long_as_slow_stamps_allow(tmp_path, store):
    slow = moved(store, leg_and_speed(store, 120.0), lambda time: EPOCH + time // 10)
    proposal = proposal_for(write_ros2(tmp_path / "bag", store, slow))
    assert (proposal.settings.rate, proposal.settings.window) == (200.0, 4.0)
    assert any("the stamps pass 11.995 s in 119.95 s of recording" in notice for notice in proposal.notices)


def test_windows_fit_between_two_pauses(tmp_path, store):
    paused = moved(store, leg_and_speed(store, 90.0), lambda time: EPOCH + time + time // (30 * SECOND) * 100 * SECOND)
    proposal = proposal_for(write_ros2(tmp_path / "bag", store, paused))
    assert proposal.settings.window == 10.0
    assert not proposal.notices


def test_of_a_long_recording_stretches_are_looked_at(husky, monkeypatch):
    monkeypatch.setattr(candidates_module, "_MOST_MESSAGES", 8000)
    read = []
    pieces = Bag.pieces
    monkeypatch.setattr(Bag, "pieces", lambda bag, *part: (read.append(p) or p for p in pieces(bag, *part)))
    proposal = proposal_for(HUSKY)
    assert 5000 < sum(len(batch.stamps) for piece in read for batch in piece.batches) < 9000
    assert proposal.settings.rate == husky.settings.rate
    kinds = [{f.path: f.kind for f in told.fields if f.kind != "constant"} for told in (proposal, husky)]
    assert sum(kinds[0].get(path) == kind for path, kind in kinds[1].items()) >= 0.75 * len(kinds[1])


# ---- streams of known kinds ------------------------------------------------------------------------------------------


def table_of(tmp_path, rate=100.0, seconds=60.0, **columns):
    """Write a table of named columns, and propose for it."""
    time = np.arange(round(seconds * rate)) / rate
    header = ",".join(["time", *columns])
    path = columns_written(tmp_path / "table.csv", header, time, *columns.values(), form="%.9g")
    with Tables([path]) as table:
        return propose(table, Settings(), chosen_span(table, 0.0, None))


def test_columns_are_sorted_as_fields_are(tmp_path):
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(3, 6000))
    proposal = table_of(
        tmp_path,
        count=np.arange(6000),
        left_ticks=np.cumsum(rng.poisson(3.0, 6000)),
        right_ticks=np.cumsum(rng.poisson(3.0, 6000)),
        gyro=noise[0],
        gyro_degrees=57.29578 * noise[0],
        bumper=np.isin(np.arange(6000), (1000, 1001, 4000)),
        heading=np.cumsum(3.0 + noise[1]) % 360.0,
        offset=np.full(6000, 3.5),
        gyro_covariance=noise[2],
    )
    assert channels_of(proposal)["table"] == (
        "left_ticks|rate", "right_ticks|rate", "gyro", "bumper", "heading|degrees|rate",
    )  # fmt: skip
    kinds = {f.path: f.kind for f in proposal.fields}
    assert kinds["count"] == "counter"
    assert kinds["gyro_degrees"] == "duplicate"
    assert kinds["bumper"] == "event"
    assert kinds["offset"] == "constant"
    assert kinds["gyro_covariance"] == "covariance"
    assert any("Left out as clocks, counters or sequence numbers: table count." in note for note in proposal.details)
    assert any("table gyro_degrees as table gyro" in note for note in proposal.details)
    assert any("1 clock, counter or sequence number" in line for line in proposal.brief)


def test_covariances_are_taken_where_nothing_else_is(tmp_path):
    noise = np.random.default_rng(0).normal(size=(2, 2000))
    proposal = table_of(tmp_path, seconds=20.0, x_covariance=noise[0], y_covariance=noise[1])
    assert channels_of(proposal)["table"] == ("x_covariance", "y_covariance")


def test_the_rate_is_that_of_all_rows_and_what_is_given_stays(tmp_path):
    noise = np.random.default_rng(0).normal(size=(2, 6000))
    proposal = table_of(tmp_path, x=noise[0], y=noise[1])
    assert proposal.settings.rate == 100.0
    assert "The clock has 100 Hz, the rate of table" in proposal.details[0]
    with Tables([tmp_path / "table.csv"]) as table:
        given = Settings(window=3.0, hop=0.7, rate=50.0)
        kept = propose(table, given, chosen_span(table, 0.0, None), given=("window", "hop", "rate")).settings
    assert (kept.rate, kept.window, kept.hop) == (50.0, 3.0, 0.7)


def test_the_window_has_room_for_the_delays(tmp_path):
    noise = np.random.default_rng(0).normal(size=(2, 6000))
    table_of(tmp_path, x=noise[0], y=noise[1])
    with Tables([tmp_path / "table.csv"]) as table:
        proposed = propose(table, Settings(max_lag=12.0), chosen_span(table, 0.0, None)).settings
    assert (proposed.max_lag, proposed.window) == (12.0, 24.0)


def test_the_same_imu_on_two_topics_is_taken_once(tmp_path, store):
    """The second publishes later and lacks a message now and then."""
    vector, rng, messages = store.types["geometry_msgs/msg/Vector3"], np.random.default_rng(0), []
    for k in range(500):
        time, (x, y) = EPOCH + k * SECOND // 50, rng.normal(size=2)
        messages.append(("/imu", "geometry_msgs/msg/Vector3", time, vector(x=x, y=y, z=0.0)))
        if k % 10:
            messages.append(("/copy", "geometry_msgs/msg/Vector3", time + 7_000_000, vector(x=x, y=-y, z=rng.normal())))
    messages.sort(key=lambda message: message[2])
    proposal = proposal_for(write_ros2(tmp_path / "bag", store, messages))
    assert channels_of(proposal) == {"/imu": ("x", "y"), "/copy": ("z",)}
    assert "/copy x as /imu x; /copy y as /imu y" in "\n".join(proposal.details)


# ---- the parameter file ---------------------------------------------------------------------------------------------

AWKWARD = Settings(
    modalities=(
        Modality("n", "/n", ("x", "y", "z"), "geometry_msgs/msg/Vector3"),
        Modality("arm", "/joint states", ("position[left 'elbow']", "position[on]")),
    ),
    watches=(Watch("pair", ("n", "arm"), "independent", 0.2, 3.0),),
    window=12.5,
    surrogates=19,
)


def test_the_params_file_gives_the_same_settings_back(tmp_path):
    path = written(tmp_path, params_document(AWKWARD, "first line\nsecond line"), "params.yaml")
    assert load_settings(path) == AWKWARD


def test_no_string_in_the_params_file_can_be_taken_for_another_type():
    """The YAML of ROS 2 reads a bare y, n, on or off as true or false (YAML 1.1)."""
    events = yaml.parse(params_document(AWKWARD), Loader=yaml.SafeLoader)
    bare = [e.value for e in events if isinstance(e, yaml.ScalarEvent) and e.style is None]
    assert {"x", "y", "n", "on"} & {value for value in bare if value in AWKWARD.modalities[0].channels} == set()
    assert '"y"' in params_document(AWKWARD)


def test_the_node_takes_the_params_file_as_it_is(tmp_path, ros_domain):
    """By the parser that `ros2 run ... --params-file` uses."""
    rclpy = pytest.importorskip("rclpy", reason="ROS 2 is not installed")
    path = written(tmp_path, params_document(AWKWARD), "params.yaml")
    context = rclpy.Context()
    rclpy.init(args=["--ros-args", "--params-file", str(path)], context=context)
    try:
        node = rclpy.create_node("infonet", context=context, automatically_declare_parameters_from_overrides=True)
        names = ["n.channels", "arm.channels", "window", "surrogates", "modalities", "pair.threshold"]
        values = {name: node.get_parameter(name).value for name in names}
        node.destroy_node()
    finally:
        rclpy.shutdown(context=context)
    assert values == {
        "n.channels": ["x", "y", "z"],
        "arm.channels": ["position[left 'elbow']", "position[on]"],
        "window": 12.5,
        "surrogates": 19,
        "modalities": ["n", "arm"],
        "pair.threshold": 0.2,
    }


def test_of_too_many_fields_each_topic_has_some_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(candidates_module, "_MOST_FIELDS", 6)
    names = ["time", *(f"wide.c{k}" for k in range(20)), "narrow.x", "narrow.y"]
    samples = np.random.default_rng(0).normal(size=(300, 22))
    with Tables([columns_written(tmp_path / "t.csv", ",".join(names), np.arange(300) / 10, samples)]) as table:
        proposal = propose(table, Settings(), chosen_span(table, 0.0, None))
    counts = {modality.topic: len(modality.channels) for modality in proposal.settings.modalities}
    assert counts == {"wide": 4, "narrow": 2}
    assert proposal.notices[0].startswith("16 of 22 numeric fields are not considered")


def test_a_topic_may_have_the_name_of_a_parameter(tmp_path):
    names = ["given", "time", "window", "qos_overrides"]
    samples = np.random.default_rng(0).normal(size=(300, len(names)))
    header = ",".join(["t", *(f"{name}.x" for name in names)])
    with Tables([columns_written(tmp_path / "t.csv", header, np.arange(300) / 10, samples)]) as table:
        modalities = propose(table, Settings(), chosen_span(table, 0.0, None)).settings.modalities
    assert [modality.topic for modality in modalities] == names
    assert not reserved_names() & {modality.name for modality in modalities}
