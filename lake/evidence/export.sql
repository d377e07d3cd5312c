INSTALL ducklake;
INSTALL httpfs;
ATTACH 'ducklake:https://host/path/catalog.ducklake' AS lake (READ_ONLY);

CREATE OR REPLACE TABLE runs AS
SELECT createtime::DATE AS day, repo AS repository, event, workflowname AS workflow,
    coalesce(conclusion, status) AS conclusion, count(*) AS runs, sum(runtime) / 60 AS minutes
FROM lake.workflowruns
GROUP BY ALL;

CREATE OR REPLACE TABLE jobs AS
SELECT createtime::DATE AS day, repo AS repository, os, name AS job, count(*) AS jobs,
    sum(runtime) / 60 AS minutes, median(queuetime) AS wait,
    count(*) FILTER (conclusion IN ('failure', 'timed_out')) AS failed
FROM lake.jobs
WHERE NOT inherited AND starttime IS NOT NULL
GROUP BY ALL;
