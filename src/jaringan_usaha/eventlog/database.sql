-- name: look_as
-- Who looks, and for how many milliseconds at most, until the end of this transaction; the policies
-- of the read tables (read_model.sql) show nothing without it.
select set_config('ju.network', $1, true), set_config('ju.koperasi', $2, true),
       set_config('ju.supplier', $3, true), set_config('statement_timeout', $4, true);
