"""The settings the embedded server runs with, written anew before every start."""

import os
from pathlib import Path

from jaringan_usaha.embedded.place import Account, Place

ROLE = "jaringan"
DATABASE = "jaringan"
SOCKET_PORT = 5432  # only a part of the socket's name; nothing listens on it unless asked

# lock_timeout is not here: two seconds would also cut short vacuumdb, reindexdb and migrations,
# which may wait; each client that serves people sets its own. What makes a commit safe (fsync,
# full_page_writes, synchronous_commit) is said out loud, though it is the default. What a statement
# got wrong is told to who sent it and not written down: messages repeat the values.
FIXED = """\
fsync = on
full_page_writes = on
synchronous_commit = on
idle_in_transaction_session_timeout = 10s
tcp_keepalives_idle = 10
tcp_keepalives_interval = 5
tcp_keepalives_count = 3
client_connection_check_interval = 5s
summarize_wal = on
wal_compression = pglz
max_wal_size = 4GB
max_slot_wal_keep_size = 8GB
checkpoint_timeout = 15min
timezone = 'UTC'
log_timezone = 'UTC'
log_lock_waits = on
log_min_messages = log
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
logging_collector = on
log_filename = 'postgresql-%a.log'
log_rotation_age = 1d
log_rotation_size = 0
log_truncate_on_rotation = on
unix_socket_permissions = 0700
"""


def quoted(value: str | Path) -> str:
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"


def write_settings(place: Place, tcp_port: int | None) -> None:
    """Between the cluster's own postgresql.conf, read before, and ALTER SYSTEM, read after."""
    in_list = '"' + str(place.socket_folder).replace('"', '""') + '"'
    place.settings.write_text(
        f"include {quoted(place.cluster / 'postgresql.conf')}\n{FIXED}"
        f"hba_file = {quoted(place.access)}\n"
        f"ident_file = {quoted(place.names)}\n"
        f"log_directory = {quoted(place.log_folder)}\n"
        f"unix_socket_directories = {quoted(in_list)}\n"
        f"listen_addresses = {quoted('127.0.0.1' if tcp_port else '')}\n"
        f"port = {tcp_port or SOCKET_PORT}\n"
    )
    place.access.write_text(
        f"local all {ROLE} peer map={ROLE}\n"
        f"local replication {ROLE} peer map={ROLE}\n"
        "host all all 127.0.0.1/32 scram-sha-256\n"
    )
    place.names.write_text(f'{ROLE} "{Account.of(os.geteuid()).name}" {ROLE}\n')
    for file in (place.settings, place.access, place.names):
        file.chmod(0o644)  # whatever the umask, the server's account reads them
    if tcp_port:
        place.tcp_port.write_text(str(tcp_port))
    else:
        place.tcp_port.unlink(missing_ok=True)


def tcp_port_of(place: Place) -> int | None:
    """The TCP port the server was last started with."""
    return int(place.tcp_port.read_text()) if place.tcp_port.exists() else None


def port_of(place: Place) -> int:
    return tcp_port_of(place) or SOCKET_PORT
