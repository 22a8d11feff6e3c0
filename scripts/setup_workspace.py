"""Make this checkout ready to run: the work behind `make setup` and `make test-jazzy`.

Where ROS 2 is sourced, its packages are used. On a bare machine a virtual environment `.venv` gets ROS 2 from PyPI.
In both cases colcon then builds the messages and installs the package under `install/`. Each finished step leaves a
stamp. So a second call does only what has changed, and a call after an interruption continues where it stopped.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Which ROS 2 a bare machine gets from PyPI. All that belongs to Jazzy is in a folder of its own.
WHEELS = os.environ.get("ROS_WHEELS", "kilted")
PLACE = ROOT if WHEELS == "kilted" else ROOT / f".{WHEELS}"
VENV = PLACE / ".venv"
LOCK = ROOT / "scripts" / ("requirements.lock" if WHEELS == "kilted" else f"requirements-{WHEELS}.lock")
BUILD_LOG = PLACE / "log" / "setup.log"
# Imported by the package itself; a ROS machine must have them already.
NEEDED_MODULES = "matplotlib numpy rclpy rich rosbags safetensors scipy torch tqdm typer yaml"
# What decides how the built workspace looks; with --symlink-install the contents of Python files do not.
BUILD_FILES = ("CMakeLists.txt", "package.xml", "msg", "scripts/infonet", "scripts/infonet_node")
LINKED_FOLDERS = ("infonet_ros", "config", "launch", "share")


class SetupError(Exception):
    """Something is missing; the message is one sentence for the user."""


def main() -> int:
    """Run the steps that are not done yet; return the exit status."""
    try:
        check_machine()
        python = Path(sys.executable) if ros_is_sourced() else make_environment()
        build_workspace(python)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsetup: interrupted; run `make setup` again to continue.", file=sys.stderr)
        return 130
    return 0


def check_machine() -> None:
    """Raise SetupError unless this machine can build the package."""
    version = ".".join(map(str, sys.version_info[:2]))
    if not (3, 10) <= sys.version_info[:2] <= (3, 14):
        raise SetupError(
            f"{sys.executable} is Python {version}, but 3.10 to 3.14 is needed: `make setup PYTHON=python3.12`, say."
        )
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        raise SetupError("no C++ compiler was found, and the messages need one: on Debian, `apt install g++ make`.")
    if not shutil.which("cmake"):
        raise SetupError("CMake was not found, and the messages need it: on Debian, `apt install cmake`.")
    if not (shutil.which("make") or shutil.which("ninja")):
        raise SetupError("neither make nor ninja was found, and CMake needs one: on Debian, `apt install make`.")


def ros_is_sourced() -> bool:
    """Return whether a ROS 2 other than the one of `.venv` is in use; SetupError if it lacks what the package needs."""
    if not os.environ.get("ROS_DISTRO"):
        return False
    missing = [name for name in NEEDED_MODULES.split() if not can_import(name)]
    if missing:
        raise SetupError(
            f"ROS 2 {os.environ['ROS_DISTRO']} is sourced, but {sys.executable} lacks {', '.join(missing)}: run "
            '`rosdep install --from-paths . --ignore-src`, and what README.md says at "By apt and colcon".'
        )
    if not shutil.which("colcon"):
        raise SetupError("ROS 2 is sourced, but colcon was not found: `apt install python3-colcon-common-extensions`.")
    return True


def can_import(module: str) -> bool:
    """Return whether a module is there, without importing it."""
    from importlib.util import find_spec

    return find_spec(module) is not None


def make_environment() -> Path:
    """Create `.venv` from the lock file; return its interpreter."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise SetupError(
            f"this is {platform.system()} on {platform.machine()}, and PyPI has ROS 2 for Linux on x86_64 only: "
            "install ROS 2, source it, and run this again; or use the library without ROS by `pip install .`."
        )
    python = VENV / "bin" / "python"
    stamp = VENV / "setup.stamp"
    wanted = digest([LOCK], sys.version)
    if is_done(stamp, wanted) and python.exists():
        return python
    print(
        f"setup: installing ROS 2 {WHEELS.title()} and torch from PyPI into {VENV.relative_to(ROOT)} (at first some "
        "minutes) ...",
        flush=True,
    )
    if not python.exists() or not same_version(python):
        run(
            [sys.executable, "-m", "venv", "--clear", str(VENV)],
            "the virtual environment could not be made (on Debian, `apt install python3-venv`)",
        )
    run(
        [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-compile", "-r", str(LOCK)],
        "pip could not install the packages of scripts/requirements.lock",
    )
    correct_cmake_paths(python)
    name_prefix(VENV / "bin" / "activate")
    compile_imports(python)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def same_version(python: Path) -> bool:
    """Return whether the environment of an earlier call is complete and has this interpreter's version."""
    command = [str(python), "-c", "import pip, sys; print(sys.version)"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.strip() == sys.version


def correct_cmake_paths(python: Path) -> None:
    """Replace the include folders of the machine that built the ROS wheels by those of this one."""
    ask_numpy = [python, "-c", "import numpy; print(numpy.get_include())"]
    numpy_include = subprocess.check_output(ask_numpy, text=True).strip()
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    builder = f"/opt/python/{tag}-{tag}"
    replacements = {
        f"{builder}/lib/{version}/site-packages/numpy/_core/include": numpy_include,
        f"{builder}/include/{version}": sysconfig.get_path("include"),
    }
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        raise SetupError(f"the headers of Python {version[6:]} are missing: on Debian, `apt install {version}-dev`.")
    for path in (VENV / "share").rglob("*.cmake"):
        text = path.read_text(encoding="utf-8")
        if builder in text:
            for old, new in replacements.items():
                text = text.replace(old, new)
            path.write_text(text, encoding="utf-8")


def name_prefix(activate: Path) -> None:
    """Make the activated shell name the environment to ROS 2 and CMake as the place of its packages."""
    lines = "".join(
        f'export {name}="$VIRTUAL_ENV${{{name}:+:${name}}}"\n' for name in ("AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH")
    )
    text = activate.read_text(encoding="utf-8")
    if lines not in text:
        activate.write_text(f"{text}\n# ROS 2 is installed here.\n{lines}", encoding="utf-8")


def compile_imports(python: Path) -> None:
    """Import what every start imports, so that Python stores it compiled; to compile all packages takes a minute.

    Else every start compiles it again, for seconds, in a shell or container with PYTHONDONTWRITEBYTECODE.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    imports = f"import {', '.join(NEEDED_MODULES.split())}"
    run([str(python), "-c", imports], "what was installed cannot be imported", environment)


def build_workspace(python: Path) -> None:
    """Build the messages and install the package under `install/`."""
    environment = build_environment(python)
    stamp = PLACE / "install" / "setup.stamp"
    wanted = digest(build_inputs(), str(python), environment.get("AMENT_PREFIX_PATH", ""), *linked_names())
    if is_done(stamp, wanted):
        print("setup: nothing to do.")
        return
    build, install = PLACE / "build", PLACE / "install"
    print(f"setup: building the messages and installing into {install.relative_to(ROOT)}/ ...", flush=True)
    if not built_here():
        shutil.rmtree(build, ignore_errors=True)
        shutil.rmtree(install, ignore_errors=True)
    colcon = shutil.which("colcon", path=environment["PATH"])
    run(
        [
            *(str(colcon), "--log-base", str(PLACE / "log"), "build", "--paths", ".", "--symlink-install"),
            *("--build-base", str(build), "--install-base", str(install), "--event-handlers", "console_direct+"),
            *("--cmake-args", "-DBUILD_TESTING=OFF", f"-DPython3_EXECUTABLE={python}"),
        ],
        "colcon could not build the package",
        environment,
    )
    stamp.write_text(wanted, encoding="utf-8")
    sourced = [VENV / "bin" / "activate"] if VENV in python.parents else []
    shell = " && ".join(f". {path.relative_to(ROOT)}" for path in (*sourced, install / "setup.bash"))
    print(f"setup: done. For a shell in which everything works: {shell}")


def build_environment(python: Path) -> dict[str, str]:
    """Environment variables for colcon; on a bare machine they point at `.venv`."""
    environment = dict(os.environ)
    if VENV in python.parents:
        environment["PATH"] = os.pathsep.join((str(VENV / "bin"), environment.get("PATH", os.defpath)))
        environment.update(VIRTUAL_ENV=str(VENV), CMAKE_PREFIX_PATH=str(VENV), AMENT_PREFIX_PATH=str(VENV))
        for name in ("COLCON_PREFIX_PATH", "PYTHONPATH"):
            environment.pop(name, None)
    return environment


def built_here() -> bool:
    """Return whether `build/` was made at this path by CMake: a moved or copied checkout must be built again."""
    cache = PLACE / "build" / "infonet_ros" / "CMakeCache.txt"
    return cache.exists() and f"CMAKE_HOME_DIRECTORY:INTERNAL={ROOT}\n" in cache.read_text(encoding="utf-8")


def build_inputs() -> list[Path]:
    """Return the files whose contents determine the build."""
    paths = [ROOT / name for name in BUILD_FILES]
    return sorted(file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())


def linked_names() -> list[str]:
    """Names of the files that the installed workspace links to: a new one needs a new link."""
    paths = (path for folder in LINKED_FOLDERS for path in (ROOT / folder).rglob("*"))
    return sorted(str(path.relative_to(ROOT)) for path in paths if path.is_file() and path.suffix != ".pyc")


def digest(files: list[Path], *words: str) -> str:
    """Digest of the files' contents and the words."""
    state = hashlib.sha256("\0".join(words).encode())
    for path in files:
        state.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return state.hexdigest()


def is_done(stamp: Path, wanted: str) -> bool:
    """Return whether a step's stamp says that it ended with these inputs."""
    return stamp.exists() and stamp.read_text(encoding="utf-8") == wanted


def run(command: list[str], failure: str, environment: dict[str, str] | None = None) -> None:
    """Run a command with its output in the log; SetupError with its last lines if it fails."""
    BUILD_LOG.parent.mkdir(parents=True, exist_ok=True)
    with BUILD_LOG.open("w", encoding="utf-8") as log:
        ended = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT, env=environment, check=False)
    if ended.returncode != 0:
        last_lines = "\n".join(BUILD_LOG.read_text(encoding="utf-8").splitlines()[-15:])
        raise SetupError(f"{failure}; the log is {BUILD_LOG}, and ends\n{last_lines}")


if __name__ == "__main__":
    sys.exit(main())
