-- in_where_join_distinct_miss1 (subquery: IN in WHERE)
SELECT e.empno, e.ename FROM emp e WHERE e.deptno IN (SELECT d.deptno FROM dept d WHERE d.name = 'SALES');
SELECT e.empno, e.ename FROM (SELECT empno, ename, job, mgr, hiredate, sal, comm, deptno, slacker FROM emp) AS e INNER JOIN (SELECT deptno FROM dept WHERE name = 'SALES' UNION ALL SELECT deptno FROM dept WHERE name = 'SALES') AS t1 ON e.deptno = t1.deptno;
-- in_where_join_distinct_miss2 (subquery: IN in WHERE)
SELECT e.empno, e.ename FROM emp e WHERE e.deptno IN (SELECT d.deptno FROM emp d WHERE d.job = 'SALES');
SELECT e.empno, e.ename FROM (SELECT empno, ename, job, mgr, hiredate, sal, comm, deptno, slacker FROM emp) AS e INNER JOIN (SELECT deptno FROM emp WHERE job = 'SALES') AS t1 ON e.deptno = t1.deptno;
-- not_in_where_indicator_miss1 (subquery: NOT IN in WHERE)
SELECT empno FROM empnullables WHERE mgr NOT IN (SELECT mgr FROM emp WHERE sal > 100);
SELECT t.empno FROM (SELECT empno, mgr FROM empnullables) AS t CROSS JOIN (SELECT COUNT(*) AS c, COUNT(mgr) AS ck FROM emp WHERE sal > 100) AS t1 LEFT JOIN (SELECT mgr, TRUE AS i FROM emp WHERE sal > 100 GROUP BY mgr) AS t2 ON t.mgr = t2.mgr WHERE t1.c = 0 OR t2.i IS NULL AND t.mgr IS NOT NULL;
-- not_in_where_indicator_miss2 (subquery: NOT IN in WHERE)
SELECT empno FROM empnullables WHERE mgr NOT IN (SELECT mgr FROM emp WHERE sal > 100);
SELECT t.empno FROM (SELECT empno, mgr FROM empnullables) AS t CROSS JOIN (SELECT COUNT(*) AS c, COUNT(mgr) AS ck FROM emp WHERE sal > 100) AS t1 LEFT JOIN (SELECT mgr, TRUE AS i FROM emp WHERE sal > 100 GROUP BY mgr) AS t2 ON t.mgr = t2.mgr WHERE t2.i IS NULL AND t.mgr IS NOT NULL AND t1.ck >= t1.c;
-- not_in_where_indicator_miss3 (subquery: NOT IN in WHERE)
SELECT empno FROM empnullables WHERE mgr NOT IN (SELECT mgr FROM emp WHERE sal > 100);
SELECT t.empno FROM (SELECT empno, mgr FROM empnullables) AS t CROSS JOIN (SELECT COUNT(*) AS c, COUNT(mgr) AS ck FROM emp WHERE sal > 100) AS t1 LEFT JOIN (SELECT mgr, TRUE AS i FROM emp WHERE sal > 100 GROUP BY mgr) AS t2 ON t.mgr = t2.mgr WHERE t1.c = 0 OR t2.i IS NULL AND t1.ck >= t1.c;
-- not_in_to_not_exists_guarded_miss1 (subquery: NOT IN in WHERE)
SELECT empno FROM empnullables WHERE deptno NOT IN (SELECT sal FROM bonus);
SELECT e.empno FROM empnullables AS e WHERE NOT EXISTS (SELECT 1 FROM bonus AS b WHERE b.sal = e.deptno OR b.sal IS NULL);
-- exists_uncorrelated_min_true_miss1 (subquery: EXISTS as left join of MIN(TRUE))
SELECT d.deptno, d.name FROM dept d WHERE EXISTS (SELECT * FROM emp e WHERE e.sal > 1000);
SELECT d.deptno, d.name FROM dept AS d LEFT JOIN (SELECT MIN(TRUE) AS "$f0" FROM emp WHERE sal > 1000) AS t1 ON TRUE WHERE t1."$f0" IS NULL;
-- exists_correlated_min_true_miss1 (subquery: EXISTS as left join of MIN(TRUE))
SELECT d.deptno, d.name FROM dept d WHERE EXISTS (SELECT * FROM emp e WHERE e.deptno = d.deptno AND e.sal > 1000);
SELECT d.deptno, d.name FROM dept AS d LEFT JOIN (SELECT deptno, MIN(TRUE) AS "$f1" FROM (SELECT deptno, sal FROM emp WHERE sal >= 1000) AS t GROUP BY deptno) AS t1 ON d.deptno = t1.deptno WHERE t1."$f1" IS NOT NULL;
-- exists_under_or_miss1 (subquery: EXISTS under OR)
SELECT e.empno FROM emp e WHERE e.sal > 2000 OR EXISTS (SELECT 1 FROM bonus b WHERE b.ename = e.ename);
SELECT e.empno FROM emp AS e LEFT JOIN (SELECT ename, MIN(TRUE) AS i FROM bonus GROUP BY ename) AS t0 ON e.ename = t0.ename WHERE e.sal > 2000 AND t0.i IS NOT NULL;
-- exists_under_or_miss2 (subquery: EXISTS under OR)
SELECT e.empno FROM emp e WHERE e.sal > 2000 OR EXISTS (SELECT 1 FROM bonus b WHERE b.ename = e.ename);
SELECT e.empno FROM emp AS e LEFT JOIN (SELECT ename, TRUE AS i FROM bonus) AS t0 ON e.ename = t0.ename WHERE e.sal > 2000 OR t0.i IS NOT NULL;
-- scalar_correlated_count_select_miss1 (subquery: correlated scalar aggregate)
SELECT d.deptno, (SELECT COUNT(*) FROM emp e WHERE e.deptno = d.deptno AND e.sal > 100) AS n FROM dept d;
SELECT d.deptno, t1.c AS n FROM dept AS d LEFT JOIN (SELECT deptno, COUNT(*) AS c FROM emp WHERE sal > 100 GROUP BY deptno) AS t1 ON d.deptno = t1.deptno;
-- scalar_correlated_count_select_miss2 (subquery: correlated scalar aggregate)
SELECT d.deptno, (SELECT COUNT(*) FROM emp e WHERE e.deptno = d.deptno AND e.sal > 100) AS n FROM dept d;
SELECT d.deptno, CASE WHEN t1.c IS NOT NULL THEN t1.c ELSE 0 END AS n FROM dept AS d INNER JOIN (SELECT deptno, COUNT(*) AS c FROM emp WHERE sal > 100 GROUP BY deptno) AS t1 ON d.deptno = t1.deptno;
-- scalar_correlated_count_zero_where_miss1 (subquery: correlated scalar aggregate)
SELECT d.name FROM dept d WHERE (SELECT COUNT(*) FROM emp e WHERE e.deptno = d.deptno) = 0;
SELECT d.name FROM dept AS d LEFT JOIN (SELECT deptno, COUNT(*) AS c FROM emp GROUP BY deptno) AS t0 ON d.deptno = t0.deptno WHERE t0.c = 0;
-- scalar_correlated_sum_select_miss1 (subquery: correlated scalar aggregate)
SELECT d.deptno, (SELECT SUM(e.sal) FROM emp e WHERE e.deptno = d.deptno) AS s FROM dept d;
SELECT d.deptno, t1."$f1" AS s FROM dept AS d INNER JOIN (SELECT deptno, SUM(sal) AS "$f1" FROM (SELECT deptno, sal FROM emp) AS t GROUP BY deptno) AS t1 ON d.deptno = t1.deptno;
-- scalar_correlated_sum_select_miss2 (subquery: correlated scalar aggregate)
SELECT d.deptno, (SELECT SUM(e.sal) FROM emp e WHERE e.deptno = d.deptno) AS s FROM dept d;
SELECT d.deptno, COALESCE(t1."$f1", 0) AS s FROM dept AS d LEFT JOIN (SELECT deptno, SUM(sal) AS "$f1" FROM (SELECT deptno, sal FROM emp) AS t GROUP BY deptno) AS t1 ON d.deptno = t1.deptno;
-- scalar_in_join_condition_miss1 (subquery: in join condition)
SELECT e.empno, d.deptno FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno AND e.sal > (SELECT MIN(sal) FROM bonus);
SELECT t.empno, d.deptno FROM (SELECT e.empno, e.deptno, e.sal, t0.m FROM emp AS e CROSS JOIN (SELECT MIN(sal) AS m FROM bonus) AS t0) AS t LEFT JOIN dept AS d ON t.deptno = d.deptno WHERE t.sal > t.m;
-- greater_all_as_max_miss1 (subquery: ALL)
SELECT empno FROM emp WHERE NOT EXISTS (SELECT 1 FROM bonus WHERE bonus.sal >= emp.sal);
SELECT e.empno FROM emp AS e CROSS JOIN (SELECT MAX(sal) AS m, COUNT(*) AS c FROM bonus) AS t0 WHERE e.sal > t0.m;
-- greater_all_quantified_miss1 (subquery: ALL)
SELECT empno FROM emp WHERE sal > ALL (SELECT mgr FROM emp);
SELECT t.empno FROM emp AS t CROSS JOIN (SELECT COUNT(*) AS c, COUNT(mgr) AS d, MAX(mgr) AS m FROM emp) AS q WHERE q.c = 0 OR t.sal > q.m;
-- less_any_quantified_miss1 (subquery: SOME)
SELECT empno FROM emp WHERE sal < ANY (SELECT sal FROM bonus WHERE comm > 10);
SELECT t.empno FROM (SELECT empno, sal FROM emp) AS t INNER JOIN (SELECT MIN(sal) AS m FROM bonus WHERE comm > 10) AS t1 ON t.sal < t1.m;
-- exists_aggregate_always_true_miss1 (subquery: EXISTS of aggregate)
SELECT d.deptno FROM dept d WHERE EXISTS (SELECT COUNT(*) FROM emp e WHERE e.sal > 100);
SELECT deptno FROM (SELECT deptno, name FROM dept) AS t WHERE EXISTS (SELECT 1 FROM emp WHERE sal > 100);
-- distinct_agg_two_level_miss1 (aggregate: distinct by two-level grouping)
SELECT deptno, COUNT(DISTINCT mgr) AS n FROM emp GROUP BY deptno;
SELECT deptno, SUM(1) AS n FROM (SELECT deptno, mgr FROM emp GROUP BY deptno, mgr) AS t GROUP BY deptno;
-- distinct_agg_mixed_two_level_miss1 (aggregate: distinct by two-level grouping)
SELECT deptno, COUNT(DISTINCT job) AS n, SUM(sal) AS s, COUNT(*) AS c FROM emp GROUP BY deptno;
SELECT deptno, COUNT(job) AS n, SUM(s0) AS s, COUNT(c0) AS c FROM (SELECT deptno, job, SUM(sal) AS s0, COUNT(*) AS c0 FROM emp GROUP BY deptno, job) AS t GROUP BY deptno;
-- distinct_agg_mixed_two_level_miss2 (aggregate: distinct by two-level grouping)
SELECT deptno, COUNT(DISTINCT job) AS n, SUM(sal) AS s, COUNT(*) AS c FROM emp GROUP BY deptno;
SELECT deptno, SUM(c0) AS n, SUM(s0) AS s, SUM(c0) AS c FROM (SELECT deptno, job, SUM(sal) AS s0, COUNT(*) AS c0 FROM emp GROUP BY deptno, job) AS t GROUP BY deptno;
-- distinct_agg_grouping_sets_miss1 (aggregate: distinct by grouping sets)
SELECT deptno, COUNT(DISTINCT job) AS n, MIN(sal) AS m FROM emp GROUP BY deptno;
SELECT deptno, COUNT(*) AS n, MIN(m0) FILTER (WHERE g = 1) AS m FROM (SELECT deptno, job, MIN(sal) AS m0, GROUPING(job) AS g FROM emp GROUP BY GROUPING SETS ((deptno, job), (deptno))) AS t GROUP BY deptno;
-- two_distinct_aggs_null_safe_join_miss1 (aggregate: several distinct by joins)
SELECT job, COUNT(DISTINCT sal) AS a, SUM(DISTINCT comm) AS b FROM empnullables GROUP BY job;
SELECT t1.job, t1.a, t3.b FROM (SELECT job, COUNT(sal) AS a FROM (SELECT job, sal FROM empnullables GROUP BY job, sal) AS t GROUP BY job) AS t1 INNER JOIN (SELECT job, SUM(comm) AS b FROM (SELECT job, comm FROM empnullables GROUP BY job, comm) AS t2 GROUP BY job) AS t3 ON t1.job = t3.job;
-- two_distinct_aggs_joined_miss1 (aggregate: several distinct by joins)
SELECT deptno, COUNT(DISTINCT job) AS a, COUNT(DISTINCT mgr) AS b FROM emp GROUP BY deptno;
SELECT t1.deptno, t1.a, t3.b FROM (SELECT deptno, COUNT(job) AS a FROM (SELECT DISTINCT deptno, job FROM emp) AS t GROUP BY deptno) AS t1 INNER JOIN (SELECT deptno, COUNT(*) AS b FROM (SELECT DISTINCT deptno, mgr FROM emp) AS t2 GROUP BY deptno) AS t3 ON t1.deptno = t3.deptno;
-- avg_from_finer_aggregate_miss1 (aggregate: AVG split)
SELECT job, AVG(sal) AS a, COUNT(*) AS n FROM emp WHERE deptno < 20 GROUP BY job;
SELECT job, AVG(CAST(s AS DOUBLE) / CAST(c AS DOUBLE)) AS a, SUM(n0) AS n FROM (SELECT job, deptno, SUM(sal) AS s, COUNT(sal) AS c, COUNT(*) AS n0 FROM emp GROUP BY job, deptno) AS t WHERE deptno < 20 GROUP BY job;
-- eager_count_below_join_miss1 (aggregate: eager)
SELECT e.job, COUNT(*) AS n FROM emp e JOIN bonus b ON e.job = b.job GROUP BY e.job;
SELECT t.job, t.c + t0.c AS n FROM (SELECT job, COUNT(*) AS c FROM emp GROUP BY job) AS t INNER JOIN (SELECT job, COUNT(*) AS c FROM bonus GROUP BY job) AS t0 ON t.job = t0.job;
-- eager_sum_times_count_miss1 (aggregate: eager SUM * COUNT)
SELECT e.job, SUM(e.sal) AS s, SUM(b.comm) AS bs FROM emp e JOIN bonus b ON e.job = b.job GROUP BY e.job;
SELECT t.job, t.s AS s, t.c * t0.s AS bs FROM (SELECT job, SUM(sal) AS s, COUNT(*) AS c FROM emp GROUP BY job) AS t INNER JOIN (SELECT job, SUM(comm) AS s, COUNT(*) AS c FROM bonus GROUP BY job) AS t0 ON t.job = t0.job;
-- eager_sum_below_join_key_miss1 (aggregate: eager)
SELECT d.name, SUM(e.sal) AS s FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY d.name;
SELECT d.name, t.s0 AS s FROM (SELECT deptno, SUM(sal) AS s0 FROM emp GROUP BY deptno) AS t INNER JOIN dept AS d ON t.deptno = d.deptno;
-- eager_count_left_join_miss1 (aggregate: eager below outer join)
SELECT d.deptno, COUNT(e.empno) AS n FROM dept d LEFT JOIN emp e ON d.deptno = e.deptno GROUP BY d.deptno;
SELECT d.deptno, COALESCE(t.c, 1) AS n FROM dept AS d LEFT JOIN (SELECT deptno, COUNT(*) AS c FROM emp GROUP BY deptno) AS t ON d.deptno = t.deptno;
-- eager_sum_left_join_miss1 (aggregate: eager below outer join)
SELECT d.deptno, d.name, COALESCE(SUM(e.sal), 0) AS s FROM dept d LEFT JOIN emp e ON d.deptno = e.deptno AND e.comm > 10 GROUP BY d.deptno, d.name;
SELECT d.deptno, d.name, COALESCE(t.s0, 0) AS s FROM dept AS d INNER JOIN (SELECT deptno, SUM(sal) AS s0 FROM emp WHERE comm > 10 GROUP BY deptno) AS t ON d.deptno = t.deptno;
-- sum_below_union_miss1 (aggregate: below union)
SELECT job, SUM(sal) AS s FROM (SELECT job, sal FROM emp UNION ALL SELECT job, sal FROM bonus) u GROUP BY job;
SELECT job, SUM(s0) AS s FROM (SELECT job, SUM(sal) AS s0 FROM emp GROUP BY job UNION SELECT job, SUM(sal) AS s0 FROM bonus GROUP BY job) AS t GROUP BY job;
-- count_below_union_global_miss1 (aggregate: below union)
SELECT COUNT(*) AS n FROM (SELECT ename FROM emp UNION ALL SELECT ename FROM bonus) u;
SELECT SUM(c) AS n FROM (SELECT COUNT(*) AS c FROM emp UNION SELECT COUNT(*) AS c FROM bonus) AS t;
-- aggregate_merge_sum_of_sum_miss1 (aggregate: merge)
SELECT deptno, SUM(s) AS t FROM (SELECT deptno, job, SUM(sal) AS s FROM emp GROUP BY deptno, job) x GROUP BY deptno;
SELECT deptno, SUM(sal) AS t FROM (SELECT DISTINCT deptno, job, sal FROM emp) AS y GROUP BY deptno;
-- aggregate_only_constant_key_miss1 (aggregate: constant key)
SELECT deptno, MAX(sal) AS m FROM emp WHERE deptno = 7 GROUP BY deptno;
SELECT CAST(7 AS INT) AS deptno, m FROM (SELECT MAX(sal) AS m, COUNT(*) AS c FROM emp WHERE deptno = 7) AS t;
-- aggregate_case_to_filter_sum_miss1 (aggregate: filter to CASE)
SELECT SUM(CASE WHEN job = 'CLERK' THEN 1 ELSE 0 END) AS n FROM emp WHERE deptno = 10 HAVING COUNT(*) > 0;
SELECT t.n FROM (SELECT COUNT(*) FILTER (WHERE job = 'CLERK') AS n, COUNT(*) AS c FROM (SELECT job FROM emp WHERE deptno = 10) AS t0) AS t;
-- aggregate_common_filter_pulled_miss1 (aggregate: filter to WHERE)
SELECT SUM(sal) FILTER (WHERE slacker) AS a, COUNT(*) AS b FROM emp;
SELECT SUM(sal) AS a, COUNT(*) AS b FROM (SELECT sal, comm, slacker FROM emp WHERE slacker) AS t;
-- having_on_key_pushed_miss1 (filter: below aggregate)
SELECT deptno, job, SUM(sal) AS s FROM emp GROUP BY deptno, job HAVING deptno > 10 AND SUM(sal) > 100;
SELECT deptno, job, s FROM (SELECT deptno, job, SUM(sal) AS s FROM (SELECT deptno, job, sal FROM emp WHERE deptno > 10) AS t0 GROUP BY deptno, job) AS t;
-- filter_below_window_partition_miss1 (filter: below window)
SELECT empno, r FROM (SELECT empno, comm, SUM(sal) OVER (PARTITION BY deptno) AS r FROM emp) x WHERE comm = 10;
SELECT empno, SUM(sal) OVER (PARTITION BY deptno) AS r FROM (SELECT empno, sal, deptno FROM emp WHERE comm = 10) AS t;
-- filter_below_left_join_miss1 (filter: below outer join)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno WHERE e.job = 'CLERK' AND d.name = 'A';
SELECT t.empno, d.name FROM (SELECT empno, ename, job, deptno FROM emp WHERE job = 'CLERK') AS t LEFT JOIN dept AS d ON t.deptno = d.deptno AND d.name = 'A';
-- on_filter_right_of_left_join_miss1 (filter: below outer join)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno AND d.name <> 'X' AND e.sal > 10;
SELECT e.empno, t.name FROM emp AS e LEFT JOIN (SELECT deptno, name FROM dept WHERE name <> 'X') AS t ON e.deptno = t.deptno WHERE e.sal > 10;
-- left_join_null_rejected_miss1 (outer join: null rejection)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno WHERE d.name = 'SALES';
SELECT e.empno, CAST('SALES' AS VARCHAR) AS name FROM emp AS e LEFT JOIN (SELECT deptno FROM dept WHERE name = 'SALES') AS t ON e.deptno = t.deptno;
-- full_join_null_rejected_left_miss1 (outer join: null rejection)
SELECT e.empno, b.sal FROM emp e FULL JOIN bonus b ON e.ename = b.ename WHERE e.sal > 100;
SELECT t.empno, b.sal FROM (SELECT empno, ename FROM emp WHERE sal > 100) AS t INNER JOIN bonus AS b ON t.ename = b.ename;
-- left_join_unused_under_distinct_miss1 (outer join: removed)
SELECT DISTINCT e.job FROM emp e LEFT JOIN bonus b ON e.ename = b.ename;
SELECT job FROM (SELECT e.job FROM emp AS e INNER JOIN bonus AS b ON e.ename = b.ename) AS t GROUP BY job;
-- anti_left_join_is_null_miss1 (outer join: anti join)
SELECT d.deptno, d.name FROM dept d LEFT JOIN emp e ON d.deptno = e.deptno WHERE e.empno IS NULL;
SELECT d.deptno, d.name FROM dept AS d WHERE NOT EXISTS (SELECT 1 FROM emp AS e WHERE e.deptno = d.deptno AND e.sal > 10);
-- infer_range_across_join_miss1 (inference: ranges)
SELECT e.ename FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE d.deptno > 7;
SELECT t.ename FROM (SELECT ename, deptno FROM emp WHERE deptno > 7) AS t INNER JOIN (SELECT deptno FROM dept WHERE deptno > 8) AS t0 ON t.deptno = t0.deptno;
-- infer_or_split_to_sides_miss1 (inference: OR split)
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.job = 'CLERK' AND d.name = 'A' OR e.job = 'CHEF' AND d.name = 'B';
SELECT t.empno, t0.name FROM (SELECT empno, job, deptno FROM emp WHERE job = 'CLERK' OR job = 'CHEF') AS t INNER JOIN (SELECT deptno, name FROM dept WHERE name = 'A' OR name = 'B') AS t0 ON t.deptno = t0.deptno;
-- infer_left_join_constant_right_side_miss1 (inference: outer join)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno WHERE e.deptno = 10;
SELECT t.empno, t0.name FROM emp AS t LEFT JOIN (SELECT deptno, name FROM dept WHERE deptno = 10) AS t0 ON t.deptno = t0.deptno;
-- join_expression_key_left_outer_miss1 (join: expression keys)
SELECT e.empno, b.sal FROM emp e LEFT JOIN bonus b ON UPPER(e.ename) = b.ename AND b.sal > 10;
SELECT t.empno, t0.sal FROM (SELECT empno, UPPER(ename) AS k FROM emp) AS t LEFT JOIN (SELECT ename, sal FROM bonus) AS t0 ON t.k = t0.ename;
-- join_over_union_left_miss1 (join: over union)
SELECT u.ename, d.name FROM (SELECT ename, sal FROM emp UNION ALL SELECT ename, sal FROM bonus) u JOIN dept d ON u.sal = d.deptno;
SELECT e.ename, d.name FROM emp AS e INNER JOIN dept AS d ON e.sal = d.deptno UNION SELECT b.ename, d0.name FROM bonus AS b INNER JOIN dept AS d0 ON b.sal = d0.deptno;
-- semi_join_as_join_distinct_miss1 (semi-join: join and distinct)
SELECT d.deptno, d.name FROM dept d WHERE d.deptno IN (SELECT e.deptno FROM emp e WHERE e.sal > 100);
SELECT t.deptno, t.name FROM (SELECT d.deptno, d.name FROM dept AS d INNER JOIN (SELECT deptno FROM emp WHERE sal > 100) AS e ON d.deptno = e.deptno) AS t;
-- sort_limit_below_left_join_miss1 (sort: below outer join)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.comm = d.deptno ORDER BY e.empno LIMIT 4;
SELECT t.empno, d.name FROM (SELECT empno, comm FROM emp ORDER BY empno LIMIT 4) AS t INNER JOIN dept AS d ON t.comm = d.deptno ORDER BY t.empno LIMIT 4;
-- limit_offset_of_limit_miss1 (sort: limits merged)
SELECT empno FROM (SELECT empno FROM emp ORDER BY empno LIMIT 5 OFFSET 2) x ORDER BY empno LIMIT 10 OFFSET 1;
SELECT empno FROM emp ORDER BY empno LIMIT 10 OFFSET 3;
-- limit_offset_below_union_miss1 (sort: below union)
SELECT comm FROM (SELECT comm FROM emp UNION ALL SELECT comm FROM bonus) u ORDER BY comm DESC LIMIT 2 OFFSET 3;
SELECT comm FROM (SELECT comm FROM (SELECT comm FROM emp ORDER BY comm DESC LIMIT 2) AS a UNION ALL SELECT comm FROM (SELECT comm FROM bonus ORDER BY comm DESC LIMIT 2) AS b) AS t ORDER BY comm DESC LIMIT 2 OFFSET 3;
-- case_as_filter_miss1 (simplify: CASE)
SELECT empno FROM empnullables WHERE CASE WHEN sal > 100 THEN TRUE WHEN comm = 5 THEN FALSE ELSE job = 'CLERK' END;
SELECT empno FROM empnullables WHERE sal > 100 OR comm <> 5 AND job = 'CLERK';
-- coalesce_equals_default_miss1 (simplify: COALESCE)
SELECT empno FROM empnullables WHERE COALESCE(job, 'CLERK') = 'CLERK';
SELECT empno FROM empnullables WHERE job = 'CLERK';
-- nullif_to_case_miss1 (simplify: NULLIF)
SELECT empno, NULLIF(sal, comm) AS v FROM empnullables WHERE NULLIF(job, 'CLERK') IS NOT NULL;
SELECT empno, CASE WHEN sal = comm THEN NULL ELSE sal END AS v FROM empnullables WHERE job <> 'CLERK' OR job IS NULL;
-- is_true_of_comparison_miss1 (simplify: IS TRUE)
SELECT empno FROM empnullables WHERE (sal > 10) IS TRUE AND (comm = 5) IS NOT FALSE;
SELECT empno FROM empnullables WHERE sal > 10 AND comm = 5;
-- absorption_miss1 (simplify: boolean)
SELECT empno FROM empnullables WHERE sal > 10 AND (sal > 10 OR job = 'CLERK') AND NOT (comm = 5 AND comm <> 5);
SELECT empno FROM empnullables WHERE sal > 10;
-- not_in_list_expanded_miss1 (ranges: NOT IN)
SELECT empno FROM empnullables WHERE deptno NOT IN (10, 20);
SELECT empno FROM empnullables WHERE deptno < 10 OR deptno > 10 AND deptno < 19 OR deptno > 20;
-- not_pushed_de_morgan_miss1 (simplify: NOT)
SELECT empno FROM empnullables WHERE NOT (sal > 10 OR NOT (comm <> 5 AND job = 'CLERK'));
SELECT empno FROM empnullables WHERE sal <= 10 OR comm <> 5 AND job = 'CLERK';
-- ranges_overlapping_or_miss1 (ranges: merged)
SELECT empno FROM empnullables WHERE sal BETWEEN 10 AND 30 OR sal BETWEEN 20 AND 50 OR sal = 51;
SELECT empno FROM empnullables WHERE sal >= 10 AND sal <= 52;
-- like_prefix_to_range_miss1 (like: range)
SELECT empno FROM empnullables WHERE job LIKE 'CL%';
SELECT empno FROM empnullables WHERE job >= 'CL' AND job <= 'CM';
-- like_exact_to_equality_miss1 (like: equality)
SELECT empno FROM empnullables WHERE job LIKE 'CLERK' AND ename LIKE '%';
SELECT empno FROM empnullables WHERE job = 'CLERK';
-- date_extract_year_range_miss1 (dates: extract to range)
SELECT empno FROM empnullables WHERE EXTRACT(YEAR FROM hiredate) = 1990;
SELECT empno FROM empnullables WHERE hiredate >= TIMESTAMP '1990-01-01 00:00:00' AND hiredate <= TIMESTAMP '1991-01-01 00:00:00';
-- date_floor_off_boundary_miss1 (dates: floor to range)
SELECT empno FROM emp WHERE DATE_TRUNC('day', hiredate) > TIMESTAMP '1990-02-01 10:00:00';
SELECT empno FROM emp WHERE hiredate >= TIMESTAMP '1990-02-01 10:00:00';
-- date_extract_year_month_miss1 (dates: extract to range)
SELECT empno FROM empnullables WHERE EXTRACT(YEAR FROM hiredate) = 1990 OR EXTRACT(MONTH FROM hiredate) = 2;
SELECT empno FROM empnullables WHERE hiredate >= TIMESTAMP '1990-02-01 00:00:00' AND hiredate < TIMESTAMP '1990-03-01 00:00:00';
-- pruned_left_join_false_on_miss1 (prune: outer join)
SELECT e.empno, d.deptno FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno AND 1 > 2 WHERE e.sal > 10;
SELECT empno, CAST(NULL AS INT) AS deptno FROM (SELECT empno FROM emp WHERE FALSE) AS t;
-- pruned_global_aggregate_of_empty_miss1 (prune: aggregate)
SELECT COUNT(*) AS n, SUM(sal) AS s FROM emp WHERE sal > 10 AND NULL;
SELECT n, s FROM (VALUES (0, CAST(NULL AS BIGINT))) AS t (n, s) WHERE FALSE;
-- pruned_except_right_empty_miss1 (prune: except)
SELECT job FROM emp EXCEPT SELECT job FROM bonus WHERE FALSE;
SELECT job FROM (SELECT job FROM emp) AS t;
-- values_in_subquery_miss1 (values: IN)
SELECT empno FROM empnullables WHERE job IN (SELECT k FROM (VALUES ('CLERK'), ('CHEF'), ('CLERK')) AS v(k));
SELECT empno FROM empnullables AS e INNER JOIN (VALUES ('CLERK'), ('CHEF'), ('CLERK')) AS v(k) ON e.job = v.k;
-- union_all_disjoint_to_or_miss1 (setops: filters merged)
SELECT ename FROM empnullables WHERE deptno = 10 UNION ALL SELECT ename FROM empnullables WHERE comm = 20;
SELECT ename FROM empnullables WHERE deptno = 10 OR comm = 20;
-- union_same_table_to_or_miss1 (setops: filters merged)
SELECT job, sal FROM emp WHERE deptno = 10 UNION SELECT job, sal FROM emp WHERE deptno = 20;
SELECT job, sal FROM (SELECT job, sal, deptno FROM emp WHERE deptno = 10 OR deptno = 20) AS t;
-- union_nested_merged_miss1 (setops: merged)
SELECT * FROM (SELECT ename, job FROM emp UNION ALL SELECT ename, job FROM bonus) a UNION ALL SELECT ename, job FROM empnullables;
SELECT ename, job FROM emp UNION (SELECT ename, job FROM bonus UNION ALL SELECT ename, job FROM empnullables);
-- intersect_count_two_miss1 (setops: INTERSECT as counted union)
SELECT job FROM emp INTERSECT SELECT job FROM bonus;
SELECT job FROM (SELECT job, COUNT(*) AS c FROM (SELECT job, COUNT(*) AS c0 FROM emp GROUP BY job, sal UNION ALL SELECT job, COUNT(*) AS c0 FROM bonus GROUP BY job) AS t GROUP BY job) AS t1 WHERE c = 2;
-- minus_as_anti_join_miss1 (setops: MINUS as anti join)
SELECT mgr FROM empnullables EXCEPT SELECT mgr FROM emp;
SELECT t.mgr FROM (SELECT mgr FROM empnullables GROUP BY mgr) AS t LEFT JOIN (SELECT mgr, TRUE AS i FROM emp GROUP BY mgr) AS t0 ON t.mgr = t0.mgr WHERE t0.i IS NULL;
-- minus_as_anti_join_miss2 (setops: MINUS as anti join)
SELECT mgr FROM empnullables EXCEPT SELECT mgr FROM emp;
SELECT t.mgr FROM (SELECT mgr FROM empnullables) AS t LEFT JOIN (SELECT mgr, TRUE AS i FROM emp GROUP BY mgr) AS t0 ON t.mgr IS NOT DISTINCT FROM t0.mgr WHERE t0.i IS NULL;
-- minus_counted_union_miss1 (setops: MINUS as counted union)
SELECT ename, job FROM emp EXCEPT SELECT ename, job FROM bonus;
SELECT ename, job FROM (SELECT ename, job, COUNT(*) FILTER (WHERE i = 0) AS a, COUNT(*) FILTER (WHERE i = 1) AS b FROM (SELECT ename, job, 0 AS i FROM emp UNION ALL SELECT ename, job, 1 AS i FROM bonus) AS t GROUP BY ename, job) AS t1 WHERE a > 0;
-- minus_same_table_to_filter_miss1 (setops: filters merged)
SELECT job, deptno FROM empnullables EXCEPT SELECT job, deptno FROM empnullables WHERE deptno = 10;
SELECT job, deptno FROM (SELECT job, deptno FROM empnullables WHERE deptno <> 10) AS t GROUP BY job, deptno;
-- window_constant_order_miss1 (window: constant keys)
SELECT empno, SUM(sal) OVER (PARTITION BY job ORDER BY deptno) AS s FROM emp WHERE deptno = 20;
SELECT empno, SUM(sal) OVER (PARTITION BY job ORDER BY empno) AS s FROM (SELECT empno, job, sal FROM emp WHERE deptno = 20) AS t;
-- window_as_join_miss1 (window: as join)
SELECT empno, SUM(sal) OVER (PARTITION BY deptno) AS s FROM empnullables;
SELECT e.empno, t.s FROM empnullables AS e INNER JOIN (SELECT deptno, SUM(sal) AS s FROM empnullables GROUP BY deptno) AS t ON e.deptno = t.deptno;
-- window_global_as_cross_join_miss1 (window: as join)
SELECT empno, sal, MAX(sal) OVER () AS m FROM emp WHERE job = 'CLERK';
SELECT t.empno, t.sal, t0.m FROM (SELECT empno, sal FROM emp WHERE job = 'CLERK') AS t CROSS JOIN (SELECT MAX(sal) AS m FROM emp) AS t0;
-- rollup_to_union_miss1 (grouping: expanded)
SELECT deptno, job, COUNT(*) AS n FROM emp GROUP BY ROLLUP (deptno, job);
SELECT deptno, job, COUNT(*) AS n FROM emp GROUP BY deptno, job UNION ALL SELECT deptno, CAST(NULL AS VARCHAR) AS job, COUNT(*) AS n FROM emp GROUP BY deptno;
-- grouping_sets_to_union_miss1 (grouping: expanded)
SELECT deptno, job, SUM(sal) AS s FROM empnullables GROUP BY GROUPING SETS ((deptno), (job));
SELECT deptno, CAST(NULL AS VARCHAR) AS job, SUM(sal) AS s FROM empnullables GROUP BY deptno UNION SELECT CAST(NULL AS INT) AS deptno, job, SUM(sal) AS s FROM empnullables GROUP BY job;
-- rollup_having_total_filtered_miss1 (grouping: pruned)
SELECT deptno, COUNT(*) AS n FROM empnullables GROUP BY ROLLUP (deptno) HAVING deptno IS NOT NULL;
SELECT deptno, COUNT(*) AS n FROM (SELECT deptno FROM empnullables) AS t GROUP BY deptno;
-- mv_rollup_global_miss1 (reuse: finer aggregate)
SELECT COUNT(*) AS n, MIN(sal) AS lo FROM emp WHERE job = 'CLERK';
SELECT SUM(n) AS n, MIN(lo) AS lo FROM (SELECT job, deptno, COUNT(*) AS n, MIN(sal) AS lo FROM emp GROUP BY job, deptno) AS mv WHERE job = 'CLERK';
-- mv_rollup_sum_count_miss1 (reuse: finer aggregate)
SELECT deptno, SUM(sal) AS s, COUNT(*) AS n FROM emp WHERE deptno > 10 GROUP BY deptno;
SELECT t0.deptno, SUM(t0.s) AS s, COUNT(t0.n) AS n FROM (SELECT deptno, job, mgr, SUM(sal) AS s, COUNT(*) AS n FROM emp GROUP BY deptno, job, mgr) AS t0 WHERE t0.deptno > 10 GROUP BY t0.deptno;
-- mv_union_compensation_miss1 (reuse: union compensation)
SELECT empno, sal FROM empnullables WHERE sal > 10;
SELECT empno, sal FROM (SELECT empno, sal FROM empnullables WHERE sal > 100) AS mv UNION ALL SELECT empno, sal FROM empnullables WHERE sal > 10 AND sal < 100;
-- composed_case_sum_to_filtered_join_miss1 (composed: aggregate and CASE)
SELECT d.deptno, SUM(CASE WHEN e.job = 'CLERK' THEN 1 ELSE 0 END) AS n FROM dept d JOIN emp e ON d.deptno = e.deptno GROUP BY d.deptno;
SELECT deptno, SUM(CASE WHEN job = 'CLERK' THEN 0 ELSE NULL END) AS n FROM (SELECT deptno, job FROM emp) AS t GROUP BY deptno;
-- composed_account_scalar_default_miss1 (composed: scalar and COALESCE)
SELECT a.acctno, COALESCE((SELECT SUM(b.balance) FROM account b WHERE b.type = a.type), 0) AS s FROM account a;
SELECT a.acctno, CASE WHEN t.s IS NOT NULL THEN t.s ELSE 0 END AS s FROM account AS a INNER JOIN (SELECT type, SUM(balance) AS s FROM account WHERE type IS NOT NULL GROUP BY type) AS t ON a.type = t.type;
-- composed_left_joins_to_anti_and_semi_miss1 (composed: outer joins)
SELECT e.empno FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno AND d.name = 'A' LEFT JOIN empnullables m ON e.mgr = m.empno WHERE d.deptno IS NULL AND m.empno IS NOT NULL;
SELECT e.empno FROM emp AS e WHERE e.deptno IN (SELECT deptno FROM dept WHERE name = 'A') AND e.mgr IN (SELECT empno FROM empnullables);
-- exists_key_plain_join_miss1 (subquery: EXISTS on a key)
SELECT e.empno, e.sal FROM emp e WHERE EXISTS (SELECT 1 FROM dept d WHERE d.deptno = e.deptno AND d.name <> 'X');
SELECT t.empno, t.sal FROM (SELECT empno, sal, deptno FROM emp) AS t INNER JOIN (SELECT deptno FROM dept WHERE name <> 'X') AS t0 ON t.deptno = t0.deptno;
-- exists_foreign_key_removed_miss1 (subquery: EXISTS on a key)
SELECT e.empno FROM emp e WHERE EXISTS (SELECT 1 FROM dept d WHERE d.deptno = e.deptno) AND e.sal > 10;
SELECT t.empno FROM (SELECT empno, sal FROM emp WHERE sal > 10) AS t;
-- not_in_notnull_anti_miss1 (subquery: NOT IN in WHERE)
SELECT empno, ename FROM emp WHERE deptno NOT IN (SELECT deptno FROM dept WHERE name = 'SALES');
SELECT t.empno, t.ename FROM (SELECT empno, ename, deptno FROM emp) AS t LEFT JOIN (SELECT deptno, TRUE AS i FROM dept WHERE name = 'SALES') AS t0 ON t.deptno = t0.deptno WHERE t0.i IS NULL;
-- group_on_key_removed_miss1 (aggregate: removed on key)
SELECT empno, SUM(sal) AS s, COUNT(*) AS c, MAX(comm) AS m FROM emp GROUP BY empno;
SELECT empno, CAST(sal AS BIGINT) AS s, 1 AS c, comm AS m FROM emp;
-- count_not_null_to_star_miss1 (aggregate: count)
SELECT job, COUNT(sal) AS a, COUNT(ename) AS b FROM emp GROUP BY job;
SELECT job, c AS a, c AS b FROM (SELECT job, COUNT(*) AS c FROM emp GROUP BY job) AS t;
-- left_join_unused_right_on_key_miss1 (outer join: removed)
SELECT e.empno, e.sal FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno WHERE e.sal > 5;
SELECT empno, sal FROM (SELECT empno, sal FROM emp WHERE sal > 5) AS t;
-- join_self_on_key_miss1 (join: self join removed)
SELECT a.empno, b.sal FROM emp a JOIN emp b ON a.empno = b.empno WHERE a.job = 'CLERK' AND b.comm > 5;
SELECT empno, sal FROM (SELECT empno, sal FROM emp WHERE job = 'CLERK' AND comm > 5) AS t;
-- is_not_true_selected_miss1 (simplify: IS TRUE)
SELECT empno, slacker IS NOT TRUE AS a, (sal > 10) IS FALSE AS b, (mgr IS NULL) IS TRUE AS c FROM emp;
SELECT empno, NOT slacker AS a, sal <= 10 AS b, mgr IS NULL AS c FROM emp;
-- coalesce_not_null_first_miss1 (simplify: COALESCE)
SELECT COALESCE(e.sal, e.comm) AS v, COALESCE(e.mgr, e.empno, e.deptno) AS w FROM emp e;
SELECT sal AS v, CASE WHEN mgr IS NOT NULL THEN mgr ELSE empno END AS w FROM emp;
-- minus_of_keys_not_in_miss1 (setops: MINUS as anti join)
SELECT deptno FROM dept EXCEPT SELECT deptno FROM emp;
SELECT deptno FROM dept WHERE deptno NOT IN (SELECT deptno FROM emp);
