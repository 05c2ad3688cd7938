"""The extension of Postgres that embeddings need; asked for by a migration."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.operations import CreateExtension
from django.db import DatabaseError


class CreateVectorExtension(CreateExtension):
    """Makes sure of pgvector, and says what to do where the site may not."""

    def __init__(self) -> None:
        super().__init__("vector")

    def database_forwards(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().database_forwards(*args, **kwargs)
        except DatabaseError as error:
            raise DatabaseError(
                "The database lacks pgvector, and this site may not add it. Install "
                "pgvector 0.8 or newer beside Postgres and let an administrator of "
                "the database run: CREATE EXTENSION vector"
            ) from error
