"""layout and verify: wiring of the files and the verdict."""

from pathlib import Path

from tests.commands.conftest import Larder


def test_a_preview_is_drawn_and_verified_but_for_its_one_sample_code(
    larder: Larder, tmp_path: Path
) -> None:
    drawn = tmp_path / "preview.pdf"
    ended = larder(
        "layout", "preview", "compact-letter", "--out", str(drawn), "--language", "en-US"
    )
    assert ended.code == 0
    assert "2 pieces, 2 pages" in " ".join(ended.out.split())
    ended = larder("verify", str(drawn), "--dpi", "203")
    assert ended.code == 1
    assert "2 symbols decoded at 203 dpi" in " ".join(ended.out.split())
    assert "1 faults" in " ".join(ended.out.split())
    assert ended.err == "  preview.pdf: 1 symbols repeat an earlier one\n"


def test_layouts_are_listed_and_checked(larder: Larder) -> None:
    names = [line.split(":")[0] for line in larder("layout", "list").out.splitlines()]
    assert "classic-letter" in names
    assert larder("layout", "check", "classic-letter").code == 0


def test_a_strange_name_and_a_file_that_is_no_batch_fail_in_one_line(
    larder: Larder, tmp_path: Path
) -> None:
    ended = larder("layout", "check", "baroque")
    assert ended.code == 1
    assert "classic-a4" in ended.err
    (tmp_path / "letter.pdf").write_bytes(b"hello")
    ended = larder("verify", str(tmp_path / "letter.pdf"))
    assert ended.code == 1
    assert "letter.pdf" in ended.err
    lost = tmp_path / "none" / "preview.pdf"
    ended = larder("layout", "preview", "compact-a4", "--language", "de", "--out", str(lost))
    assert ended.code == 1
    assert ended.err == f"larder: {lost}.part cannot be used: No such file or directory.\n"
