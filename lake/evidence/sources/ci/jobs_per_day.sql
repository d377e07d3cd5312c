SELECT day, repository, os, sum(jobs) AS jobs, sum(failed) AS failed, sum(minutes) AS minutes,
    avg(wait) AS wait
FROM jobs GROUP BY ALL ORDER BY day
