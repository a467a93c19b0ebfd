-- What a request that made a key asked for: the same request key with another wish is no repetition.

alter table access.api_keys add column command_print bytea;
