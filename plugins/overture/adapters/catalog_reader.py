"""The role on the embedded server that readers come as: it sees the lake's catalog and can change nothing."""

from typing import Any

READER = "overture_reader"

EXISTS = "select 1 from pg_roles where rolname = %s"

# Of what every role may call, large objects are writes, and an advisory lock would hold every writer up.
MAKE = """
create role overture_reader login;
alter role overture_reader set default_transaction_read_only = on;
grant usage on schema public to overture_reader;
grant select on all tables in schema public to overture_reader;
alter default privileges in schema public grant select on tables to overture_reader;
do $$
declare
    each_database name;
    each_function regprocedure;
begin
    for each_database in select datname from pg_database where datallowconn loop
        execute format('revoke connect, temporary on database %I from public', each_database);
    end loop;
    execute format('grant connect on database %I to overture_reader', current_database());
    for each_function in
        select oid from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace and proname ~ '^(lo_|lowrite$|pg_(try_)?advisory_)'
    loop
        execute format('revoke execute on function %s from public', each_function);
    end loop;
end $$;
"""


def ensure_reader(connection: Any) -> None:
    """Make the role where it is missing, in one transaction; `connection` is the owner's, to the lake's database."""
    with connection, connection.cursor() as cursor:
        cursor.execute(EXISTS, (READER,))
        if cursor.fetchone() is None:
            cursor.execute(MAKE)
