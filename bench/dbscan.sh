#!/usr/bin/env bash
# CPU time per point of PostGIS's ST_ClusterDBSCAN (50 m, two reports, by category) on the points of `examples/speed --points FOLDER`.
# A PostgreSQL of its own, in memory's file system where there is one; one session a file, which reads its own CPU time before and
# after. POSTGRES_PROGRAMS names the folder of another PostgreSQL's programs.
#   bench/dbscan.sh FILE...
set -euo pipefail
: "${1:?files of points: longitude,latitude,category}"
mapfile -t files < <(realpath "$@")
readonly files
programs=${POSTGRES_PROGRAMS:-}
if [ -z "$programs" ]; then
  programs=$(dirname "$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)")
fi
folder=$(mktemp -d /dev/shm/dbscan.XXXXXX 2>/dev/null || mktemp -d)
# PostgreSQL refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
  chown postgres "$folder"
  as=(setpriv --reuid postgres --regid postgres --init-groups)
fi
stop() {
  "${as[@]}" "$programs/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT
cd "$folder"
"${as[@]}" "$programs/initdb" -D data -A trust -U bench --no-sync >/dev/null
"${as[@]}" "$programs/pg_ctl" -D data -w -o "-c listen_addresses='' -k $folder -c fsync=off -c work_mem=512MB" -l log start >/dev/null

echo
echo '| points | ST_ClusterDBSCAN, µs CPU a point | clusters |'
echo '|---|---|---|'
for points in "${files[@]}"; do
"$programs/psql" -h "$folder" -U bench -d postgres -qtAX -v ON_ERROR_STOP=1 -v points="$points" <<'SQL'
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE TEMP TABLE row (lon float8, lat float8, category int);
\set copy '\\copy row FROM ' :'points' ' CSV'
:copy
-- Metres on a plane, as the other side of the table has them.
CREATE TEMP TABLE place AS SELECT category, ST_MakePoint(lon * 75950, lat * 111195) AS point FROM row;
ANALYZE place;
CREATE FUNCTION pg_temp.cpu_ms() RETURNS bigint LANGUAGE sql VOLATILE AS
  $$SELECT 10 * (stat[12]::bigint + stat[13]::bigint)
    FROM (SELECT string_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '^.*\) ', ''), ' ') AS stat) AS own$$;
CREATE FUNCTION pg_temp.clusters() RETURNS bigint LANGUAGE sql VOLATILE AS
  $$SELECT count(DISTINCT (category, cluster)) FILTER (WHERE cluster IS NOT NULL)
    FROM (SELECT category, ST_ClusterDBSCAN(point, 50, 2) OVER (PARTITION BY category) AS cluster FROM place) AS clustered$$;
-- CPU time is told in hundredths of a second: few points are clustered again and again.
SELECT count(*) AS points_seen, greatest(1, 1000000 / count(*)) AS times FROM place \gset
SELECT pg_temp.cpu_ms() AS before \gset
SELECT max(pg_temp.clusters()) AS clusters FROM generate_series(1, :times) \gset
SELECT pg_temp.cpu_ms() AS after \gset
SELECT format('| %s | %s | %s |', :points_seen, round((:after - :before) * 1000.0 / :points_seen / :times, 2), :clusters);
SQL
done
version=$("$programs/psql" -h "$folder" -U bench -d postgres -qtAX -c 'SELECT postgis_lib_version()')
printf '\nPostGIS %s: 50 m, two reports, by category, on the points of the table above.\n' "$version"
