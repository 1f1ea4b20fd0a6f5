-- The same rows every time, so that two databases can be compared.
INSERT INTO documents (title, body, created_at)
SELECT (ARRAY['System status', 'Deployment guide', 'Backup policy', 'Model card', 'Query cookbook'])[1 + n % 5] || ' ' || n,
       'Document ' || n || ': ' || repeat(md5(n::text) || ' ', 12),
       timestamptz '2025-01-01 00:00:00+00' + n * interval '7 minutes'
FROM generate_series(1, 3000) AS n;

INSERT INTO vectors (document_id, embedding)
SELECT n, ARRAY(SELECT ((n * 31 + d * 17) % 1000 / 1000.0)::real FROM generate_series(1, 16) AS d)
FROM generate_series(1, 3000) AS n;

INSERT INTO ingest_log (document_id, source, at)
SELECT 1 + n % 1500, (ARRAY['crawler', 'upload'])[1 + n % 2], timestamptz '2025-01-01 00:00:00+00' + n % 1500 * interval '1 minute'
FROM generate_series(1, 3000) AS n;

INSERT INTO audit.events (actor, action, at)
SELECT 'operator-' || n % 7, (ARRAY['login', 'ingest', 'export', 'reindex'])[1 + n % 4],
       timestamptz '2025-01-01 00:00:00+00' + n * interval '11 minutes'
FROM generate_series(1, 2000) AS n;

ANALYZE;
