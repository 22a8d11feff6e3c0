import sys
from pathlib import Path

import pytest
from recordings import HUSKY

from infonet_ros.dependence.baselines.diagnosis.fault import Kind
from infonet_ros.intake.bags import Bag
from infonet_ros.offline.baselines.checking import check_recording
from infonet_ros.offline.baselines.learning import learn_baseline
from infonet_ros.settings import load_settings

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples" / "broken_sensor"))


def test_the_page_of_baselines_holds(tmp_path, monkeypatch):
    """Learnt from the first half of the Husky's drive: the second has no alarm, until its gyroscope is turned round."""
    flip_gyroscope = pytest.importorskip("flip_gyroscope")
    monkeypatch.setattr(sys, "argv", ["flip_gyroscope.py", str(HUSKY), str(tmp_path / "broken")])
    flip_gyroscope.main()
    baseline, _ = learn_baseline([HUSKY], load_settings(ROOT / "config" / "husky.yaml"), duration=198.0)

    sound = check_recording(HUSKY, baseline, 3600.0, start=198.0)
    broken = check_recording(tmp_path / "broken", baseline, 3600.0, start=198.0)

    assert not sound.alarms
    assert broken.alarms[0].kind is Kind.SCALED
    assert "has an inverted sign" in broken.alarms[0].words
    with Bag([HUSKY]) as bag:
        assert 270.0 < (broken.alarms[0].time - bag.start) / 1e9 < 275.0
