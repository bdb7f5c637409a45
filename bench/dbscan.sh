#!/usr/bin/env bash
# CPU time per point of PostGIS's ST_ClusterDBSCAN (50 m, two reports, by category) on the points of `examples/speed --points FILE`.
# A PostgreSQL of its own, in memory's file system where there is one; one session, which reads its own CPU time before and after.
#   bench/dbscan.sh FILE [folder of PostgreSQL's programs]
set -euo pipefail
readonly points=$(realpath "${1:?a file of points: longitude,latitude,category}")
programs=${2:-}
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

"$programs/psql" -h "$folder" -U bench -d postgres -qtAX -v ON_ERROR_STOP=1 -v points="$points" <<'SQL'
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
CREATE EXTENSION postgis;
CREATE TEMP TABLE row (lon float8, lat float8, category int);
\set copy '\\copy row FROM ' :'points' ' CSV'
:copy
-- Metres on a plane, as the other side of the table has them.
CREATE TEMP TABLE place AS SELECT category, ST_MakePoint(lon * 75950, lat * 111195) AS point FROM row;
ANALYZE place;
CREATE FUNCTION cpu_ms() RETURNS bigint LANGUAGE sql VOLATILE AS
  $$SELECT 10 * (stat[12]::bigint + stat[13]::bigint)
    FROM (SELECT string_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '^.*\) ', ''), ' ') AS stat) AS own$$;
SELECT cpu_ms() AS before \gset
SELECT count(DISTINCT (category, cluster)) FILTER (WHERE cluster IS NOT NULL) AS clusters, count(*) AS points_seen
  FROM (SELECT category, ST_ClusterDBSCAN(point, 50, 2) OVER (PARTITION BY category) AS cluster FROM place) AS clustered \gset
SELECT cpu_ms() AS after \gset
SELECT format(E'\nST_ClusterDBSCAN of PostGIS %s (50 m, two reports, by category) on the same %s points: %s µs CPU a point, %s clusters.',
  postgis_lib_version(), :points_seen, round((:after - :before) * 1000.0 / :points_seen, 2), :clusters);
SQL
