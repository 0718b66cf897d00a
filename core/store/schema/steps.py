"""The list that every module of steps adds to."""

from sqlite_utils import Migrations

migrations = Migrations("agenther")
