"""`pip install .`: the library, the command line and the weights on a machine without ROS.

With ROS 2, colcon builds the package by CMakeLists.txt instead.
"""

import re
from pathlib import Path

from setuptools import find_namespace_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r'VERSION = "(.+)"', (ROOT / "infonet_ros/version.py").read_text(encoding="utf-8"))[1]

setup(
    name="infonet_ros",
    version=VERSION,
    description="Mutual information between all pairs of a robot's sensor streams, live or from a recording",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.10",
    # Bags of matrices are written without ROS, so the message definitions are included.
    packages=[*find_namespace_packages(include=["infonet_ros", "infonet_ros.*"]), "infonet_ros.definitions"],
    package_dir={"infonet_ros.definitions": "msg"},
    package_data={
        "infonet_ros": ["py.typed"],
        "infonet_ros.definitions": ["*.msg"],
        "infonet_ros.models": ["*"],
        "infonet_ros.fleet": ["templates/*"],
        "infonet_ros.offline.pages": ["templates/*"],
    },
    install_requires=[
        "jinja2",
        "matplotlib",
        "numpy",
        "pillow",
        "pyarrow",
        "pyyaml",
        "rich",
        "rosbags",
        "safetensors",
        "scipy>=1.11",
        "torch>=2.2",
        "tqdm",
        "typer",
    ],
    extras_require={
        # The estimators that `make bench` compares with; tigramite does not name the last two, which it needs.
        "bench": ["ennemi", "scikit-learn", "tigramite", "joblib", "numba"],
        "dask": ["distributed"],  # infonet fleet
        "hdf5": ["h5py"],  # HDF5, MATLAB files of version 7.3 among it
        "pandas": ["pandas"],  # results as DataFrames
        "ulog": ["pyulog"],  # flight logs of PX4
    },
    entry_points={"console_scripts": ["infonet = infonet_ros.__main__:main"]},
)
