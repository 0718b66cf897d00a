"""A sample of what is left to run, taken by the database, so that a million trajectories need no list."""

from core.store.connection import Store

_PENDING = (
    "FROM trajectories t WHERE NOT EXISTS (SELECT 1 FROM results r WHERE r.trajectory_key = t.key"
    " AND r.settings_hash = ? AND r.status != 'failed')"
)


def pending_by_label(store: Store, settings_hash: str) -> dict[str, int]:
    """How many trajectories these settings have not finished, by label."""
    rows = store.rows(f"SELECT t.label, count(*) AS n {_PENDING} GROUP BY t.label ORDER BY t.label", settings_hash)
    return {row["label"]: row["n"] for row in rows}


def sample_pending(store: Store, settings_hash: str, label: str, *, count: int, of: int) -> list[str]:
    """Keys of `count` among the `of` pending trajectories of one label, spread evenly over the order of import."""
    step = max(1, of // count)
    sql = (
        f"SELECT key FROM (SELECT t.key, row_number() OVER (ORDER BY t.rowid) AS place {_PENDING} AND t.label = ?)"
        " WHERE (place - 1) % ? = 0 LIMIT ?"
    )
    return [key for (key,) in store.stream(sql, settings_hash, label, step, count)]


def leave_out_finished(store: Store, known: Store, settings_hash: str) -> None:
    """Take out of the throw-away `store` what these settings have finished in `known`."""
    finished = "SELECT DISTINCT trajectory_key FROM results WHERE settings_hash = ? AND status != 'failed'"
    with store.transaction():
        for (key,) in known.stream(finished, settings_hash):
            store.write("DELETE FROM import_records WHERE trajectory_key = ?", key)
            store.write("DELETE FROM trajectory_bodies WHERE key = ?", key)
            store.write("DELETE FROM trajectories WHERE key = ?", key)
