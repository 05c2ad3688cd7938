"""Create the curator that comes with a demonstration site."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from motifs.demonstration import demo_curator, give_password


class Command(BaseCommand):
    help = (
        "Create the staff user “kurator” in the group of curators, with a generated "
        "password that is printed once. An existing one is kept as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--password-file",
            type=Path,
            required=True,
            metavar="PATH",
            help="where the password is written, readable by its owner only",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["password_file"])
        user = demo_curator()
        password = give_password(user, path)
        if password is not None:
            self.stdout.write(
                f"user {user.get_username()}, password {password} (kept in {path})"
            )
        elif path.is_file():
            self.stdout.write(
                f"user {user.get_username()} exists; its first password is in {path}"
            )
        else:
            self.stdout.write(
                f"user {user.get_username()} exists; "
                f"`manage.py changepassword {user.get_username()}` sets a new password"
            )
