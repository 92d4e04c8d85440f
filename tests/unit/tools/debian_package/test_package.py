"""What is in the Debian package, as dpkg reads it; `make deb-trial` starts a whole one."""

import subprocess
import tarfile
from pathlib import Path

import pytest

from services.__main__ import COMMANDS
from services.settings import loader
from tests.support.checkout import CHECKOUT
from tests.support.external_servers import program
from tests.support.processes import PATIENCE_SECONDS
from tools.debian_package import package, payload
from tools.debian_package.package import PackageFacts

FACTS = PackageFacts(
    version="0.1.0-1", architecture="amd64", python=(3, 13), released_at=1_764_500_000
)
TEMPLATES = CHECKOUT / "deploy/debian"


def said(*command: str) -> str:
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    return done.stdout


def built(folder: Path) -> Path:
    """Pack an environment of two files instead of a real one, which takes minutes."""
    program("dpkg-deb", package="dpkg")
    commands = folder / "stage/opt/fanzha/bin"
    commands.mkdir(parents=True)
    for name in package.COMMANDS:
        (commands / name).write_text("#!/opt/fanzha/bin/python\n")
        (commands / name).chmod(0o755)
    return package.build(folder / "stage", CHECKOUT, FACTS, folder / "dist")


@pytest.fixture(scope="module")
def deb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("deb"))


@pytest.fixture(scope="module")
def unpacked(deb: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    said("dpkg-deb", "--raw-extract", str(deb), str(folder))
    return folder


def test_dpkg_reads_what_it_says_of_itself(deb: Path) -> None:
    fields = dict(
        line.split(": ", 1)
        for line in said("dpkg-deb", "--field", str(deb)).splitlines()
        if ": " in line and line[0] != " "
    )

    assert deb.name == "fanzha_0.1.0-1_amd64.deb"
    assert (fields["Package"], fields["Version"]) == ("fanzha", "0.1.0-1")
    # The environment lies in lib/python3.13: another release of Python would find nothing.
    assert {"python3 (>= 3.13)", "python3 (<< 3.14)"} <= set(fields["Depends"].split(", "))


def test_all_files_are_of_root_and_none_is_writable_for_others(deb: Path) -> None:
    data = subprocess.Popen(
        [program("dpkg-deb", package="dpkg"), "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE
    )
    with data, tarfile.open(fileobj=data.stdout, mode="r|") as packed:
        members = list(packed)

    assert {(one.uname, one.gname, one.uid) for one in members} == {("root", "root", 0)}
    assert [one.name for one in members if one.mode & 0o022 and not one.issym()] == []


def test_the_units_start_what_the_package_brings(unpacked: Path) -> None:
    for unit in (unpacked / "usr/lib/systemd/system").iterdir():
        command = next(line for line in unit.read_text().splitlines() if "ExecStart=" in line)
        started = command.partition("=")[2].split()[0]
        assert (unpacked / started.lstrip("/")).exists()
    for name in package.COMMANDS:
        link = unpacked / "usr/bin" / name
        assert (unpacked / str(link.readlink()).lstrip("/")).exists()


def test_scripts_are_shell_and_name_units_that_are_there(unpacked: Path) -> None:
    units = {path.name for path in (unpacked / "usr/lib/systemd/system").iterdir()}

    for name in package.SCRIPTS:
        script = unpacked / "DEBIAN" / name
        said("sh", "-n", str(script))
        assert script.stat().st_mode & 0o111
        named = {word.strip("'") for word in script.read_text().split() if ".service" in word}
        assert named <= {name.replace("@.", "@*.") for name in units}


def test_settings_are_a_conffile_that_the_service_can_read(
    unpacked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (conffile,) = (unpacked / "DEBIAN/conffiles").read_text().split()
    file = unpacked / conffile.lstrip("/")
    commented = [line[2:] for line in file.read_text().splitlines() if " = " in line]
    monkeypatch.delenv("FANZHA_CONFIG", raising=False)

    as_shipped = loader.load(file)

    assert as_shipped.listen_host == "127.0.0.1"
    # What is commented out is the name of a setting, too.
    assert {line.split(" = ")[0] for line in commented} <= set(type(as_shipped).model_fields)
    assert "up" in COMMANDS


def test_the_same_commit_makes_the_same_package(deb: Path, tmp_path: Path) -> None:
    assert built(tmp_path).read_bytes() == deb.read_bytes()


def test_an_environment_is_told_where_it_will_lie(tmp_path: Path) -> None:
    target = tmp_path / "stage/opt/fanzha"
    (target / "bin").mkdir(parents=True)
    (target / "lib/__pycache__").mkdir(parents=True)
    script = target / "bin/fanzha"
    script.write_text(f"#!{target}/bin/python\nprint('{target}')\n")
    (target / "bin/activate").write_text(f"VIRTUAL_ENV={target}")
    (target / "bin/python").symlink_to("/usr/bin/python3")
    (target / "pyvenv.cfg").write_text(
        f"home = /usr/bin\nversion = 3.13.5\ncommand = /usr/bin/python3 -m venv {target}\n"
    )

    payload.relocate(target)

    assert script.read_text() == "#!/opt/fanzha/bin/python\nprint('/opt/fanzha')\n"
    assert (target / "pyvenv.cfg").read_text() == "home = /usr/bin\nversion = 3.13.5\n"
    left = [path for path in target.rglob("*") if not path.is_symlink() and path.is_file()]
    assert [path for path in left if str(tmp_path) in path.read_text()] == []
    assert not (target / "lib/__pycache__").exists()
