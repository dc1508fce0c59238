"""Print batches: their files, the press, and where the mailing house fetches them."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from service.settings.group import Group


class BatchSettings(Group):
    """Print batches."""

    print_profile: Literal["plain", "ua1", "x4", "vt1"] = Field(
        default="plain",
        description="What print files conform to: plain PDF 1.7, PDF/UA-1, PDF/X-4 or PDF/VT-1",
    )
    print_inks: Literal["process", "black", "spot"] = Field(
        default="process",
        description="Inks of PDF/X-4 and PDF/VT-1: the four process inks, black alone, or black "
        "and one spot ink",
    )
    print_spot: str = Field(default="", description="Name of the spot ink, as the press knows it")
    print_colours: str = Field(
        default="",
        description="Inks in percent of colours, instead of those that the profile gives: "
        "`#1f5138=85 20 70 50`, by semicolons",
    )
    print_bleed_mm: float = Field(
        default=3, ge=0, le=20, description="Bleed around the page in PDF/X-4 and PDF/VT-1"
    )
    print_condition: Path | None = Field(
        default=None,
        description="ICC profile of the press in PDF/X-4 and PDF/VT-1, instead of the shipped "
        "one for FOGRA39",
    )
    pieces_per_file: int = Field(default=5000, ge=1, description="Pieces in one PDF of a batch")
    proof_pieces: int = Field(
        default=3,
        ge=0,
        description="Pieces of each PDF that are read back while a batch is published",
    )
    piece_file_bom: bool = Field(
        default=False,
        description="Begin the CSV files of a batch with a byte-order mark, which Excel needs",
    )
    package_store: str = Field(
        default="",
        pattern=r"^$|^[a-z0-9]+://.+$",
        description="Where batches are published instead of the output folder: s3://bucket/prefix",
    )
    duplicates: Literal["address", "name_and_address"] = Field(
        default="address", description="What two lists share of which one is printed"
    )
    purge_days: int = Field(
        default=45, ge=1, description="Days after which a batch's files are removed"
    )
    serve_sftp: bool = Field(default=False, description="Run the SFTP service inside `serve`")
    sftp_host: str = Field(default="127.0.0.1", description="Address that SFTP listens on")
    sftp_port: int = Field(default=2222, ge=0, le=65535, description="Port that SFTP listens on")
    sftp_folder: Path = Field(
        default=Path("sftp"),
        description="Folder of `authorized_keys` and `host_key`; the latter is made when missing",
    )
