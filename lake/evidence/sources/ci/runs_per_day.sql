SELECT day, repository, conclusion, sum(runs) AS runs FROM runs GROUP BY ALL ORDER BY day
