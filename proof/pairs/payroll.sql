-- in_where_join_distinct (subquery: IN in WHERE)
SELECT e.empno, e.ename FROM emp e WHERE e.deptno IN (SELECT d.deptno FROM dept d WHERE d.name = 'SALES');
SELECT e.empno, e.ename FROM (SELECT empno, ename, job, mgr, hiredate, sal, comm, deptno, slacker FROM emp) AS e INNER JOIN (SELECT deptno FROM dept WHERE name = 'SALES' GROUP BY deptno) AS t1 ON e.deptno = t1.deptno;
-- not_in_where_indicator (subquery: NOT IN in WHERE)
SELECT empno FROM empnullables WHERE mgr NOT IN (SELECT mgr FROM emp WHERE sal > 100);
SELECT t.empno FROM (SELECT empno, mgr FROM empnullables) AS t CROSS JOIN (SELECT COUNT(*) AS c, COUNT(mgr) AS ck FROM emp WHERE sal > 100) AS t1 LEFT JOIN (SELECT mgr, TRUE AS i FROM emp WHERE sal > 100 GROUP BY mgr) AS t2 ON t.mgr = t2.mgr WHERE t1.c = 0 OR t2.i IS NULL AND t.mgr IS NOT NULL AND t1.ck >= t1.c;
-- not_in_notnull_anti (subquery: NOT IN in WHERE)
SELECT empno, ename FROM emp WHERE deptno NOT IN (SELECT deptno FROM dept WHERE name = 'SALES');
SELECT t.empno, t.ename FROM (SELECT empno, ename, deptno FROM emp) AS t LEFT JOIN (SELECT deptno, TRUE AS i FROM dept WHERE name = 'SALES') AS t0 ON t.deptno = t0.deptno WHERE t0.i IS NULL;
-- not_in_to_not_exists_guarded (subquery: NOT IN in WHERE)
SELECT empno FROM emp WHERE deptno NOT IN (SELECT sal FROM bonus);
SELECT e.empno FROM emp AS e WHERE NOT EXISTS (SELECT 1 FROM bonus AS b WHERE b.sal = e.deptno OR b.sal IS NULL OR e.deptno IS NULL);
-- exists_uncorrelated_min_true (subquery: EXISTS as left join of MIN(TRUE))
SELECT d.deptno, d.name FROM dept d WHERE EXISTS (SELECT * FROM emp e WHERE e.sal > 1000);
SELECT d.deptno, d.name FROM dept AS d LEFT JOIN (SELECT MIN(TRUE) AS "$f0" FROM emp WHERE sal > 1000) AS t1 ON TRUE WHERE t1."$f0" IS NOT NULL;
-- exists_correlated_min_true (subquery: EXISTS as left join of MIN(TRUE))
SELECT d.deptno, d.name FROM dept d WHERE EXISTS (SELECT * FROM emp e WHERE e.deptno = d.deptno AND e.sal > 1000);
SELECT d.deptno, d.name FROM dept AS d LEFT JOIN (SELECT deptno, MIN(TRUE) AS "$f1" FROM (SELECT deptno, sal FROM emp WHERE sal > 1000) AS t GROUP BY deptno) AS t1 ON d.deptno = t1.deptno WHERE t1."$f1" IS NOT NULL;
-- not_exists_correlated_min_true (subquery: EXISTS as left join of MIN(TRUE))
SELECT d.deptno FROM dept d WHERE NOT EXISTS (SELECT 1 FROM emp e WHERE e.deptno = d.deptno AND e.slacker);
SELECT d.deptno FROM dept AS d LEFT JOIN (SELECT deptno, MIN(TRUE) AS i FROM emp WHERE slacker GROUP BY deptno) AS t1 ON d.deptno = t1.deptno WHERE t1.i IS NULL;
-- exists_under_or (subquery: EXISTS under OR)
SELECT e.empno FROM emp e WHERE e.sal > 2000 OR EXISTS (SELECT 1 FROM bonus b WHERE b.ename = e.ename);
SELECT e.empno FROM emp AS e LEFT JOIN (SELECT ename, MIN(TRUE) AS i FROM bonus GROUP BY ename) AS t0 ON e.ename = t0.ename WHERE e.sal > 2000 OR t0.i IS NOT NULL;
-- in_under_or (subquery: IN under OR)
SELECT empno FROM empnullables WHERE deptno IN (SELECT deptno FROM dept) OR sal < 100;
SELECT e.empno FROM empnullables AS e LEFT JOIN (SELECT deptno, TRUE AS i FROM dept GROUP BY deptno) AS t0 ON e.deptno = t0.deptno WHERE t0.i IS NOT NULL OR e.sal < 100;
-- scalar_max_where (subquery: scalar in WHERE)
SELECT empno FROM emp WHERE sal = (SELECT MAX(sal) FROM bonus WHERE comm > 5);
SELECT e.empno FROM emp AS e CROSS JOIN (SELECT MAX(sal) AS m FROM bonus WHERE comm > 5) AS t0 WHERE e.sal = t0.m;
-- scalar_correlated_avg_where (subquery: correlated scalar aggregate)
SELECT e.empno FROM emp e WHERE e.sal > (SELECT AVG(x.sal) FROM emp x WHERE x.deptno = e.deptno);
SELECT t.empno FROM (SELECT empno, sal, deptno FROM emp) AS t INNER JOIN (SELECT deptno, AVG(sal) AS "$f1" FROM emp WHERE deptno IS NOT NULL GROUP BY deptno) AS t2 ON t.deptno = t2.deptno AND t.sal > t2."$f1";
-- scalar_correlated_sum_select (subquery: correlated scalar aggregate)
SELECT d.deptno, (SELECT SUM(e.sal) FROM emp e WHERE e.deptno = d.deptno) AS s FROM dept d;
SELECT d.deptno, t1."$f1" AS s FROM dept AS d LEFT JOIN (SELECT deptno, SUM(sal) AS "$f1" FROM (SELECT deptno, sal FROM emp) AS t GROUP BY deptno) AS t1 ON d.deptno = t1.deptno;
-- scalar_correlated_count_select (subquery: correlated scalar aggregate)
SELECT d.deptno, (SELECT COUNT(*) FROM emp e WHERE e.deptno = d.deptno AND e.sal > 100) AS n FROM dept d;
SELECT d.deptno, CASE WHEN t1.c IS NOT NULL THEN t1.c ELSE 0 END AS n FROM dept AS d LEFT JOIN (SELECT deptno, COUNT(*) AS c FROM emp WHERE sal > 100 GROUP BY deptno) AS t1 ON d.deptno = t1.deptno;
-- scalar_correlated_count_zero_where (subquery: correlated scalar aggregate)
SELECT d.name FROM dept d WHERE (SELECT COUNT(*) FROM emp e WHERE e.deptno = d.deptno) = 0;
SELECT d.name FROM dept AS d LEFT JOIN (SELECT deptno, COUNT(*) AS c FROM emp GROUP BY deptno) AS t0 ON d.deptno = t0.deptno WHERE COALESCE(t0.c, 0) = 0;
-- scalar_pair_same_source_merged (subquery: correlated scalar aggregate)
SELECT d.deptno, (SELECT MIN(e.sal) FROM emp e WHERE e.deptno = d.deptno) AS lo, (SELECT MAX(e.sal) FROM emp e WHERE e.deptno = d.deptno) AS hi FROM dept d;
SELECT d.deptno, t0.lo, t0.hi FROM dept AS d LEFT JOIN (SELECT deptno, MIN(sal) AS lo, MAX(sal) AS hi FROM emp GROUP BY deptno) AS t0 ON t0.deptno = d.deptno;
-- in_having (subquery: in HAVING)
SELECT deptno, SUM(sal) AS s FROM emp GROUP BY deptno HAVING SUM(sal) > (SELECT AVG(b.sal) FROM bonus b);
SELECT t.deptno, t.s FROM (SELECT deptno, SUM(sal) AS s FROM emp GROUP BY deptno) AS t INNER JOIN (SELECT AVG(sal) AS a FROM bonus) AS t0 ON t.s > t0.a;
-- in_having_semi (subquery: in HAVING)
SELECT job, COUNT(*) AS n FROM emp GROUP BY job HAVING job IN (SELECT job FROM bonus WHERE sal > 10);
SELECT t0.job, t0.n FROM (SELECT job, COUNT(*) AS n FROM emp GROUP BY job) AS t0 INNER JOIN (SELECT job FROM (SELECT job, sal FROM bonus WHERE sal > 10) AS b GROUP BY job) AS t2 ON t0.job = t2.job;
-- exists_in_having_pushed (subquery: in HAVING)
SELECT deptno, COUNT(*) AS n FROM emp e GROUP BY deptno HAVING EXISTS (SELECT 1 FROM dept d WHERE d.deptno = e.deptno AND d.name LIKE 'A%');
SELECT t.deptno, COUNT(*) AS n FROM (SELECT e.deptno FROM emp AS e INNER JOIN (SELECT deptno FROM dept WHERE name LIKE 'A%' GROUP BY deptno) AS t0 ON e.deptno = t0.deptno) AS t GROUP BY t.deptno;
-- in_join_condition_left_side (subquery: in join condition)
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno AND e.job IN (SELECT job FROM bonus);
SELECT t.empno, d.name FROM (SELECT e.empno, e.deptno FROM emp AS e INNER JOIN (SELECT job FROM bonus GROUP BY job) AS t0 ON e.job = t0.job) AS t INNER JOIN dept AS d ON t.deptno = d.deptno;
-- scalar_in_join_condition (subquery: in join condition)
SELECT e.empno, d.deptno FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno AND e.sal > (SELECT MIN(sal) FROM bonus);
SELECT t.empno, d.deptno FROM (SELECT e.empno, e.deptno, e.sal, t0.m FROM emp AS e CROSS JOIN (SELECT MIN(sal) AS m FROM bonus) AS t0) AS t LEFT JOIN dept AS d ON t.deptno = d.deptno AND t.sal > t.m;
-- greater_all_as_max (subquery: ALL)
SELECT empno FROM emp WHERE NOT EXISTS (SELECT 1 FROM bonus WHERE bonus.sal >= emp.sal);
SELECT e.empno FROM emp AS e CROSS JOIN (SELECT MAX(sal) AS m, COUNT(*) AS c FROM bonus) AS t0 WHERE CASE WHEN t0.c = 0 THEN TRUE ELSE e.sal > t0.m END;
-- less_some_as_max (subquery: SOME)
SELECT empno FROM emp WHERE EXISTS (SELECT 1 FROM bonus WHERE emp.sal < bonus.sal);
SELECT e.empno FROM emp AS e CROSS JOIN (SELECT MAX(sal) AS m FROM bonus) AS t0 WHERE e.sal < t0.m;
-- less_any_quantified (subquery: SOME)
SELECT empno FROM emp WHERE sal < ANY (SELECT sal FROM bonus WHERE comm > 10);
SELECT t.empno FROM (SELECT empno, sal FROM emp) AS t INNER JOIN (SELECT MAX(sal) AS m FROM bonus WHERE comm > 10) AS t1 ON t.sal < t1.m;
-- greater_all_quantified (subquery: ALL)
SELECT empno FROM emp WHERE sal > ALL (SELECT sal FROM bonus);
SELECT t.empno FROM emp AS t CROSS JOIN (SELECT COUNT(*) AS c, COUNT(sal) AS d, MAX(sal) AS m FROM bonus) AS q WHERE q.c = 0 OR t.sal > q.m AND q.c = q.d;
-- in_correlated_second_column (subquery: correlated IN)
SELECT e.empno FROM emp e WHERE e.job IN (SELECT b.job FROM bonus b WHERE b.ename = e.ename);
SELECT e.empno FROM emp AS e INNER JOIN (SELECT job, ename FROM bonus GROUP BY job, ename) AS t0 ON e.job = t0.job AND e.ename = t0.ename;
-- exists_key_plain_join (subquery: EXISTS on a key)
SELECT e.empno, e.sal FROM emp e WHERE EXISTS (SELECT 1 FROM dept d WHERE d.deptno = e.deptno AND d.name <> 'X');
SELECT t.empno, t.sal FROM (SELECT empno, sal, deptno FROM emp) AS t INNER JOIN (SELECT deptno FROM dept WHERE name <> 'X') AS t0 ON t.deptno = t0.deptno;
-- exists_foreign_key_removed (subquery: EXISTS on a key)
SELECT e.empno FROM emp e WHERE EXISTS (SELECT 1 FROM dept d WHERE d.deptno = e.deptno) AND e.sal > 10;
SELECT t.empno FROM (SELECT empno, sal FROM emp WHERE sal > 10) AS t;
-- exists_aggregate_always_true (subquery: EXISTS of aggregate)
SELECT d.deptno FROM dept d WHERE EXISTS (SELECT COUNT(*) FROM emp e WHERE e.sal > 100);
SELECT deptno FROM (SELECT deptno, name FROM dept) AS t;
-- two_exists_and (subquery: EXISTS as left join of MIN(TRUE))
SELECT e.empno FROM emp e WHERE EXISTS (SELECT 1 FROM dept d WHERE d.deptno = e.deptno) AND NOT EXISTS (SELECT 1 FROM bonus b WHERE b.ename = e.ename);
SELECT t2.empno FROM (SELECT e.empno, e.ename FROM emp AS e LEFT JOIN (SELECT deptno, MIN(TRUE) AS i FROM dept GROUP BY deptno) AS t0 ON e.deptno = t0.deptno WHERE t0.i IS NOT NULL) AS t2 LEFT JOIN (SELECT ename, MIN(TRUE) AS i FROM bonus GROUP BY ename) AS t4 ON t2.ename = t4.ename WHERE t4.i IS NULL;
-- distinct_agg_two_level (aggregate: distinct by two-level grouping)
SELECT deptno, COUNT(DISTINCT job) AS n FROM emp GROUP BY deptno;
SELECT deptno, COUNT(job) AS n FROM (SELECT deptno, job FROM emp GROUP BY deptno, job) AS t GROUP BY deptno;
-- distinct_agg_mixed_two_level (aggregate: distinct by two-level grouping)
SELECT deptno, COUNT(DISTINCT job) AS n, SUM(sal) AS s, COUNT(*) AS c FROM emp GROUP BY deptno;
SELECT deptno, COUNT(job) AS n, SUM(s0) AS s, SUM(c0) AS c FROM (SELECT deptno, job, SUM(sal) AS s0, COUNT(*) AS c0 FROM emp GROUP BY deptno, job) AS t GROUP BY deptno;
-- distinct_agg_grouping_sets (aggregate: distinct by grouping sets)
SELECT deptno, COUNT(DISTINCT job) AS n, MIN(sal) AS m FROM emp GROUP BY deptno;
SELECT deptno, COUNT(job) FILTER (WHERE g = 0) AS n, MIN(m0) FILTER (WHERE g = 1) AS m FROM (SELECT deptno, job, MIN(sal) AS m0, GROUPING(job) AS g FROM emp GROUP BY GROUPING SETS ((deptno, job), (deptno))) AS t GROUP BY deptno;
-- two_distinct_aggs_joined (aggregate: several distinct by joins)
SELECT deptno, COUNT(DISTINCT job) AS a, COUNT(DISTINCT mgr) AS b FROM emp GROUP BY deptno;
SELECT t1.deptno, t1.a, t3.b FROM (SELECT deptno, COUNT(job) AS a FROM (SELECT DISTINCT deptno, job FROM emp) AS t GROUP BY deptno) AS t1 INNER JOIN (SELECT deptno, COUNT(mgr) AS b FROM (SELECT DISTINCT deptno, mgr FROM emp) AS t2 GROUP BY deptno) AS t3 ON t1.deptno = t3.deptno;
-- two_distinct_aggs_null_safe_join (aggregate: several distinct by joins)
SELECT job, COUNT(DISTINCT sal) AS a, SUM(DISTINCT comm) AS b FROM empnullables GROUP BY job;
SELECT t1.job, t1.a, t3.b FROM (SELECT job, COUNT(sal) AS a FROM (SELECT job, sal FROM empnullables GROUP BY job, sal) AS t GROUP BY job) AS t1 INNER JOIN (SELECT job, SUM(comm) AS b FROM (SELECT job, comm FROM empnullables GROUP BY job, comm) AS t2 GROUP BY job) AS t3 ON t1.job IS NOT DISTINCT FROM t3.job;
-- two_distinct_aggs_global (aggregate: several distinct by joins)
SELECT COUNT(DISTINCT job) AS a, COUNT(DISTINCT deptno) AS b FROM emp;
SELECT t0.a, t2.b FROM (SELECT COUNT(job) AS a FROM (SELECT job FROM emp GROUP BY job) AS t) AS t0 CROSS JOIN (SELECT COUNT(deptno) AS b FROM (SELECT deptno FROM emp GROUP BY deptno) AS t1) AS t2;
-- distinct_in_minmax_dropped (aggregate: distinct dropped)
SELECT deptno, MAX(DISTINCT sal) AS hi, MIN(DISTINCT sal) AS lo FROM emp GROUP BY deptno;
SELECT deptno, MAX(sal) AS hi, MIN(sal) AS lo FROM (SELECT deptno, sal FROM emp) AS t GROUP BY deptno;
-- count_distinct_of_key (aggregate: distinct dropped)
SELECT deptno, COUNT(DISTINCT empno) AS n FROM emp GROUP BY deptno;
SELECT deptno, COUNT(*) AS n FROM (SELECT deptno FROM emp) AS t GROUP BY deptno;
-- avg_split_sum_count (aggregate: AVG split)
SELECT deptno, AVG(sal) AS a FROM emp GROUP BY deptno;
SELECT deptno, CAST(s AS DOUBLE) / CAST(c AS DOUBLE) AS a FROM (SELECT deptno, SUM(sal) AS s, COUNT(sal) AS c FROM emp GROUP BY deptno) AS t;
-- avg_from_finer_aggregate (aggregate: AVG split)
SELECT job, AVG(sal) AS a, COUNT(*) AS n FROM emp WHERE deptno < 20 GROUP BY job;
SELECT job, CAST(SUM(s) AS DOUBLE) / CAST(SUM(c) AS DOUBLE) AS a, SUM(n0) AS n FROM (SELECT job, deptno, SUM(sal) AS s, COUNT(sal) AS c, COUNT(*) AS n0 FROM emp GROUP BY job, deptno) AS t WHERE deptno < 20 GROUP BY job;
-- eager_sum_below_join_key (aggregate: eager)
SELECT d.name, SUM(e.sal) AS s FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY d.name;
SELECT d.name, SUM(t.s0) AS s FROM (SELECT deptno, SUM(sal) AS s0 FROM emp GROUP BY deptno) AS t INNER JOIN dept AS d ON t.deptno = d.deptno GROUP BY d.name;
-- eager_count_below_join (aggregate: eager)
SELECT e.job, COUNT(*) AS n FROM emp e JOIN bonus b ON e.job = b.job GROUP BY e.job;
SELECT t.job, t.c * t0.c AS n FROM (SELECT job, COUNT(*) AS c FROM emp GROUP BY job) AS t INNER JOIN (SELECT job, COUNT(*) AS c FROM bonus GROUP BY job) AS t0 ON t.job = t0.job;
-- eager_sum_times_count (aggregate: eager SUM * COUNT)
SELECT e.job, SUM(e.sal) AS s, SUM(b.comm) AS bs FROM emp e JOIN bonus b ON e.job = b.job GROUP BY e.job;
SELECT t.job, t.s * t0.c AS s, t.c * t0.s AS bs FROM (SELECT job, SUM(sal) AS s, COUNT(*) AS c FROM emp GROUP BY job) AS t INNER JOIN (SELECT job, SUM(comm) AS s, COUNT(*) AS c FROM bonus GROUP BY job) AS t0 ON t.job = t0.job;
-- eager_sum_cross_join (aggregate: eager SUM * COUNT)
SELECT SUM(e.sal) AS s FROM emp e CROSS JOIN bonus b;
SELECT CASE WHEN t0.c = 0 THEN NULL ELSE t.s * t0.c END AS s FROM (SELECT SUM(sal) AS s FROM emp) AS t CROSS JOIN (SELECT COUNT(*) AS c FROM bonus) AS t0;
-- eager_minmax_below_join (aggregate: eager)
SELECT b.job, MIN(e.sal) AS lo, MAX(b.sal) AS hi FROM emp e JOIN bonus b ON e.ename = b.ename GROUP BY b.job;
SELECT t0.job, MIN(t.lo) AS lo, MAX(t0.hi) AS hi FROM (SELECT ename, MIN(sal) AS lo FROM emp GROUP BY ename) AS t INNER JOIN (SELECT ename, job, MAX(sal) AS hi FROM bonus GROUP BY ename, job) AS t0 ON t.ename = t0.ename GROUP BY t0.job;
-- eager_count_left_join (aggregate: eager below outer join)
SELECT d.deptno, COUNT(e.empno) AS n FROM dept d LEFT JOIN emp e ON d.deptno = e.deptno GROUP BY d.deptno;
SELECT d.deptno, COALESCE(t.c, 0) AS n FROM dept AS d LEFT JOIN (SELECT deptno, COUNT(*) AS c FROM emp GROUP BY deptno) AS t ON d.deptno = t.deptno;
-- eager_sum_left_join (aggregate: eager below outer join)
SELECT d.deptno, d.name, COALESCE(SUM(e.sal), 0) AS s FROM dept d LEFT JOIN emp e ON d.deptno = e.deptno AND e.comm > 10 GROUP BY d.deptno, d.name;
SELECT d.deptno, d.name, COALESCE(t.s0, 0) AS s FROM dept AS d LEFT JOIN (SELECT deptno, SUM(sal) AS s0 FROM emp WHERE comm > 10 GROUP BY deptno) AS t ON d.deptno = t.deptno;
-- sum_below_union (aggregate: below union)
SELECT job, SUM(sal) AS s FROM (SELECT job, sal FROM emp UNION ALL SELECT job, sal FROM bonus) u GROUP BY job;
SELECT job, SUM(s0) AS s FROM (SELECT job, SUM(sal) AS s0 FROM emp GROUP BY job UNION ALL SELECT job, SUM(sal) AS s0 FROM bonus GROUP BY job) AS t GROUP BY job;
-- count_below_union_global (aggregate: below union)
SELECT COUNT(*) AS n FROM (SELECT ename FROM emp UNION ALL SELECT ename FROM bonus) u;
SELECT SUM(c) AS n FROM (SELECT COUNT(*) AS c FROM emp UNION ALL SELECT COUNT(*) AS c FROM bonus) AS t;
-- minmax_below_union_distinct (aggregate: below union)
SELECT MAX(sal) AS m FROM (SELECT sal FROM emp UNION SELECT sal FROM bonus) u;
SELECT MAX(m0) AS m FROM (SELECT MAX(sal) AS m0 FROM emp UNION ALL SELECT MAX(sal) AS m0 FROM bonus) AS t;
-- avg_below_union (aggregate: below union)
SELECT deptno, AVG(sal) AS a FROM (SELECT deptno, sal FROM emp UNION ALL SELECT deptno, sal FROM empnullables) u GROUP BY deptno;
SELECT deptno, CAST(SUM(s) AS DOUBLE) / CAST(SUM(c) AS DOUBLE) AS a FROM (SELECT deptno, SUM(sal) AS s, COUNT(sal) AS c FROM emp GROUP BY deptno UNION ALL SELECT deptno, SUM(sal) AS s, COUNT(sal) AS c FROM empnullables GROUP BY deptno) AS t GROUP BY deptno;
-- aggregate_merge_sum_of_sum (aggregate: merge)
SELECT deptno, SUM(s) AS t FROM (SELECT deptno, job, SUM(sal) AS s FROM emp GROUP BY deptno, job) x GROUP BY deptno;
SELECT deptno, SUM(sal) AS t FROM (SELECT deptno, sal FROM emp) AS y GROUP BY deptno;
-- aggregate_merge_max_min (aggregate: merge)
SELECT job, MAX(m) AS hi, SUM(c) AS n FROM (SELECT job, deptno, MAX(sal) AS m, COUNT(comm) AS c FROM empnullables GROUP BY job, deptno) x GROUP BY job;
SELECT job, MAX(sal) AS hi, COUNT(comm) AS n FROM empnullables GROUP BY job;
-- aggregate_project_merge (aggregate: project merge)
SELECT x.d, SUM(x.b) AS s FROM (SELECT deptno AS d, sal AS b, comm AS c, ename FROM emp) x GROUP BY x.d;
SELECT deptno AS d, SUM(sal) AS s FROM emp GROUP BY deptno;
-- aggregate_constant_key_dropped (aggregate: constant key)
SELECT deptno, job, SUM(sal) AS s FROM emp WHERE deptno = 10 GROUP BY deptno, job;
SELECT CAST(10 AS INT) AS deptno, job, s FROM (SELECT job, SUM(sal) AS s FROM emp WHERE deptno = 10 GROUP BY job) AS t;
-- aggregate_literal_key_dropped (aggregate: constant key)
SELECT job, k, COUNT(*) AS n FROM (SELECT job, 42 AS k FROM emp) x GROUP BY job, k;
SELECT job, 42 AS k, COUNT(*) AS n FROM emp GROUP BY job;
-- aggregate_only_constant_key (aggregate: constant key)
SELECT deptno, MAX(sal) AS m FROM emp WHERE deptno = 7 GROUP BY deptno;
SELECT CAST(7 AS INT) AS deptno, m FROM (SELECT MAX(sal) AS m, COUNT(*) AS c FROM emp WHERE deptno = 7) AS t WHERE c > 0;
-- aggregate_unused_call (aggregate: unused calls)
SELECT deptno, a FROM (SELECT deptno, SUM(sal) AS a, MAX(comm) AS b, COUNT(DISTINCT job) AS c FROM emp GROUP BY deptno) t;
SELECT deptno, SUM(sal) AS a FROM (SELECT deptno, sal FROM emp) AS t GROUP BY deptno;
-- aggregate_all_calls_unused (aggregate: to DISTINCT)
SELECT t.job FROM (SELECT job, COUNT(*) AS c, AVG(sal) AS a FROM emp GROUP BY job) t;
SELECT DISTINCT job FROM emp;
-- aggregate_filter_to_case (aggregate: filter to CASE)
SELECT deptno, SUM(sal) FILTER (WHERE job = 'CLERK') AS s, COUNT(*) FILTER (WHERE comm > 10) AS c FROM emp GROUP BY deptno;
SELECT deptno, SUM("$f1") AS s, COUNT("$f2") AS c FROM (SELECT deptno, CASE WHEN job = 'CLERK' THEN sal ELSE NULL END AS "$f1", CASE WHEN comm > 10 THEN 0 ELSE NULL END AS "$f2" FROM emp) AS t GROUP BY deptno;
-- aggregate_case_to_filter_sum (aggregate: filter to CASE)
SELECT SUM(CASE WHEN job = 'CLERK' THEN 1 ELSE 0 END) AS n FROM emp WHERE deptno = 10 HAVING COUNT(*) > 0;
SELECT t.n FROM (SELECT COUNT(*) FILTER (WHERE job = 'CLERK') AS n, COUNT(*) AS c FROM (SELECT job FROM emp WHERE deptno = 10) AS t0) AS t WHERE t.c > 0;
-- aggregate_common_filter_pulled (aggregate: filter to WHERE)
SELECT SUM(sal) FILTER (WHERE slacker) AS a, MAX(comm) FILTER (WHERE slacker) AS b FROM emp;
SELECT SUM(sal) AS a, MAX(comm) AS b FROM (SELECT sal, comm FROM emp WHERE slacker) AS t;
-- group_on_key_removed (aggregate: removed on key)
SELECT empno, SUM(sal) AS s, COUNT(*) AS c, MAX(comm) AS m FROM emp GROUP BY empno;
SELECT empno, CAST(sal AS BIGINT) AS s, 1 AS c, comm AS m FROM emp;
-- distinct_on_key_removed (aggregate: removed on key)
SELECT DISTINCT d.deptno, e.empno FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.sal > 10;
SELECT t.deptno, t.empno FROM (SELECT empno, deptno FROM emp WHERE sal > 10) AS t;
-- group_key_reduced_by_dependency (aggregate: key reduced)
SELECT d.deptno, d.name, COUNT(*) AS n FROM dept d JOIN emp e ON d.deptno = e.deptno GROUP BY d.deptno, d.name;
SELECT t.deptno, t.name, t.n FROM (SELECT d.deptno, MIN(d.name) AS name, COUNT(*) AS n FROM dept AS d INNER JOIN emp AS e ON d.deptno = e.deptno GROUP BY d.deptno) AS t;
-- group_keys_equal_by_join (aggregate: key reduced)
SELECT e.deptno, d.deptno AS dd, SUM(e.sal) AS s FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY e.deptno, d.deptno;
SELECT t.deptno, t.deptno AS dd, t.s FROM (SELECT e.deptno, SUM(e.sal) AS s FROM emp AS e INNER JOIN dept AS d ON e.deptno = d.deptno GROUP BY e.deptno) AS t;
-- count_not_null_to_star (aggregate: count)
SELECT job, COUNT(sal) AS a, COUNT(ename) AS b FROM emp GROUP BY job;
SELECT job, c AS a, c AS b FROM (SELECT job, COUNT(*) AS c FROM emp GROUP BY job) AS t;
-- sum_constant_plus (aggregate: SUM of expression)
SELECT deptno, SUM(sal + 10) AS s FROM emp GROUP BY deptno;
SELECT deptno, s0 + 10 * c AS s FROM (SELECT deptno, SUM(sal) AS s0, COUNT(*) AS c FROM emp GROUP BY deptno) AS t;
-- having_on_key_pushed (filter: below aggregate)
SELECT deptno, job, SUM(sal) AS s FROM emp GROUP BY deptno, job HAVING deptno > 10 AND SUM(sal) > 100;
SELECT deptno, job, s FROM (SELECT deptno, job, SUM(sal) AS s FROM (SELECT deptno, job, sal FROM emp WHERE deptno > 10) AS t0 GROUP BY deptno, job) AS t WHERE s > 100;
-- filter_below_project (filter: below project)
SELECT x.v, x.ename FROM (SELECT sal + comm AS v, ename, deptno + 1 AS d FROM emp) x WHERE x.v > 100 AND x.d = 11;
SELECT sal + comm AS v, ename FROM (SELECT ename, sal, comm, deptno FROM emp WHERE sal + comm > 100 AND deptno + 1 = 11) AS t;
-- filter_below_window_partition (filter: below window)
SELECT empno, r FROM (SELECT empno, deptno, SUM(sal) OVER (PARTITION BY deptno) AS r FROM emp) x WHERE deptno = 10;
SELECT empno, SUM(sal) OVER (PARTITION BY deptno) AS r FROM (SELECT empno, sal, deptno FROM emp WHERE deptno = 10) AS t;
-- filter_below_union (filter: below union)
SELECT * FROM (SELECT ename, sal FROM emp UNION ALL SELECT ename, comm AS sal FROM bonus) u WHERE sal > 100;
SELECT ename, sal FROM emp WHERE sal > 100 UNION ALL SELECT ename, comm AS sal FROM (SELECT ename, job, sal, comm FROM bonus) AS t WHERE comm > 100;
-- filter_below_intersect (filter: below intersect)
SELECT * FROM (SELECT ename, job FROM emp INTERSECT SELECT ename, job FROM bonus) u WHERE job = 'CLERK';
SELECT ename, job FROM emp WHERE job = 'CLERK' INTERSECT SELECT ename, job FROM bonus WHERE job = 'CLERK';
-- filter_below_except_left_only (filter: below except)
SELECT * FROM (SELECT job, sal FROM emp EXCEPT SELECT job, sal FROM bonus) u WHERE sal < 100;
SELECT job, sal FROM (SELECT job, sal FROM emp WHERE sal < 100) AS t EXCEPT SELECT job, sal FROM bonus;
-- filter_into_inner_join (filter: below join)
SELECT e.ename, d.name FROM emp e, dept d WHERE e.deptno = d.deptno AND e.sal > 100 AND d.name LIKE 'A%' AND e.comm < d.deptno;
SELECT t.ename, t0.name FROM (SELECT ename, comm, deptno FROM emp WHERE sal > 100) AS t INNER JOIN (SELECT deptno, name FROM dept WHERE name LIKE 'A%') AS t0 ON t.deptno = t0.deptno AND t.comm < t0.deptno;
-- filter_below_left_join (filter: below outer join)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno WHERE e.job = 'CLERK';
SELECT t.empno, d.name FROM (SELECT empno, ename, job, deptno FROM emp WHERE job = 'CLERK') AS t LEFT JOIN dept AS d ON t.deptno = d.deptno;
-- on_filter_right_of_left_join (filter: below outer join)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno AND d.name <> 'X' AND e.sal > 10;
SELECT e.empno, t.name FROM emp AS e LEFT JOIN (SELECT deptno, name FROM dept WHERE name <> 'X') AS t ON e.deptno = t.deptno AND e.sal > 10;
-- left_join_null_rejected (outer join: null rejection)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno WHERE d.name = 'SALES';
SELECT e.empno, CAST('SALES' AS VARCHAR) AS name FROM emp AS e INNER JOIN (SELECT deptno FROM dept WHERE name = 'SALES') AS t ON e.deptno = t.deptno;
-- full_join_null_rejected_left (outer join: null rejection)
SELECT e.empno, b.sal FROM emp e FULL JOIN bonus b ON e.ename = b.ename WHERE e.sal > 100;
SELECT t.empno, b.sal FROM (SELECT empno, ename FROM emp WHERE sal > 100) AS t LEFT JOIN bonus AS b ON t.ename = b.ename;
-- full_join_null_rejected_both (outer join: null rejection)
SELECT e.empno, b.sal FROM emp e FULL JOIN bonus b ON e.ename = b.ename WHERE e.sal + b.sal > 100;
SELECT e.empno, b.sal FROM emp AS e INNER JOIN bonus AS b ON e.ename = b.ename AND e.sal + b.sal > 100;
-- right_join_mirrored (outer join: mirrored)
SELECT e.ename, d.deptno FROM emp e RIGHT JOIN dept d ON e.deptno = d.deptno AND e.sal > 10;
SELECT t.ename, d.deptno FROM dept AS d LEFT JOIN (SELECT ename, deptno FROM emp WHERE sal > 10) AS t ON d.deptno = t.deptno;
-- left_join_rejected_by_later_join (outer join: null rejection)
SELECT e.empno, b.job FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno JOIN bonus b ON d.name = b.ename;
SELECT e.empno, b.job FROM emp AS e INNER JOIN dept AS d ON e.deptno = d.deptno INNER JOIN bonus AS b ON d.name = b.ename;
-- left_join_unused_right_on_key (outer join: removed)
SELECT e.empno, e.sal FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno WHERE e.sal > 5;
SELECT empno, sal FROM (SELECT empno, sal FROM emp WHERE sal > 5) AS t;
-- left_join_unused_under_distinct (outer join: removed)
SELECT DISTINCT e.job FROM emp e LEFT JOIN bonus b ON e.ename = b.ename;
SELECT job FROM (SELECT job FROM emp) AS t GROUP BY job;
-- left_join_fk_becomes_inner (outer join: foreign key)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno;
SELECT t.empno, d.name FROM (SELECT empno, deptno FROM emp) AS t INNER JOIN dept AS d ON t.deptno = d.deptno;
-- anti_left_join_is_null (outer join: anti join)
SELECT d.deptno, d.name FROM dept d LEFT JOIN emp e ON d.deptno = e.deptno WHERE e.empno IS NULL;
SELECT d.deptno, d.name FROM dept AS d WHERE NOT EXISTS (SELECT 1 FROM emp AS e WHERE e.deptno = d.deptno);
-- infer_not_null_across_join (inference: IS NOT NULL)
SELECT a.empno, b.ename FROM empnullables a JOIN empnullables b ON a.mgr = b.empno;
SELECT t.empno, t0.ename FROM (SELECT empno, mgr FROM empnullables WHERE mgr IS NOT NULL) AS t INNER JOIN (SELECT empno, ename FROM empnullables WHERE empno IS NOT NULL) AS t0 ON t.mgr = t0.empno;
-- infer_constant_across_join (inference: constants)
SELECT e.ename, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.deptno = 10;
SELECT t.ename, t0.name FROM (SELECT ename FROM emp WHERE deptno = 10) AS t CROSS JOIN (SELECT name FROM dept WHERE deptno = 10) AS t0;
-- infer_range_across_join (inference: ranges)
SELECT e.ename FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE d.deptno > 7;
SELECT t.ename FROM (SELECT ename, deptno FROM emp WHERE deptno > 7) AS t INNER JOIN (SELECT deptno FROM dept WHERE deptno > 7) AS t0 ON t.deptno = t0.deptno;
-- infer_range_three_way (inference: ranges)
SELECT a.empno, b.sal FROM emp a, bonus b, empnullables c WHERE a.sal = b.sal AND b.sal = c.sal AND c.sal > 100;
SELECT t.empno, t0.sal FROM (SELECT empno, sal FROM emp WHERE sal > 100) AS t INNER JOIN (SELECT sal FROM bonus WHERE sal > 100) AS t0 ON t.sal = t0.sal INNER JOIN (SELECT sal FROM empnullables WHERE sal > 100) AS t1 ON t.sal = t1.sal;
-- infer_or_split_to_sides (inference: OR split)
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.job = 'CLERK' AND d.name = 'A' OR e.job = 'CHEF' AND d.name = 'B';
SELECT t.empno, t0.name FROM (SELECT empno, job, deptno FROM emp WHERE job = 'CLERK' OR job = 'CHEF') AS t INNER JOIN (SELECT deptno, name FROM dept WHERE name = 'A' OR name = 'B') AS t0 ON t.deptno = t0.deptno AND (t.job = 'CLERK' AND t0.name = 'A' OR t.job = 'CHEF' AND t0.name = 'B');
-- infer_or_common_factor (inference: OR common factor)
SELECT e.empno FROM emp e, dept d WHERE (e.deptno = d.deptno AND e.sal > 100) OR (e.deptno = d.deptno AND d.name = 'A');
SELECT e.empno FROM emp AS e INNER JOIN dept AS d ON e.deptno = d.deptno AND (e.sal > 100 OR d.name = 'A');
-- infer_left_join_constant_right_side (inference: outer join)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno WHERE e.deptno = 10;
SELECT t.empno, t0.name FROM (SELECT empno, deptno FROM emp WHERE deptno = 10) AS t LEFT JOIN (SELECT deptno, name FROM dept WHERE deptno = 10) AS t0 ON t.deptno = t0.deptno;
-- infer_transitive_column_equality (inference: equality)
SELECT empno FROM empnullables WHERE sal = comm AND comm = deptno AND sal > 5;
SELECT empno FROM (SELECT empno, sal, comm, deptno FROM empnullables WHERE sal > 5 AND comm > 5) AS t WHERE sal = deptno AND deptno = comm;
-- infer_semi_join_range (inference: semi join)
SELECT empno FROM emp WHERE deptno IN (SELECT deptno FROM dept WHERE deptno < 20);
SELECT t.empno FROM (SELECT empno, deptno FROM emp WHERE deptno < 20) AS t WHERE EXISTS (SELECT 1 FROM (SELECT deptno FROM dept WHERE deptno < 20) AS t0 WHERE t0.deptno = t.deptno);
-- join_commute_project (join: order)
SELECT e.empno, d.deptno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno AND e.sal < 100;
SELECT t.empno, t.deptno, t.name FROM (SELECT d.deptno, d.name, e.empno FROM dept AS d INNER JOIN (SELECT empno, deptno FROM emp WHERE sal < 100) AS e ON d.deptno = e.deptno) AS t;
-- join_three_bushy (join: order)
SELECT a.empno, b.comm, d.name FROM emp a JOIN bonus b ON a.ename = b.ename JOIN dept d ON a.deptno = d.deptno;
SELECT t.empno, b.comm, t.name FROM bonus AS b INNER JOIN (SELECT e.empno, e.ename, d.name FROM dept AS d INNER JOIN emp AS e ON e.deptno = d.deptno) AS t ON b.ename = t.ename;
-- join_four_multi (join: order)
SELECT e.ename, m.ename AS boss, d.name, b.sal FROM emp e, emp m, dept d, bonus b WHERE e.mgr = m.empno AND m.deptno = d.deptno AND b.job = e.job AND d.name = 'A';
SELECT t1.ename, t0.boss, t0.name, t1.sal FROM (SELECT m.empno, m.ename AS boss, t.name FROM (SELECT deptno, name FROM dept WHERE name = 'A') AS t INNER JOIN emp AS m ON t.deptno = m.deptno) AS t0 INNER JOIN (SELECT e.ename, e.mgr, b.sal FROM emp AS e INNER JOIN bonus AS b ON e.job = b.job) AS t1 ON t0.empno = t1.mgr;
-- join_expression_key_projected (join: expression keys)
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno + 1 = d.deptno * 2;
SELECT t.empno, t0.name FROM (SELECT empno, deptno + 1 AS "$f9" FROM emp) AS t INNER JOIN (SELECT name, deptno * 2 AS "$f2" FROM dept) AS t0 ON t."$f9" = t0."$f2";
-- join_expression_key_left_outer (join: expression keys)
SELECT e.empno, b.sal FROM emp e LEFT JOIN bonus b ON UPPER(e.ename) = b.ename AND b.sal > 10;
SELECT t.empno, t0.sal FROM (SELECT empno, UPPER(ename) AS k FROM emp) AS t LEFT JOIN (SELECT ename, sal FROM bonus WHERE sal > 10) AS t0 ON t.k = t0.ename;
-- join_self_on_key (join: self join removed)
SELECT a.empno, b.sal FROM emp a JOIN emp b ON a.empno = b.empno WHERE a.job = 'CLERK' AND b.comm > 5;
SELECT empno, sal FROM (SELECT empno, sal FROM emp WHERE job = 'CLERK' AND comm > 5) AS t;
-- join_fk_parent_unused (join: parent removed)
SELECT e.job, SUM(e.sal) AS s FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY e.job;
SELECT job, SUM(sal) AS s FROM (SELECT job, sal FROM emp) AS t GROUP BY job;
-- join_over_union_left (join: over union)
SELECT u.ename, d.name FROM (SELECT ename, sal FROM emp UNION ALL SELECT ename, sal FROM bonus) u JOIN dept d ON u.sal = d.deptno;
SELECT e.ename, d.name FROM emp AS e INNER JOIN dept AS d ON e.sal = d.deptno UNION ALL SELECT b.ename, d0.name FROM bonus AS b INNER JOIN dept AS d0 ON b.sal = d0.deptno;
-- join_over_union_left_outer (join: over union)
SELECT u.k, d.name FROM (SELECT deptno AS k FROM emp UNION ALL SELECT sal AS k FROM bonus) u LEFT JOIN dept d ON u.k = d.deptno WHERE u.k > 5;
SELECT t.k, d.name FROM (SELECT deptno AS k FROM emp WHERE deptno > 5) AS t LEFT JOIN dept AS d ON t.k = d.deptno UNION ALL SELECT t0.k, d0.name FROM (SELECT sal AS k FROM bonus WHERE sal > 5) AS t0 LEFT JOIN dept AS d0 ON t0.k = d0.deptno;
-- semi_join_as_join_distinct (semi-join: join and distinct)
SELECT d.deptno, d.name FROM dept d WHERE d.deptno IN (SELECT e.deptno FROM emp e WHERE e.sal > 100);
SELECT t.deptno, t.name FROM (SELECT d.deptno, d.name FROM dept AS d INNER JOIN (SELECT deptno FROM emp WHERE sal > 100) AS e ON d.deptno = e.deptno) AS t GROUP BY t.deptno, t.name;
-- semi_join_distinct_join_projection (semi-join: join and distinct)
SELECT DISTINCT e.job FROM emp e JOIN dept d ON e.deptno = d.deptno;
SELECT job FROM (SELECT job, deptno FROM emp WHERE EXISTS (SELECT 1 FROM dept WHERE dept.deptno = emp.deptno)) AS t GROUP BY job;
-- semi_join_pushed_below_join (semi-join: pushed)
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.ename IN (SELECT ename FROM bonus);
SELECT t.empno, d.name FROM (SELECT empno, deptno FROM emp AS e WHERE EXISTS (SELECT 1 FROM bonus AS b WHERE b.ename = e.ename)) AS t INNER JOIN dept AS d ON t.deptno = d.deptno;
-- semi_join_reduction (semi-join: reduction)
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE d.name = 'A';
SELECT t.empno, t0.name FROM (SELECT empno, deptno FROM emp WHERE deptno IN (SELECT deptno FROM dept WHERE name = 'A')) AS t INNER JOIN (SELECT deptno, name FROM dept WHERE name = 'A') AS t0 ON t.deptno = t0.deptno;
-- project_merge_arithmetic (project: merge)
SELECT y.a + y.b AS v FROM (SELECT x.sal + 1 AS a, x.comm AS b FROM (SELECT sal, comm, ename FROM emp) x) y WHERE y.b > 3;
SELECT sal + 1 + comm AS v FROM emp WHERE comm > 3;
-- project_merge_swap (project: merge)
SELECT t.b AS a, t.a AS b FROM (SELECT x.b AS a, x.a AS b FROM (SELECT sal AS a, comm AS b FROM bonus) x) t;
SELECT sal AS a, comm AS b FROM bonus;
-- project_pruned_join_inputs (project: pruning)
SELECT e.ename FROM emp e JOIN (SELECT deptno, name, UPPER(name) AS u FROM dept) d ON e.deptno = d.deptno;
SELECT t.ename FROM (SELECT ename, deptno FROM emp) AS t INNER JOIN (SELECT deptno FROM dept) AS t0 ON t.deptno = t0.deptno;
-- project_pushed_below_union (project: pushed)
SELECT sal * 2 AS v FROM (SELECT sal, ename FROM emp UNION ALL SELECT sal, ename FROM bonus) u;
SELECT sal * 2 AS v FROM (SELECT sal FROM emp) AS t UNION ALL SELECT sal * 2 AS v FROM (SELECT sal FROM bonus) AS t0;
-- project_pushed_below_filter (project: pushed)
SELECT sal + comm AS t FROM emp WHERE sal + comm > 100 AND job = 'CLERK';
SELECT "$f0" AS t FROM (SELECT sal + comm AS "$f0", job = 'CLERK' AS "$f1" FROM emp) AS x WHERE "$f0" > 100 AND "$f1";
-- project_case_pushed_below_join (project: pushed)
SELECT CASE WHEN e.sal > 100 THEN 'hi' ELSE 'lo' END AS c, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno;
SELECT t.c, d.name FROM (SELECT deptno, CASE WHEN sal > 100 THEN 'hi' ELSE 'lo' END AS c FROM emp) AS t INNER JOIN dept AS d ON t.deptno = d.deptno;
-- filter_merge_nested (filter: merge)
SELECT empno FROM (SELECT * FROM (SELECT * FROM emp WHERE sal > 10) a WHERE comm < 100) b WHERE job <> 'CHEF';
SELECT empno FROM emp WHERE sal > 10 AND comm < 100 AND job <> 'CHEF';
-- sort_below_project (sort: below project)
SELECT empno + 1 AS k, ename FROM emp ORDER BY empno LIMIT 3;
SELECT empno + 1 AS k, ename FROM (SELECT empno, ename FROM emp ORDER BY empno LIMIT 3) AS t;
-- sort_dropped_in_subquery (sort: removed)
SELECT job, COUNT(*) AS n FROM (SELECT job, sal FROM emp ORDER BY sal DESC) x GROUP BY job;
SELECT job, COUNT(*) AS n FROM (SELECT job FROM emp) AS t GROUP BY job;
-- sort_limit_below_left_join (sort: below outer join)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno ORDER BY e.empno LIMIT 4;
SELECT t.empno, d.name FROM (SELECT empno, deptno FROM emp ORDER BY empno LIMIT 4) AS t LEFT JOIN dept AS d ON t.deptno = d.deptno ORDER BY t.empno LIMIT 4;
-- sort_limit_below_union (sort: below union)
SELECT sal FROM (SELECT sal FROM emp UNION ALL SELECT sal FROM bonus) u ORDER BY sal LIMIT 5;
SELECT sal FROM (SELECT sal FROM (SELECT sal FROM emp ORDER BY sal LIMIT 5) AS a UNION ALL SELECT sal FROM (SELECT sal FROM bonus ORDER BY sal LIMIT 5) AS b) AS t ORDER BY sal LIMIT 5;
-- limit_offset_below_union (sort: below union)
SELECT comm FROM (SELECT comm FROM emp UNION ALL SELECT comm FROM bonus) u ORDER BY comm DESC LIMIT 2 OFFSET 3;
SELECT comm FROM (SELECT comm FROM (SELECT comm FROM emp ORDER BY comm DESC LIMIT 5) AS a UNION ALL SELECT comm FROM (SELECT comm FROM bonus ORDER BY comm DESC LIMIT 5) AS b) AS t ORDER BY comm DESC LIMIT 2 OFFSET 3;
-- limit_on_single_row_aggregate (sort: single row)
SELECT COUNT(*) AS n, SUM(sal) AS s FROM emp ORDER BY 1 LIMIT 1;
SELECT COUNT(*) AS n, SUM(sal) AS s FROM emp;
-- limit_on_key_equality (sort: removed by key)
SELECT empno, sal FROM emp WHERE empno = 7 LIMIT 10;
SELECT CAST(7 AS INT) AS empno, sal FROM emp WHERE empno = 7;
-- sort_suffix_after_key_removed (sort: key prefix)
SELECT empno, job, sal FROM emp ORDER BY empno, job, sal DESC LIMIT 3;
SELECT empno, job, sal FROM emp ORDER BY empno LIMIT 3;
-- sort_constant_key_removed (constants: ORDER BY)
SELECT empno, deptno FROM emp WHERE deptno = 10 ORDER BY deptno, empno LIMIT 2;
SELECT empno, CAST(10 AS INT) AS deptno FROM (SELECT empno FROM emp WHERE deptno = 10) AS t ORDER BY empno LIMIT 2;
-- limit_of_limit (sort: limits merged)
SELECT empno FROM (SELECT empno FROM emp ORDER BY empno LIMIT 7) x ORDER BY empno LIMIT 3;
SELECT empno FROM emp ORDER BY empno LIMIT 3;
-- limit_offset_of_limit (sort: limits merged)
SELECT empno FROM (SELECT empno FROM emp ORDER BY empno LIMIT 5 OFFSET 2) x ORDER BY empno LIMIT 10 OFFSET 1;
SELECT empno FROM emp ORDER BY empno LIMIT 4 OFFSET 3;
-- constants_in_select (constants: SELECT)
SELECT deptno + 5 AS a, sal * deptno AS b FROM emp WHERE deptno = 10 AND job = 'CLERK';
SELECT 15 AS a, sal * CAST(10 AS INT) AS b FROM (SELECT sal FROM emp WHERE deptno = 10 AND job = 'CLERK') AS t;
-- constants_in_case (constants: SELECT)
SELECT empno, CASE WHEN job = 'CLERK' THEN sal WHEN job = 'CHEF' THEN comm ELSE 0 END AS v FROM emp WHERE job = 'CHEF';
SELECT empno, comm AS v FROM (SELECT empno, comm FROM emp WHERE job = 'CHEF') AS t;
-- constants_null_column (constants: IS NULL)
SELECT empno, mgr, COALESCE(mgr, 0) AS m FROM empnullables WHERE mgr IS NULL;
SELECT empno, CAST(NULL AS INT) AS mgr, 0 AS m FROM empnullables WHERE mgr IS NULL;
-- constants_group_by_and_having (constants: GROUP BY)
SELECT job, deptno, COUNT(*) AS n FROM emp GROUP BY job, deptno HAVING deptno = 20 AND COUNT(*) > 1;
SELECT job, CAST(20 AS INT) AS deptno, n FROM (SELECT job, COUNT(*) AS n FROM (SELECT job FROM emp WHERE deptno = 20) AS t GROUP BY job) AS t0 WHERE n > 1;
-- constants_through_join_equality (constants: join)
SELECT e.deptno, d.deptno AS dd, e.sal FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE d.deptno = 10;
SELECT CAST(10 AS INT) AS deptno, CAST(10 AS INT) AS dd, t.sal FROM (SELECT sal FROM emp WHERE deptno = 10) AS t INNER JOIN (SELECT deptno FROM dept WHERE deptno = 10) AS t0 ON TRUE;
-- constants_in_union_branches (constants: union)
SELECT * FROM (SELECT 'a' AS k, sal FROM emp UNION ALL SELECT 'b' AS k, sal FROM bonus) u WHERE k = 'a';
SELECT 'a' AS k, sal FROM emp;
-- case_true_branch_folded (simplify: CASE)
SELECT CASE WHEN 1 = 1 THEN sal WHEN comm > 3 THEN comm ELSE 0 END AS v, ename FROM emp;
SELECT sal AS v, ename FROM emp;
-- case_as_filter (simplify: CASE)
SELECT empno FROM empnullables WHERE CASE WHEN sal > 100 THEN TRUE WHEN comm = 5 THEN FALSE ELSE job = 'CLERK' END;
SELECT empno FROM empnullables WHERE sal > 100 OR (comm <> 5 OR comm IS NULL) AND job = 'CLERK';
-- case_equal_branches (simplify: CASE)
SELECT empno, CASE WHEN slacker THEN sal ELSE sal END AS v FROM empnullables;
SELECT empno, sal AS v FROM empnullables;
-- case_compared_to_literal (simplify: CASE)
SELECT empno FROM empnullables WHERE CASE WHEN job = 'CLERK' THEN 1 WHEN job = 'CHEF' THEN 2 ELSE 3 END = 2;
SELECT empno FROM empnullables WHERE job = 'CHEF';
-- case_null_else_boolean (simplify: CASE)
SELECT empno FROM empnullables WHERE CASE WHEN slacker THEN sal > 10 ELSE NULL END;
SELECT empno FROM empnullables WHERE slacker AND sal > 10;
-- coalesce_not_null_first (simplify: COALESCE)
SELECT COALESCE(e.sal, e.comm) AS v, COALESCE(e.mgr, e.empno, e.deptno) AS w FROM emp e;
SELECT sal AS v, CASE WHEN mgr IS NOT NULL THEN mgr ELSE empno END AS w FROM emp;
-- coalesce_nested_flat (simplify: COALESCE)
SELECT empno, COALESCE(COALESCE(mgr, sal), COALESCE(comm, mgr)) AS v FROM empnullables;
SELECT empno, CASE WHEN mgr IS NOT NULL THEN mgr WHEN sal IS NOT NULL THEN sal ELSE comm END AS v FROM empnullables;
-- coalesce_in_comparison (simplify: COALESCE)
SELECT empno FROM empnullables WHERE COALESCE(sal, 0) > 10;
SELECT empno FROM empnullables WHERE sal > 10;
-- coalesce_equals_default (simplify: COALESCE)
SELECT empno FROM empnullables WHERE COALESCE(job, 'CLERK') = 'CLERK';
SELECT empno FROM empnullables WHERE job = 'CLERK' OR job IS NULL;
-- nullif_to_case (simplify: NULLIF)
SELECT empno, NULLIF(sal, comm) AS v FROM empnullables WHERE NULLIF(job, 'CLERK') IS NOT NULL;
SELECT empno, CASE WHEN sal = comm THEN NULL ELSE sal END AS v FROM empnullables WHERE job IS NOT NULL AND job <> 'CLERK';
-- is_true_of_comparison (simplify: IS TRUE)
SELECT empno FROM empnullables WHERE (sal > 10) IS TRUE AND (comm = 5) IS NOT FALSE;
SELECT empno FROM empnullables WHERE sal > 10 AND (comm = 5 OR comm IS NULL);
-- is_not_true_selected (simplify: IS TRUE)
SELECT empno, slacker IS NOT TRUE AS a, (sal > 10) IS FALSE AS b, (mgr IS NULL) IS TRUE AS c FROM emp;
SELECT empno, NOT slacker AS a, sal <= 10 AS b, mgr IS NULL AS c FROM emp;
-- is_null_of_not_null_column (simplify: IS NULL)
SELECT e.empno FROM emp e WHERE e.sal IS NOT NULL AND (e.comm IS NULL OR e.job = 'CLERK');
SELECT empno FROM emp WHERE job = 'CLERK';
-- not_pushed_de_morgan (simplify: NOT)
SELECT empno FROM empnullables WHERE NOT (sal > 10 OR NOT (comm <> 5 AND job = 'CLERK'));
SELECT empno FROM empnullables WHERE sal <= 10 AND comm <> 5 AND job = 'CLERK';
-- boolean_compared_to_literal (simplify: boolean)
SELECT empno FROM empnullables WHERE slacker = FALSE AND (sal > 10) = TRUE;
SELECT empno FROM empnullables WHERE NOT slacker AND sal > 10;
-- absorption (simplify: boolean)
SELECT empno FROM empnullables WHERE sal > 10 AND (sal > 10 OR job = 'CLERK') AND NOT (comm = 5 AND comm <> 5);
SELECT empno FROM empnullables WHERE sal > 10 AND comm IS NOT NULL;
-- self_comparison_not_null (simplify: boolean)
SELECT empno FROM empnullables WHERE sal = sal AND comm >= comm AND NOT (mgr <> mgr);
SELECT empno FROM empnullables WHERE sal IS NOT NULL AND comm IS NOT NULL AND mgr IS NOT NULL;
-- in_list_or_merged (ranges: OR to IN)
SELECT empno FROM empnullables WHERE deptno = 10 OR deptno = 20 OR deptno IN (30, 40);
SELECT empno FROM empnullables WHERE deptno IN (10, 20, 30, 40);
-- in_lists_intersected (ranges: IN intersected)
SELECT empno FROM empnullables WHERE deptno IN (10, 20, 30) AND deptno IN (20, 30, 40) AND deptno <> 30;
SELECT empno FROM empnullables WHERE deptno = 20;
-- not_in_list_expanded (ranges: NOT IN)
SELECT empno FROM empnullables WHERE deptno NOT IN (10, 20);
SELECT empno FROM empnullables WHERE deptno < 10 OR deptno > 10 AND deptno < 20 OR deptno > 20;
-- ranges_tightened (ranges: merged)
SELECT empno FROM empnullables WHERE sal > 10 AND sal >= 20 AND sal < 100 AND sal <= 50;
SELECT empno FROM empnullables WHERE sal BETWEEN 20 AND 50;
-- ranges_overlapping_or (ranges: merged)
SELECT empno FROM empnullables WHERE sal BETWEEN 10 AND 30 OR sal BETWEEN 20 AND 50 OR sal = 51;
SELECT empno FROM empnullables WHERE sal >= 10 AND sal <= 51;
-- range_collapsed_to_point (ranges: merged)
SELECT empno, sal FROM empnullables WHERE sal >= 10 AND NOT (sal > 10);
SELECT empno, CAST(10 AS INT) AS sal FROM empnullables WHERE sal = 10;
-- arithmetic_moved_across_comparison (ranges: arithmetic)
SELECT empno FROM emp WHERE sal + 5 > 15;
SELECT empno FROM emp WHERE sal > 10;
-- like_exact_to_equality (like: equality)
SELECT empno FROM empnullables WHERE job LIKE 'CLERK' AND ename LIKE '%';
SELECT empno FROM empnullables WHERE job = 'CLERK' AND ename IS NOT NULL;
-- like_prefix_to_range (like: range)
SELECT empno FROM empnullables WHERE job LIKE 'CL%';
SELECT empno FROM empnullables WHERE job >= 'CL' AND job < 'CM';
-- not_like_pushed (like: NOT)
SELECT empno FROM empnullables WHERE NOT (job LIKE 'C%' OR job NOT LIKE '%K%');
SELECT empno FROM empnullables WHERE job NOT LIKE 'C%' AND job LIKE '%K%';
-- date_extract_year_range (dates: extract to range)
SELECT empno FROM empnullables WHERE EXTRACT(YEAR FROM hiredate) = 1990;
SELECT empno FROM empnullables WHERE hiredate >= TIMESTAMP '1990-01-01 00:00:00' AND hiredate < TIMESTAMP '1991-01-01 00:00:00';
-- date_extract_year_month (dates: extract to range)
SELECT empno FROM empnullables WHERE EXTRACT(YEAR FROM hiredate) = 1990 AND EXTRACT(MONTH FROM hiredate) = 2;
SELECT empno FROM empnullables WHERE hiredate >= TIMESTAMP '1990-02-01 00:00:00' AND hiredate < TIMESTAMP '1990-03-01 00:00:00';
-- date_extract_year_greater (dates: extract to range)
SELECT empno, sal FROM empnullables WHERE EXTRACT(YEAR FROM hiredate) > 1990 AND sal > 10;
SELECT empno, sal FROM empnullables WHERE hiredate >= TIMESTAMP '1991-01-01 00:00:00' AND sal > 10;
-- date_floor_month_equal (dates: floor to range)
SELECT empno FROM emp WHERE DATE_TRUNC('month', hiredate) = TIMESTAMP '1990-02-01 00:00:00';
SELECT empno FROM emp WHERE hiredate >= TIMESTAMP '1990-02-01 00:00:00' AND hiredate < TIMESTAMP '1990-03-01 00:00:00';
-- date_floor_off_boundary (dates: floor to range)
SELECT empno FROM emp WHERE DATE_TRUNC('day', hiredate) > TIMESTAMP '1990-02-01 10:00:00';
SELECT empno FROM emp WHERE hiredate >= TIMESTAMP '1990-02-02 00:00:00';
-- date_cast_to_range (dates: cast to range)
SELECT empno FROM emp WHERE CAST(hiredate AS DATE) = DATE '1990-02-01';
SELECT empno FROM emp WHERE hiredate >= TIMESTAMP '1990-02-01 00:00:00' AND hiredate < TIMESTAMP '1990-02-02 00:00:00';
-- cast_identity_removed (casts: removed)
SELECT CAST(sal AS INT) AS s, CAST(ename AS VARCHAR) AS n FROM emp WHERE CAST(CAST(deptno AS INT) AS BIGINT) = 10;
SELECT sal AS s, ename AS n FROM emp WHERE deptno = 10;
-- cast_widening_comparison (casts: removed)
SELECT e.empno FROM emp e JOIN dept d ON CAST(e.deptno AS BIGINT) = CAST(d.deptno AS BIGINT) WHERE CAST(e.sal AS DOUBLE) > 10;
SELECT e.empno FROM emp AS e INNER JOIN dept AS d ON e.deptno = d.deptno WHERE e.sal > 10;
-- cast_pushed_below_union (casts: pushed)
SELECT CAST(v AS BIGINT) AS v FROM (SELECT sal AS v FROM emp UNION ALL SELECT comm AS v FROM bonus) u WHERE CAST(v AS BIGINT) <> 5;
SELECT CAST(sal AS BIGINT) AS v FROM emp WHERE sal <> 5 UNION ALL SELECT CAST(comm AS BIGINT) AS v FROM bonus WHERE comm <> 5;
-- empty_false_filter (empty: false filter)
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.sal > 10 AND e.sal < 5;
SELECT empno, name FROM (SELECT e.empno, d.name FROM emp AS e CROSS JOIN dept AS d) AS t WHERE FALSE;
-- empty_limit_zero (empty: LIMIT 0)
SELECT job, COUNT(*) AS n FROM (SELECT job FROM emp ORDER BY sal LIMIT 0) x GROUP BY job;
SELECT job, COUNT(*) AS n FROM emp WHERE FALSE GROUP BY job;
-- pruned_union_branch (prune: union branch)
SELECT ename FROM emp WHERE sal > 10 UNION ALL SELECT ename FROM bonus WHERE 1 = 2 UNION ALL SELECT ename FROM (SELECT ename FROM empnullables LIMIT 0) x;
SELECT ename FROM (SELECT ename FROM emp WHERE sal > 10) AS t;
-- pruned_left_join_of_empty (prune: outer join)
SELECT e.empno, d.name FROM emp e LEFT JOIN (SELECT deptno, name FROM dept WHERE FALSE) d ON e.deptno = d.deptno;
SELECT empno, CAST(NULL AS VARCHAR) AS name FROM emp;
-- pruned_left_join_false_on (prune: outer join)
SELECT e.empno, d.deptno FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno AND 1 > 2 WHERE e.sal > 10;
SELECT empno, CAST(NULL AS INT) AS deptno FROM (SELECT empno FROM emp WHERE sal > 10) AS t;
-- pruned_full_join_left_empty (prune: outer join)
SELECT t.empno, d.name FROM (SELECT empno, deptno FROM emp WHERE sal = 5 AND sal = 6) t FULL JOIN dept d ON t.deptno = d.deptno;
SELECT CAST(NULL AS INT) AS empno, name FROM dept;
-- pruned_global_aggregate_of_empty (prune: aggregate)
SELECT COUNT(*) AS n, SUM(sal) AS s FROM emp WHERE sal > 10 AND NULL;
SELECT n, s FROM (VALUES (0, CAST(NULL AS BIGINT))) AS t (n, s);
-- pruned_not_in_empty (prune: subquery)
SELECT empno FROM emp WHERE deptno NOT IN (SELECT deptno FROM dept WHERE FALSE) AND NOT EXISTS (SELECT 1 FROM bonus LIMIT 0);
SELECT empno FROM emp;
-- pruned_except_right_empty (prune: except)
SELECT job FROM emp EXCEPT SELECT job FROM bonus WHERE FALSE;
SELECT job FROM (SELECT job FROM emp) AS t GROUP BY job;
-- values_filter_project (values: reduced)
SELECT a + b AS c FROM (VALUES (1, 10), (2, 20), (3, 30)) AS t(a, b) WHERE a > 1;
SELECT c FROM (VALUES (22), (33)) AS t(c);
-- values_join_to_or (values: join)
SELECT e.empno FROM emp e JOIN (VALUES (10), (20)) AS v(d) ON e.deptno = v.d;
SELECT empno FROM emp WHERE deptno IN (10, 20);
-- values_in_subquery (values: IN)
SELECT empno FROM empnullables WHERE job IN (SELECT k FROM (VALUES ('CLERK'), ('CHEF'), ('CLERK')) AS v(k));
SELECT empno FROM empnullables WHERE job = 'CLERK' OR job = 'CHEF';
-- values_single_row_cross (values: join)
SELECT e.empno, v.k, e.sal * v.f AS x FROM emp e CROSS JOIN (VALUES ('a', 2)) AS v(k, f) WHERE e.sal > v.f;
SELECT empno, 'a' AS k, sal * 2 AS x FROM emp WHERE sal > 2;
-- values_union_merged (values: union)
SELECT x FROM (VALUES (1), (2)) AS t(x) UNION ALL SELECT 3 AS x UNION ALL SELECT x FROM (VALUES (4), (5)) AS u(x) WHERE x < 5;
SELECT x FROM (VALUES (1), (2), (3), (4)) AS t(x);
-- values_aggregate (values: reduced)
SELECT SUM(x) AS s, COUNT(*) AS n FROM (VALUES (1), (2), (4)) AS t(x);
SELECT s, n FROM (VALUES (7, 3)) AS t(s, n);
-- union_nested_merged (setops: merged)
SELECT * FROM (SELECT ename, job FROM emp UNION ALL SELECT ename, job FROM bonus) a UNION ALL SELECT ename, job FROM empnullables;
SELECT ename, job FROM emp UNION ALL (SELECT ename, job FROM bonus UNION ALL SELECT ename, job FROM empnullables);
-- union_all_under_union_distinct (setops: merged)
SELECT job FROM (SELECT job FROM emp UNION ALL SELECT job FROM bonus) a UNION SELECT job FROM empnullables;
SELECT job FROM (SELECT job FROM emp UNION ALL SELECT job FROM bonus UNION ALL SELECT job FROM empnullables) AS t GROUP BY job;
-- union_distinct_as_group_by (setops: UNION as group by)
SELECT ename, sal FROM emp WHERE sal > 10 UNION SELECT ename, sal FROM bonus;
SELECT ename, sal FROM (SELECT ename, sal FROM emp WHERE sal > 10 UNION ALL SELECT ename, sal FROM bonus) AS t GROUP BY ename, sal;
-- union_same_table_to_or (setops: filters merged)
SELECT job, sal FROM emp WHERE deptno = 10 UNION SELECT job, sal FROM emp WHERE deptno = 20;
SELECT DISTINCT job, sal FROM (SELECT job, sal, deptno FROM emp WHERE deptno = 10 OR deptno = 20) AS t;
-- union_all_disjoint_to_or (setops: filters merged)
SELECT ename FROM empnullables WHERE deptno = 10 UNION ALL SELECT ename FROM empnullables WHERE deptno = 20;
SELECT ename FROM empnullables WHERE deptno IN (10, 20);
-- intersect_count_two (setops: INTERSECT as counted union)
SELECT job FROM emp INTERSECT SELECT job FROM bonus;
SELECT job FROM (SELECT job, COUNT(*) AS c FROM (SELECT job, COUNT(*) AS c0 FROM emp GROUP BY job UNION ALL SELECT job, COUNT(*) AS c0 FROM bonus GROUP BY job) AS t GROUP BY job) AS t1 WHERE c = 2;
-- intersect_three_count (setops: INTERSECT as counted union)
SELECT deptno FROM emp WHERE sal > 10 INTERSECT SELECT deptno FROM dept INTERSECT SELECT deptno FROM empnullables;
SELECT deptno FROM (SELECT deptno FROM emp WHERE sal > 10 GROUP BY deptno UNION ALL SELECT deptno FROM dept GROUP BY deptno UNION ALL SELECT deptno FROM empnullables GROUP BY deptno) AS t GROUP BY deptno HAVING COUNT(*) = 3;
-- intersect_as_semi_join (setops: INTERSECT as semi-join)
SELECT job, sal FROM empnullables INTERSECT SELECT job, sal FROM bonus;
SELECT job, sal FROM (SELECT DISTINCT job, sal FROM empnullables) AS t WHERE EXISTS (SELECT 1 FROM bonus AS b WHERE (b.job IS NOT DISTINCT FROM t.job) AND (b.sal IS NOT DISTINCT FROM t.sal));
-- intersect_notnull_in (setops: INTERSECT as semi-join)
SELECT deptno FROM dept INTERSECT SELECT deptno FROM emp WHERE slacker;
SELECT t.deptno FROM (SELECT deptno FROM dept) AS t WHERE t.deptno IN (SELECT deptno FROM (SELECT deptno, slacker FROM emp WHERE slacker) AS t0);
-- minus_counted_union (setops: MINUS as counted union)
SELECT ename, job FROM emp EXCEPT SELECT ename, job FROM bonus;
SELECT ename, job FROM (SELECT ename, job, COUNT(*) FILTER (WHERE i = 0) AS a, COUNT(*) FILTER (WHERE i = 1) AS b FROM (SELECT ename, job, 0 AS i FROM emp UNION ALL SELECT ename, job, 1 AS i FROM bonus) AS t GROUP BY ename, job) AS t1 WHERE a > 0 AND b = 0;
-- minus_as_anti_join (setops: MINUS as anti join)
SELECT mgr FROM empnullables EXCEPT SELECT mgr FROM emp;
SELECT t.mgr FROM (SELECT mgr FROM empnullables GROUP BY mgr) AS t LEFT JOIN (SELECT mgr, TRUE AS i FROM emp GROUP BY mgr) AS t0 ON t.mgr IS NOT DISTINCT FROM t0.mgr WHERE t0.i IS NULL;
-- minus_of_keys_not_in (setops: MINUS as anti join)
SELECT deptno FROM dept EXCEPT SELECT deptno FROM emp;
SELECT deptno FROM dept WHERE deptno NOT IN (SELECT deptno FROM emp);
-- minus_twice_merged (setops: merged)
SELECT job FROM (SELECT job FROM emp EXCEPT SELECT job FROM bonus) a EXCEPT SELECT job FROM empnullables WHERE sal > 10;
SELECT job FROM emp EXCEPT SELECT job FROM (SELECT job FROM bonus UNION ALL SELECT job FROM empnullables WHERE sal > 10) AS t;
-- minus_same_table_to_filter (setops: filters merged)
SELECT job, deptno FROM emp EXCEPT SELECT job, deptno FROM emp WHERE deptno = 10;
SELECT job, deptno FROM (SELECT job, deptno FROM emp WHERE deptno <> 10 OR deptno IS NULL) AS t GROUP BY job, deptno;
-- window_split (window: split)
SELECT empno, SUM(sal) OVER (PARTITION BY deptno) AS a, MAX(sal) OVER (PARTITION BY job) AS b FROM emp;
SELECT empno, a, MAX(sal) OVER (PARTITION BY job) AS b FROM (SELECT empno, job, sal, SUM(sal) OVER (PARTITION BY deptno) AS a FROM emp) AS t;
-- window_constant_partition (window: constant keys)
SELECT empno, COUNT(*) OVER (PARTITION BY deptno, job) AS c FROM emp WHERE deptno = 10;
SELECT empno, COUNT(*) OVER (PARTITION BY job) AS c FROM (SELECT empno, job FROM emp WHERE deptno = 10) AS t;
-- window_constant_order (window: constant keys)
SELECT empno, SUM(sal) OVER (PARTITION BY job ORDER BY deptno) AS s FROM emp WHERE deptno = 20;
SELECT empno, SUM(sal) OVER (PARTITION BY job) AS s FROM (SELECT empno, job, sal FROM emp WHERE deptno = 20) AS t;
-- window_order_by_unique_row_number (window: key order)
SELECT empno, CAST(RANK() OVER (PARTITION BY deptno ORDER BY empno, sal) AS BIGINT) AS r FROM emp;
SELECT empno, CAST(ROW_NUMBER() OVER (PARTITION BY deptno ORDER BY empno) AS BIGINT) AS r FROM (SELECT empno, deptno FROM emp) AS t;
-- window_partition_on_key (window: key partition)
SELECT empno, MAX(sal) OVER (PARTITION BY empno) AS m, COUNT(*) OVER (PARTITION BY empno ORDER BY sal) AS c FROM emp;
SELECT empno, sal AS m, 1 AS c FROM emp;
-- window_as_join (window: as join)
SELECT empno, SUM(sal) OVER (PARTITION BY deptno) AS s FROM empnullables;
SELECT e.empno, t.s FROM empnullables AS e INNER JOIN (SELECT deptno, SUM(sal) AS s FROM empnullables GROUP BY deptno) AS t ON e.deptno IS NOT DISTINCT FROM t.deptno;
-- window_global_as_cross_join (window: as join)
SELECT empno, sal, MAX(sal) OVER () AS m FROM emp WHERE job = 'CLERK';
SELECT t.empno, t.sal, t0.m FROM (SELECT empno, sal FROM emp WHERE job = 'CLERK') AS t CROSS JOIN (SELECT MAX(sal) AS m FROM emp WHERE job = 'CLERK') AS t0;
-- window_compare_correlated_max (window: as join)
SELECT e.empno FROM emp e WHERE e.sal = (SELECT MAX(x.sal) FROM emp x WHERE x.deptno = e.deptno);
SELECT empno FROM (SELECT empno, sal, MAX(sal) OVER (PARTITION BY deptno) AS m FROM emp) AS t WHERE sal = m;
-- window_unused_removed (window: unused)
SELECT empno FROM (SELECT empno, ROW_NUMBER() OVER (ORDER BY sal) AS r, SUM(sal) OVER (PARTITION BY job) AS s FROM emp) x;
SELECT empno FROM emp;
-- window_rank_first_as_exists (window: as join)
SELECT empno, job FROM (SELECT empno, job, ROW_NUMBER() OVER (PARTITION BY job ORDER BY empno) AS r FROM emp) x WHERE r = 1;
SELECT MIN(empno) AS empno, job FROM (SELECT empno, job FROM emp) AS t GROUP BY job;
-- grouping_sets_to_union (grouping: expanded)
SELECT deptno, job, SUM(sal) AS s FROM emp GROUP BY GROUPING SETS ((deptno), (job));
SELECT deptno, CAST(NULL AS VARCHAR) AS job, SUM(sal) AS s FROM emp GROUP BY deptno UNION ALL SELECT CAST(NULL AS INT) AS deptno, job, SUM(sal) AS s FROM emp GROUP BY job;
-- rollup_to_union (grouping: expanded)
SELECT deptno, job, COUNT(*) AS n FROM emp GROUP BY ROLLUP (deptno, job);
SELECT deptno, job, COUNT(*) AS n FROM emp GROUP BY deptno, job UNION ALL SELECT deptno, CAST(NULL AS VARCHAR) AS job, COUNT(*) AS n FROM emp GROUP BY deptno UNION ALL SELECT CAST(NULL AS INT) AS deptno, CAST(NULL AS VARCHAR) AS job, COUNT(*) AS n FROM emp;
-- cube_to_grouping_sets (grouping: expanded)
SELECT deptno, job, MAX(sal) AS m FROM emp GROUP BY CUBE (deptno, job);
SELECT deptno, job, MAX(sal) AS m FROM (SELECT deptno, job, sal FROM emp) AS t GROUP BY GROUPING SETS ((deptno, job), (deptno), (job), ());
-- rollup_having_total_filtered (grouping: pruned)
SELECT deptno, COUNT(*) AS n FROM emp GROUP BY ROLLUP (deptno) HAVING deptno IS NOT NULL;
SELECT deptno, COUNT(*) AS n FROM (SELECT deptno FROM emp) AS t GROUP BY deptno;
-- grouping_set_filter_on_shared_key (grouping: filter pushed)
SELECT * FROM (SELECT deptno, job, SUM(sal) AS s FROM emp GROUP BY GROUPING SETS ((deptno, job), (deptno))) x WHERE deptno = 10;
SELECT deptno, job, SUM(sal) AS s FROM (SELECT deptno, job, sal FROM emp WHERE deptno = 10) AS t GROUP BY GROUPING SETS ((deptno, job), (deptno));
-- mv_rollup_sum_count (reuse: finer aggregate)
SELECT deptno, SUM(sal) AS s, COUNT(*) AS n FROM emp WHERE deptno > 10 GROUP BY deptno;
SELECT t0.deptno, SUM(t0.s) AS s, SUM(t0.n) AS n FROM (SELECT deptno, job, mgr, SUM(sal) AS s, COUNT(*) AS n FROM emp GROUP BY deptno, job, mgr) AS t0 WHERE t0.deptno > 10 GROUP BY t0.deptno;
-- mv_rollup_global (reuse: finer aggregate)
SELECT COUNT(*) AS n, MIN(sal) AS lo FROM emp WHERE job = 'CLERK';
SELECT COALESCE(SUM(n), 0) AS n, MIN(lo) AS lo FROM (SELECT job, deptno, COUNT(*) AS n, MIN(sal) AS lo FROM emp GROUP BY job, deptno) AS mv WHERE job = 'CLERK';
-- mv_join_after_aggregate (reuse: join of aggregate)
SELECT d.name, COUNT(*) AS n, MAX(e.sal) AS m FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.job = 'CLERK' GROUP BY d.name;
SELECT t0.name, SUM(t.n) AS n, MAX(t.m) AS m FROM (SELECT deptno, job, COUNT(*) AS n, MAX(sal) AS m FROM emp GROUP BY deptno, job) AS t INNER JOIN (SELECT deptno, name FROM dept) AS t0 ON t.deptno = t0.deptno WHERE t.job = 'CLERK' GROUP BY t0.name;
-- mv_union_compensation (reuse: union compensation)
SELECT empno, sal FROM empnullables WHERE sal > 10;
SELECT empno, sal FROM (SELECT empno, sal FROM empnullables WHERE sal > 100) AS mv UNION ALL SELECT empno, sal FROM empnullables WHERE sal > 10 AND sal <= 100;
-- composed_in_and_left_join_reject (composed: subquery and outer join)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno WHERE d.name IN (SELECT b.ename FROM bonus b WHERE b.sal > 10);
SELECT t0.empno, t0.name FROM (SELECT e.empno, d.name FROM emp AS e INNER JOIN dept AS d ON e.deptno = d.deptno) AS t0 INNER JOIN (SELECT ename FROM bonus WHERE sal > 10 GROUP BY ename) AS t1 ON t0.name = t1.ename;
-- composed_aggregate_filter_constant (composed: aggregate and constants)
SELECT x.job, x.n, d.name FROM (SELECT job, deptno, COUNT(*) AS n FROM emp GROUP BY job, deptno) x JOIN dept d ON x.deptno = d.deptno WHERE d.deptno = 10 AND x.n > 1;
SELECT t1.job, t1.n, t2.name FROM (SELECT job, COUNT(*) AS n FROM (SELECT job FROM emp WHERE deptno = 10) AS t GROUP BY job HAVING COUNT(*) > 1) AS t1 CROSS JOIN (SELECT name FROM dept WHERE deptno = 10) AS t2;
-- composed_union_filter_aggregate (composed: union and aggregate)
SELECT k, SUM(v) AS s FROM (SELECT job AS k, sal AS v FROM emp UNION ALL SELECT job AS k, comm AS v FROM bonus) u WHERE k LIKE 'C%' GROUP BY k HAVING SUM(v) > 10;
SELECT k, s FROM (SELECT k, SUM(s0) AS s FROM (SELECT job AS k, SUM(sal) AS s0 FROM emp WHERE job LIKE 'C%' GROUP BY job UNION ALL SELECT job AS k, SUM(comm) AS s0 FROM bonus WHERE job LIKE 'C%' GROUP BY job) AS t GROUP BY k) AS t0 WHERE s > 10;
-- composed_exists_distinct_count (composed: subquery and distinct)
SELECT d.name, (SELECT COUNT(DISTINCT e.job) FROM emp e WHERE e.deptno = d.deptno) AS n FROM dept d WHERE EXISTS (SELECT 1 FROM emp e WHERE e.deptno = d.deptno AND e.sal > 10);
SELECT d.name, t1.n FROM dept AS d INNER JOIN (SELECT deptno, COUNT(job) AS n FROM (SELECT deptno, job FROM emp GROUP BY deptno, job) AS t GROUP BY deptno) AS t1 ON d.deptno = t1.deptno INNER JOIN (SELECT deptno FROM emp WHERE sal > 10 GROUP BY deptno) AS t2 ON d.deptno = t2.deptno;
-- composed_cte_shared (composed: CTE inlined)
WITH t AS (SELECT deptno, SUM(sal) AS s FROM emp GROUP BY deptno) SELECT a.deptno, a.s FROM t a WHERE a.s = (SELECT MAX(s) FROM t);
SELECT t0.deptno, t0.s FROM (SELECT deptno, SUM(sal) AS s FROM emp GROUP BY deptno) AS t0 INNER JOIN (SELECT MAX(s) AS "$f0" FROM (SELECT SUM(sal) AS s FROM emp GROUP BY deptno) AS t) AS t2 ON t0.s = t2."$f0";
-- composed_left_joins_to_anti_and_semi (composed: outer joins)
SELECT e.empno FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno AND d.name = 'A' LEFT JOIN empnullables m ON e.mgr = m.empno WHERE d.deptno IS NULL AND m.empno IS NOT NULL;
SELECT e.empno FROM emp AS e WHERE e.deptno NOT IN (SELECT deptno FROM dept WHERE name = 'A') AND e.mgr IN (SELECT empno FROM empnullables);
-- composed_case_sum_to_filtered_join (composed: aggregate and CASE)
SELECT d.deptno, SUM(CASE WHEN e.job = 'CLERK' THEN 1 ELSE 0 END) AS n FROM dept d JOIN emp e ON d.deptno = e.deptno GROUP BY d.deptno;
SELECT deptno, COUNT(CASE WHEN job = 'CLERK' THEN 0 ELSE NULL END) AS n FROM (SELECT deptno, job FROM emp) AS t GROUP BY deptno;
-- composed_account_range_rollup (composed: ranges and aggregate)
SELECT type, COUNT(*) AS n FROM account WHERE balance > 10 AND balance <= 100 AND NOT (balance = 50) GROUP BY type;
SELECT type, SUM(c) AS n FROM (SELECT type, balance, COUNT(*) AS c FROM account GROUP BY type, balance) AS t WHERE balance BETWEEN 11 AND 49 OR balance BETWEEN 51 AND 100 GROUP BY type;
-- composed_account_scalar_default (composed: scalar and COALESCE)
SELECT a.acctno, COALESCE((SELECT SUM(b.balance) FROM account b WHERE b.type = a.type), 0) AS s FROM account a;
SELECT a.acctno, CASE WHEN t.s IS NOT NULL THEN t.s ELSE 0 END AS s FROM account AS a LEFT JOIN (SELECT type, SUM(balance) AS s FROM account WHERE type IS NOT NULL GROUP BY type) AS t ON a.type = t.type;
-- composed_date_group_filter (composed: dates and aggregate)
SELECT y, COUNT(*) AS n FROM (SELECT DATE_TRUNC('year', hiredate) AS y, sal FROM emp) x WHERE y >= TIMESTAMP '1990-06-01 00:00:00' GROUP BY y;
SELECT "$f0" AS y, COUNT(*) AS n FROM (SELECT DATE_TRUNC('year', hiredate) AS "$f0" FROM emp WHERE hiredate >= TIMESTAMP '1991-01-01 00:00:00') AS t GROUP BY "$f0";
-- composed_not_exists_union (composed: anti join and union)
SELECT d.deptno FROM dept d WHERE NOT EXISTS (SELECT 1 FROM (SELECT deptno FROM emp UNION ALL SELECT deptno FROM empnullables) u WHERE u.deptno = d.deptno);
SELECT t0.deptno FROM (SELECT d.deptno FROM dept AS d LEFT JOIN (SELECT deptno, TRUE AS i FROM emp GROUP BY deptno) AS t ON d.deptno = t.deptno WHERE t.i IS NULL) AS t0 LEFT JOIN (SELECT deptno, TRUE AS i FROM empnullables GROUP BY deptno) AS t1 ON t0.deptno = t1.deptno WHERE t1.i IS NULL;
-- scalar_name_by_key (subquery: scalar by key)
SELECT e.empno, (SELECT MAX(d.name) FROM dept d WHERE d.deptno = e.deptno) AS dn FROM emp e;
SELECT e.empno, d.name AS dn FROM (SELECT empno, deptno FROM emp) AS e LEFT JOIN (SELECT deptno, name FROM dept) AS d ON e.deptno = d.deptno;
-- scalar_uncorrelated_select (subquery: scalar in SELECT)
SELECT e.empno, e.sal - (SELECT MIN(b.sal) FROM bonus b) AS diff FROM emp e WHERE e.deptno = 10;
SELECT t.empno, t.sal - t1."$f0" AS diff FROM (SELECT empno, sal FROM emp WHERE deptno = 10) AS t LEFT JOIN (SELECT MIN(sal) AS "$f0" FROM bonus) AS t1 ON TRUE;
-- scalar_in_case_select (subquery: scalar under CASE)
SELECT empno, CASE WHEN sal > (SELECT AVG(sal) FROM emp) THEN 'above' ELSE 'below' END AS c FROM emp;
SELECT e.empno, CASE WHEN e.sal > t.a THEN 'above' ELSE 'below' END AS c FROM emp AS e CROSS JOIN (SELECT AVG(sal) AS a FROM emp) AS t;
-- scalar_correlated_in_case (subquery: scalar under CASE)
SELECT d.deptno, CASE WHEN (SELECT COUNT(*) FROM emp e WHERE e.deptno = d.deptno) > 2 THEN 'big' ELSE 'small' END AS c FROM dept d;
SELECT d.deptno, CASE WHEN CASE WHEN t.c IS NULL THEN 0 ELSE t.c END > 2 THEN 'big' ELSE 'small' END AS c FROM dept AS d LEFT JOIN (SELECT deptno, COUNT(*) AS c FROM emp GROUP BY deptno) AS t ON d.deptno = t.deptno;
-- scalar_inequality_to_exists (subquery: correlated scalar aggregate)
SELECT e.empno FROM emp e WHERE e.sal < (SELECT MAX(b.sal) FROM bonus b WHERE b.job = e.job);
SELECT e.empno FROM emp AS e WHERE EXISTS (SELECT 1 FROM bonus AS b WHERE b.job = e.job AND b.sal > e.sal);
-- count_positive_to_exists (subquery: correlated scalar aggregate)
SELECT d.deptno FROM dept d WHERE (SELECT COUNT(*) FROM emp e WHERE e.deptno = d.deptno AND e.comm > 10) > 0;
SELECT d.deptno FROM dept AS d INNER JOIN (SELECT deptno FROM emp WHERE comm > 10 GROUP BY deptno) AS t ON d.deptno = t.deptno;
-- not_exists_with_inequality (subquery: EXISTS with a range)
SELECT e.empno FROM emp e WHERE NOT EXISTS (SELECT 1 FROM bonus b WHERE b.sal > e.sal);
SELECT e.empno FROM emp AS e CROSS JOIN (SELECT MAX(sal) AS m FROM bonus) AS t WHERE e.sal >= t.m OR e.sal IS NULL OR t.m IS NULL;
-- not_in_under_or (subquery: NOT IN under OR)
SELECT empno FROM emp WHERE deptno NOT IN (SELECT deptno FROM dept WHERE name = 'A') OR comm = 5;
SELECT e.empno FROM emp AS e LEFT JOIN (SELECT deptno, TRUE AS i FROM dept WHERE name = 'A') AS t ON e.deptno = t.deptno WHERE NOT (t.i IS NOT NULL) OR e.comm = 5;
-- not_in_in_having (subquery: in HAVING)
SELECT job, MAX(sal) AS m FROM emp GROUP BY job HAVING MAX(sal) NOT IN (SELECT sal FROM bonus);
SELECT t.job, t.m FROM (SELECT job, MAX(sal) AS m FROM emp GROUP BY job) AS t LEFT JOIN (SELECT sal, TRUE AS i FROM bonus GROUP BY sal) AS t0 ON t.m = t0.sal WHERE t0.i IS NULL;
-- equal_some_as_semi_join (subquery: SOME)
SELECT empno FROM emp WHERE sal = ANY (SELECT sal FROM bonus WHERE job = 'CLERK');
SELECT e.empno FROM emp AS e INNER JOIN (SELECT sal FROM (SELECT job, sal FROM bonus WHERE job = 'CLERK') AS b GROUP BY sal) AS t ON e.sal = t.sal;
-- not_equal_all_as_anti_join (subquery: ALL)
SELECT empno FROM emp WHERE sal <> ALL (SELECT sal FROM bonus);
SELECT e.empno FROM emp AS e LEFT JOIN (SELECT sal, TRUE AS i FROM bonus GROUP BY sal) AS t ON e.sal = t.sal WHERE t.i IS NULL;
-- in_two_nested (subquery: nested IN)
SELECT empno FROM emp WHERE deptno IN (SELECT deptno FROM dept WHERE name IN (SELECT ename FROM bonus));
SELECT e.empno FROM emp AS e INNER JOIN (SELECT t.deptno FROM dept AS t INNER JOIN (SELECT ename FROM bonus GROUP BY ename) AS t0 ON t.name = t0.ename GROUP BY t.deptno) AS t1 ON e.deptno = t1.deptno;
-- exists_correlated_under_not_and_or (subquery: EXISTS under OR)
SELECT d.deptno FROM dept d WHERE d.name = 'A' OR NOT EXISTS (SELECT 1 FROM emp e WHERE e.deptno = d.deptno AND e.job = 'CLERK');
SELECT d.deptno FROM dept AS d LEFT JOIN (SELECT deptno, MIN(TRUE) AS i FROM (SELECT deptno FROM emp WHERE job = 'CLERK') AS t GROUP BY deptno) AS t1 ON d.deptno = t1.deptno WHERE d.name = 'A' OR t1.i IS NULL;
-- exists_or_exists_to_union (subquery: EXISTS under OR)
SELECT d.deptno FROM dept d WHERE EXISTS (SELECT 1 FROM emp e WHERE e.deptno = d.deptno) OR EXISTS (SELECT 1 FROM empnullables n WHERE n.deptno = d.deptno);
SELECT d.deptno FROM dept AS d INNER JOIN (SELECT deptno FROM (SELECT deptno FROM emp UNION ALL SELECT deptno FROM empnullables) AS u GROUP BY deptno) AS t ON d.deptno = t.deptno;
-- in_union_subquery (subquery: IN of a union)
SELECT empno FROM emp WHERE job IN (SELECT job FROM bonus UNION SELECT name FROM dept);
SELECT empno FROM emp WHERE job IN (SELECT job FROM bonus) OR job IN (SELECT name FROM dept);
-- distinct_agg_filtered (aggregate: distinct with filter)
SELECT deptno, COUNT(DISTINCT job) FILTER (WHERE sal > 10) AS n, COUNT(*) AS c FROM emp GROUP BY deptno;
SELECT deptno, COUNT(j) AS n, SUM(c0) AS c FROM (SELECT deptno, j, COUNT(*) AS c0 FROM (SELECT deptno, CASE WHEN sal > 10 THEN job ELSE NULL END AS j FROM emp) AS t GROUP BY deptno, j) AS t0 GROUP BY deptno;
-- distinct_sum_and_plain_sum_joined (aggregate: several distinct by joins)
SELECT d.deptno, SUM(DISTINCT e.sal) AS a, SUM(e.sal) AS b FROM dept d JOIN emp e ON d.deptno = e.deptno GROUP BY d.deptno;
SELECT t.deptno, t0.a, t.b FROM (SELECT deptno, SUM(sal) AS b FROM emp GROUP BY deptno) AS t INNER JOIN (SELECT deptno, SUM(sal) AS a FROM (SELECT deptno, sal FROM emp GROUP BY deptno, sal) AS t1 GROUP BY deptno) AS t0 ON t.deptno = t0.deptno;
-- distinct_grouping_sets_two (aggregate: distinct by grouping sets)
SELECT deptno, COUNT(DISTINCT job) AS a, COUNT(DISTINCT sal) AS b FROM emp GROUP BY deptno;
SELECT deptno, COUNT(job) FILTER (WHERE gj = 0) AS a, COUNT(sal) FILTER (WHERE gs = 0) AS b FROM (SELECT deptno, job, sal, GROUPING(job) AS gj, GROUPING(sal) AS gs FROM emp GROUP BY GROUPING SETS ((deptno, job), (deptno, sal))) AS t GROUP BY deptno;
-- distinct_of_group_by (aggregate: distinct dropped)
SELECT DISTINCT deptno, job, n FROM (SELECT deptno, job, COUNT(*) AS n FROM emp GROUP BY deptno, job) t WHERE n > 1;
SELECT deptno, job, COUNT(*) AS n FROM emp GROUP BY deptno, job HAVING COUNT(*) > 1;
-- eager_three_tables (aggregate: eager)
SELECT d.name, SUM(e.sal) AS s, COUNT(*) AS c FROM emp e JOIN dept d ON e.deptno = d.deptno JOIN bonus b ON b.ename = e.ename GROUP BY d.name;
SELECT d.name, SUM(t.s * t0.c) AS s, SUM(t.c * t0.c) AS c FROM (SELECT deptno, ename, SUM(sal) AS s, COUNT(*) AS c FROM emp GROUP BY deptno, ename) AS t INNER JOIN (SELECT ename, COUNT(*) AS c FROM bonus GROUP BY ename) AS t0 ON t.ename = t0.ename INNER JOIN dept AS d ON t.deptno = d.deptno GROUP BY d.name;
-- sum_of_case_split (aggregate: SUM of expression)
SELECT deptno, SUM(CASE WHEN job = 'CLERK' THEN sal ELSE 0 END) AS a, SUM(CASE WHEN job = 'CLERK' THEN 0 ELSE sal END) AS b FROM empnullables WHERE sal IS NOT NULL GROUP BY deptno;
SELECT deptno, COALESCE(SUM(sal) FILTER (WHERE job = 'CLERK'), 0) AS a, COALESCE(SUM(sal) FILTER (WHERE job IS NULL OR job <> 'CLERK'), 0) AS b FROM (SELECT deptno, job, sal FROM empnullables WHERE sal IS NOT NULL) AS t GROUP BY deptno;
-- count_column_to_filter (aggregate: count)
SELECT job, COUNT(mgr) AS n, COUNT(*) - COUNT(mgr) AS z FROM empnullables GROUP BY job;
SELECT job, COUNT(*) FILTER (WHERE mgr IS NOT NULL) AS n, COUNT(*) FILTER (WHERE mgr IS NULL) AS z FROM (SELECT job, mgr FROM empnullables) AS t GROUP BY job;
-- group_by_injective_expression (aggregate: key expression)
SELECT k - 1 AS d, COUNT(*) AS n FROM (SELECT deptno + 1 AS k FROM emp) t GROUP BY k;
SELECT deptno + 1 - 1 AS d, n FROM (SELECT deptno, COUNT(*) AS n FROM emp GROUP BY deptno) AS t;
-- min_max_equal_by_constant (aggregate: constants)
SELECT job, MIN(deptno) AS lo, MAX(deptno) AS hi FROM emp WHERE deptno = 20 GROUP BY job;
SELECT job, CAST(20 AS INT) AS lo, CAST(20 AS INT) AS hi FROM (SELECT DISTINCT job FROM emp WHERE deptno = 20) AS t;
-- filter_right_join_side (filter: below outer join)
SELECT e.ename, d.name FROM emp e RIGHT JOIN dept d ON e.deptno = d.deptno WHERE d.name LIKE 'S%' AND d.deptno > 5;
SELECT e.ename, t.name FROM emp AS e RIGHT JOIN (SELECT deptno, name FROM dept WHERE name LIKE 'S%' AND deptno > 5) AS t ON e.deptno = t.deptno;
-- filter_full_join_coalesced_key (filter: below outer join)
SELECT COALESCE(e.deptno, d.deptno) AS k, d.name FROM emp e FULL JOIN dept d ON e.deptno = d.deptno WHERE COALESCE(e.deptno, d.deptno) = 10;
SELECT COALESCE(t.deptno, t0.deptno) AS k, t0.name FROM (SELECT deptno FROM emp WHERE deptno = 10) AS t FULL JOIN (SELECT deptno, name FROM dept WHERE deptno = 10) AS t0 ON t.deptno = t0.deptno;
-- filter_below_semi_join (filter: below semi-join)
SELECT ename FROM (SELECT * FROM emp WHERE deptno IN (SELECT deptno FROM dept)) x WHERE sal > 10 OR job = 'CLERK';
SELECT t.ename FROM (SELECT ename, deptno FROM emp WHERE sal > 10 OR job = 'CLERK') AS t INNER JOIN (SELECT deptno FROM dept GROUP BY deptno) AS t0 ON t.deptno = t0.deptno;
-- filter_below_distinct_union (filter: below union)
SELECT k FROM (SELECT deptno AS k, sal FROM emp UNION SELECT deptno AS k, sal FROM empnullables) u WHERE k > 5 AND sal < 100;
SELECT k FROM (SELECT deptno AS k, sal FROM emp WHERE deptno > 5 AND sal < 100 UNION ALL SELECT deptno AS k, sal FROM empnullables WHERE sal < 100 AND deptno > 5) AS t GROUP BY k, sal;
-- left_join_filter_or_is_null (outer join: kept)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno AND d.name = 'A' WHERE d.name IS NULL OR e.sal > 10;
SELECT t0.empno, t0.name FROM (SELECT e.empno, e.sal, t.i, t.name FROM emp AS e LEFT JOIN (SELECT deptno, name, TRUE AS i FROM dept WHERE name = 'A') AS t ON e.deptno = t.deptno) AS t0 WHERE t0.i IS NULL OR t0.sal > 10;
-- left_join_coalesce_rejects (outer join: null rejection)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno WHERE COALESCE(d.name, 'none') <> 'none' AND d.deptno + 1 > 5;
SELECT e.empno, t.name FROM emp AS e INNER JOIN (SELECT deptno, name FROM dept WHERE name <> 'none' AND deptno + 1 > 5) AS t ON e.deptno = t.deptno;
-- left_join_chain_reassociated (outer join: order)
SELECT e.empno, d.name, b.sal FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno LEFT JOIN bonus b ON e.ename = b.ename;
SELECT t.empno, d.name, t.sal FROM (SELECT e.empno, e.deptno, b.sal FROM emp AS e LEFT JOIN bonus AS b ON e.ename = b.ename) AS t LEFT JOIN dept AS d ON t.deptno = d.deptno;
-- join_using_expanded (join: USING)
SELECT e.deptno, e.ename, d.name FROM emp e JOIN dept d USING (deptno) WHERE e.deptno < 20;
SELECT t.deptno, t.ename, t0.name FROM (SELECT deptno, ename FROM emp WHERE deptno < 20) AS t INNER JOIN (SELECT deptno, name FROM dept WHERE deptno < 20) AS t0 ON t.deptno = t0.deptno;
-- join_or_to_union_disjoint (join: OR)
SELECT e.empno, d.deptno FROM emp e JOIN dept d ON e.deptno = d.deptno OR e.comm = d.deptno;
SELECT e.empno, d.deptno FROM emp AS e INNER JOIN dept AS d ON e.deptno = d.deptno UNION ALL SELECT e0.empno, d0.deptno FROM emp AS e0 INNER JOIN dept AS d0 ON e0.comm = d0.deptno WHERE e0.deptno <> d0.deptno;
-- distinct_on_to_row_number (window: DISTINCT ON)
SELECT DISTINCT ON (job) job, empno, sal FROM emp ORDER BY job, empno;
SELECT job, empno, sal FROM (SELECT job, empno, sal, ROW_NUMBER() OVER (PARTITION BY job ORDER BY empno) AS rn FROM emp) AS t WHERE rn = 1;
-- window_running_as_self_join (window: as join)
SELECT empno, SUM(sal) OVER (PARTITION BY deptno ORDER BY empno ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM emp;
SELECT t.empno, t.s FROM (SELECT a.empno, SUM(b.sal) AS s FROM emp AS a INNER JOIN emp AS b ON a.deptno = b.deptno AND b.empno <= a.empno GROUP BY a.empno) AS t;
-- window_count_as_having (window: as join)
SELECT DISTINCT job FROM (SELECT job, COUNT(*) OVER (PARTITION BY job) AS c FROM emp) x WHERE c > 2;
SELECT job FROM (SELECT job, COUNT(*) AS c FROM emp GROUP BY job) AS t WHERE c > 2;
-- window_default_frame_spelled (window: frame)
SELECT empno, SUM(sal) OVER (PARTITION BY job ORDER BY comm) AS s FROM emp;
SELECT empno, SUM(sal) OVER (PARTITION BY job ORDER BY comm RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM (SELECT empno, job, sal, comm FROM emp) AS t;
-- grouping_sets_empty_and_key (grouping: expanded)
SELECT job, COUNT(*) AS n, GROUPING(job) AS g FROM emp GROUP BY ROLLUP (job);
SELECT job, COUNT(*) AS n, CAST(0 AS INT) AS g FROM emp GROUP BY job UNION ALL SELECT CAST(NULL AS VARCHAR) AS job, COUNT(*) AS n, CAST(1 AS INT) AS g FROM emp;
-- sort_through_key_join (sort: below join)
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno ORDER BY e.empno DESC LIMIT 2;
SELECT t.empno, d.name FROM (SELECT empno, deptno FROM emp ORDER BY empno DESC LIMIT 2) AS t INNER JOIN dept AS d ON t.deptno = d.deptno ORDER BY t.empno DESC;
-- limit_one_as_max (sort: LIMIT 1 as MAX)
SELECT e.sal FROM emp e WHERE e.deptno = 10 ORDER BY e.sal DESC LIMIT 1;
SELECT m AS sal FROM (SELECT MAX(sal) AS m FROM emp WHERE deptno = 10) AS t WHERE m IS NOT NULL;
-- limit_zero_union_left (prune: union branch)
SELECT job, SUM(sal) AS s FROM (SELECT job, sal FROM emp WHERE sal > 10 UNION ALL (SELECT job, sal FROM bonus LIMIT 0)) u GROUP BY job;
SELECT job, SUM(sal) AS s FROM (SELECT job, sal FROM emp) AS t WHERE sal > 10 GROUP BY job;
-- pruned_contradiction_one_or_branch (prune: OR branch)
SELECT empno FROM empnullables WHERE (sal > 10 AND sal < 5) OR (job = 'CLERK' AND deptno IN (10));
SELECT empno FROM (SELECT empno, job FROM empnullables WHERE deptno = 10) AS t WHERE job = 'CLERK';
-- pruned_exists_of_false (prune: subquery)
SELECT empno FROM emp e WHERE e.sal > 10 OR EXISTS (SELECT 1 FROM dept d WHERE d.deptno = e.deptno AND 1 = 0);
SELECT empno FROM emp WHERE sal > 10;
-- case_in_group_key_to_union_keys (simplify: CASE)
SELECT c, COUNT(*) AS n FROM (SELECT CASE WHEN sal > 10 THEN 'hi' ELSE 'lo' END AS c FROM empnullables) x WHERE c = 'hi' GROUP BY c;
SELECT 'hi' AS c, n FROM (SELECT COUNT(*) AS n FROM empnullables WHERE sal > 10) AS t WHERE n > 0;
-- is_distinct_from_literal (simplify: IS DISTINCT)
SELECT empno FROM empnullables WHERE job IS DISTINCT FROM 'CLERK';
SELECT empno FROM empnullables WHERE job <> 'CLERK' OR job IS NULL;
-- is_not_distinct_spelled_out (simplify: IS DISTINCT)
SELECT a.empno, b.sal FROM empnullables a JOIN bonus b ON a.sal IS NOT DISTINCT FROM b.sal;
SELECT a.empno, b.sal FROM empnullables AS a INNER JOIN bonus AS b ON a.sal = b.sal OR a.sal IS NULL AND b.sal IS NULL;
-- long_not_in_and_filter_below_join (composed: NOT IN and join push)
SELECT e.ename, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.job = 'CLERK' AND e.mgr NOT IN (SELECT n.mgr FROM empnullables n WHERE n.sal > 10);
SELECT t5.ename, t6.name FROM (SELECT t.empno, t.ename, t.job, t.mgr, t.sal, t.deptno, t1.c, t1.ck, t4.mgr AS mgr0, t4.i AS i FROM (SELECT empno, ename, job, mgr, sal, deptno FROM emp WHERE job = 'CLERK') AS t CROSS JOIN (SELECT COUNT(*) AS c, COUNT(mgr) AS ck FROM (SELECT mgr FROM empnullables WHERE sal > 10) AS t0) AS t1 LEFT JOIN (SELECT mgr, MIN(i) AS i FROM (SELECT mgr, TRUE AS i FROM empnullables WHERE sal > 10) AS t3 GROUP BY mgr) AS t4 ON t.mgr = t4.mgr WHERE CASE WHEN t1.c = 0 THEN TRUE WHEN t4.i IS NOT NULL THEN FALSE WHEN t.mgr IS NULL THEN FALSE WHEN t1.ck < t1.c THEN FALSE ELSE TRUE END) AS t5 INNER JOIN (SELECT deptno, name FROM dept) AS t6 ON t5.deptno = t6.deptno;
-- long_correlated_count_below_filter (composed: scalar and aggregate)
SELECT d.name, COUNT(*) AS n FROM dept d WHERE d.deptno > 5 AND (SELECT COUNT(*) FROM emp e WHERE e.deptno = d.deptno AND e.sal > 10) >= 1 GROUP BY d.name;
SELECT t3.name, COUNT(*) AS n FROM (SELECT t.deptno, t.name, t2.deptno AS deptno0, t2."$f1" FROM (SELECT deptno, name FROM dept WHERE deptno > 5) AS t INNER JOIN (SELECT deptno, COUNT(*) AS "$f1" FROM (SELECT deptno FROM emp WHERE sal > 10 AND deptno > 5) AS t1 GROUP BY deptno) AS t2 ON t.deptno = t2.deptno) AS t3 WHERE CASE WHEN t3."$f1" IS NOT NULL THEN t3."$f1" ELSE 0 END >= 1 GROUP BY t3.name;
-- long_all_columns_identity (project: identity removed)
SELECT * FROM emp WHERE sal > 10 AND deptno IN (10, 20);
SELECT t1.empno, t1.ename, t1.job, t1.mgr, t1.hiredate, t1.sal, t1.comm, t1.deptno, t1.slacker FROM (SELECT t0.empno, t0.ename, t0.job, t0.mgr, t0.hiredate, t0.sal, t0.comm, t0.deptno, t0.slacker FROM (SELECT t.empno, t.ename, t.job, t.mgr, t.hiredate, t.sal, t.comm, t.deptno, t.slacker FROM emp AS t WHERE t.sal > 10) AS t0 WHERE t0.deptno = 10 OR t0.deptno = 20) AS t1;
-- long_join_all_columns (project: pruning)
SELECT e.ename, e.sal, d.name, b.comm FROM emp e JOIN dept d ON e.deptno = d.deptno LEFT JOIN bonus b ON e.ename = b.ename AND b.job = 'CLERK' WHERE e.sal BETWEEN 10 AND 100;
SELECT t2.ename, t2.sal, t2.name, t3.comm FROM (SELECT t.empno, t.ename, t.job, t.mgr, t.hiredate, t.sal, t.comm, t.deptno, t.slacker, dept.deptno AS deptno0, dept.name FROM (SELECT empno, ename, job, mgr, hiredate, sal, comm, deptno, slacker FROM emp WHERE sal >= 10 AND sal <= 100) AS t INNER JOIN dept ON t.deptno = dept.deptno) AS t2 LEFT JOIN (SELECT ename, CAST('CLERK' AS VARCHAR) AS job, sal, comm FROM bonus WHERE job = 'CLERK') AS t3 ON t2.ename = t3.ename;
-- long_exists_in_or_with_and (composed: EXISTS under OR)
SELECT e.empno, e.sal FROM emp e WHERE (e.sal > 100 OR EXISTS (SELECT 1 FROM bonus b WHERE b.ename = e.ename AND b.sal > 10)) AND e.deptno IN (SELECT d.deptno FROM dept d WHERE d.name LIKE 'A%');
SELECT t4.empno, t4.sal FROM (SELECT t.empno, t.ename, t.sal, t.deptno, t1.i FROM (SELECT empno, ename, sal, deptno FROM emp) AS t LEFT JOIN (SELECT ename, MIN(i) AS i FROM (SELECT ename, TRUE AS i FROM bonus WHERE sal > 10) AS t0 GROUP BY ename) AS t1 ON t.ename = t1.ename WHERE t.sal > 100 OR t1.i IS NOT NULL) AS t4 INNER JOIN (SELECT deptno FROM dept WHERE name LIKE 'A%' GROUP BY deptno) AS t5 ON t4.deptno = t5.deptno;
-- long_distinct_aggs_three_sources (composed: distinct aggregates)
SELECT job, COUNT(DISTINCT deptno) AS a, COUNT(DISTINCT mgr) AS b, SUM(sal) AS s, COUNT(*) AS n FROM empnullables GROUP BY job;
SELECT t.job, t1.a, t3.b, t.s, t.n FROM (SELECT job, SUM(sal) AS s, COUNT(*) AS n FROM empnullables GROUP BY job) AS t INNER JOIN (SELECT job, COUNT(deptno) AS a FROM (SELECT job, deptno FROM empnullables GROUP BY job, deptno) AS t0 GROUP BY job) AS t1 ON t.job IS NOT DISTINCT FROM t1.job INNER JOIN (SELECT job, COUNT(mgr) AS b FROM (SELECT job, mgr FROM empnullables GROUP BY job, mgr) AS t2 GROUP BY job) AS t3 ON t.job IS NOT DISTINCT FROM t3.job;
-- long_avg_reduced_with_case (aggregate: AVG split)
SELECT deptno, AVG(comm) AS a, SUM(sal) AS s FROM empnullables WHERE job LIKE 'C%' GROUP BY deptno;
SELECT deptno, CAST(CASE WHEN "$f2" = 0 THEN NULL ELSE "$f1" END AS DOUBLE) / CAST("$f2" AS DOUBLE) AS a, CASE WHEN "$f4" = 0 THEN NULL ELSE "$f3" END AS s FROM (SELECT deptno, COALESCE(SUM(comm), 0) AS "$f1", COUNT(comm) AS "$f2", COALESCE(SUM(sal), 0) AS "$f3", COUNT(sal) AS "$f4" FROM (SELECT deptno, sal, comm FROM empnullables WHERE job LIKE 'C%') AS t GROUP BY deptno) AS t1;
-- long_sum0_count_of_union (aggregate: below union)
SELECT deptno, COUNT(*) AS n, COUNT(mgr) AS m FROM (SELECT deptno, mgr FROM emp UNION ALL SELECT deptno, mgr FROM empnullables) u GROUP BY deptno;
SELECT deptno, CAST(COALESCE(SUM("$f1"), 0) AS BIGINT) AS n, CAST(COALESCE(SUM("$f2"), 0) AS BIGINT) AS m FROM (SELECT deptno, COUNT(*) AS "$f1", COUNT(mgr) AS "$f2" FROM emp GROUP BY deptno UNION ALL SELECT deptno, COUNT(*) AS "$f1", COUNT(mgr) AS "$f2" FROM empnullables GROUP BY deptno) AS t1 GROUP BY deptno;
-- long_intersect_minus_mixed (composed: set operations)
SELECT job FROM emp INTERSECT SELECT job FROM bonus EXCEPT SELECT job FROM empnullables;
SELECT t3.job FROM (SELECT job FROM (SELECT job, COUNT(*) AS c FROM emp GROUP BY job UNION ALL SELECT job, COUNT(*) AS c FROM bonus GROUP BY job) AS t1 GROUP BY job HAVING COUNT(*) = 2) AS t3 LEFT JOIN (SELECT job, TRUE AS i FROM empnullables GROUP BY job) AS t4 ON t3.job IS NOT DISTINCT FROM t4.job WHERE t4.i IS NULL;
-- long_window_and_filter (window: below window and split)
SELECT empno, c, s FROM (SELECT empno, job, COUNT(*) OVER (PARTITION BY job) AS c, SUM(sal) OVER (PARTITION BY deptno, job) AS s FROM emp) x WHERE job = 'CLERK' AND s > 10;
SELECT empno, c, s FROM (SELECT empno, deptno, c, SUM(sal) OVER (PARTITION BY deptno) AS s FROM (SELECT empno, sal, deptno, COUNT(*) OVER () AS c FROM (SELECT empno, sal, deptno FROM emp WHERE job = 'CLERK') AS t) AS t0) AS t1 WHERE s > 10;
-- long_fk_join_group_reduced (composed: key, constants, aggregate)
SELECT d.name, d.deptno, e.job, SUM(e.sal) AS s FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno WHERE e.job = 'CLERK' GROUP BY d.name, d.deptno, e.job;
SELECT t2.name, t1.deptno, CAST('CLERK' AS VARCHAR) AS job, t1."$f1" AS s FROM (SELECT deptno, SUM(sal) AS "$f1" FROM (SELECT deptno, sal FROM emp WHERE job = 'CLERK') AS t GROUP BY deptno) AS t1 INNER JOIN (SELECT deptno, name FROM dept) AS t2 ON t1.deptno = t2.deptno;
-- long_self_join_manager (join: order and inference)
SELECT e.ename, m.ename AS boss FROM emp e, emp m WHERE e.mgr = m.empno AND e.sal > m.sal AND m.empno > 7;
SELECT t0.ename, t.ename AS boss FROM (SELECT empno, ename, sal FROM emp WHERE empno > 7) AS t INNER JOIN (SELECT ename, mgr, sal FROM emp WHERE mgr > 7 AND mgr IS NOT NULL) AS t0 ON t.empno = t0.mgr AND t.sal < t0.sal;
-- long_left_join_group_null_group (composed: outer join and aggregate)
SELECT d.name, COUNT(b.sal) AS n FROM dept d LEFT JOIN bonus b ON d.name = b.ename GROUP BY d.name;
SELECT t.name, SUM(t.c * CASE WHEN t0.n IS NULL THEN 0 ELSE t0.n END) AS n FROM (SELECT name, COUNT(*) AS c FROM dept GROUP BY name) AS t LEFT JOIN (SELECT ename, COUNT(sal) AS n FROM bonus GROUP BY ename) AS t0 ON t.name = t0.ename GROUP BY t.name;
-- long_union_join_pruned (composed: union, join, pruning)
SELECT u.src, d.name FROM (SELECT 'e' AS src, deptno FROM emp UNION ALL SELECT 'n' AS src, deptno FROM empnullables UNION ALL SELECT 'b' AS src, sal AS deptno FROM bonus) u JOIN dept d ON u.deptno = d.deptno WHERE u.src <> 'b';
SELECT 'e' AS src, t0.name FROM (SELECT deptno FROM emp) AS t INNER JOIN dept AS t0 ON t.deptno = t0.deptno UNION ALL SELECT 'n' AS src, t2.name FROM (SELECT deptno FROM empnullables WHERE deptno IS NOT NULL) AS t1 INNER JOIN dept AS t2 ON t1.deptno = t2.deptno;
-- long_scalar_max_two_levels (subquery: nested scalar)
SELECT MAX(sal) AS m FROM emp WHERE sal < (SELECT MAX(sal) FROM emp);
SELECT MAX(t.sal) AS m FROM (SELECT sal FROM emp) AS t INNER JOIN (SELECT MAX(sal) AS "$f0" FROM emp) AS t1 ON t.sal < t1."$f0";
-- long_case_pivot (composed: pivot by filters)
SELECT deptno, COUNT(CASE WHEN job = 'CLERK' THEN 1 END) AS clerks, MAX(CASE WHEN job = 'CHEF' THEN sal END) AS chef, COUNT(*) AS n FROM emp GROUP BY deptno;
SELECT deptno, COALESCE(SUM(n0) FILTER (WHERE job = 'CLERK'), 0) AS clerks, MAX(m0) FILTER (WHERE job = 'CHEF') AS chef, SUM(n0) AS n FROM (SELECT deptno, job, COUNT(*) AS n0, MAX(sal) AS m0 FROM emp GROUP BY deptno, job) AS t GROUP BY deptno;
-- long_date_range_join_union (composed: dates and join)
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE EXTRACT(YEAR FROM e.hiredate) = 1990 OR DATE_TRUNC('month', e.hiredate) = TIMESTAMP '1992-03-01 00:00:00';
SELECT t.empno, dept.name FROM (SELECT empno, deptno FROM emp WHERE hiredate >= TIMESTAMP '1990-01-01 00:00:00' AND hiredate < TIMESTAMP '1991-01-01 00:00:00' OR hiredate >= TIMESTAMP '1992-03-01 00:00:00' AND hiredate < TIMESTAMP '1992-04-01 00:00:00') AS t INNER JOIN dept ON t.deptno = dept.deptno;
-- long_account_in_and_aggregate (composed: IN and eager aggregate)
SELECT a.type, SUM(a.balance) AS s FROM account a WHERE a.type IN (SELECT b.job FROM bonus b WHERE b.sal > 10) GROUP BY a.type HAVING SUM(a.balance) > 10;
SELECT t1.type, t1.s FROM (SELECT type, SUM(balance) AS s FROM (SELECT acctno, type, balance FROM account WHERE type IS NOT NULL) AS t GROUP BY type HAVING SUM(balance) > 10) AS t1 INNER JOIN (SELECT job FROM bonus WHERE sal > 10 AND job IS NOT NULL GROUP BY job) AS t3 ON t1.type = t3.job;
-- long_limit_key_chain (composed: sort, limit and key)
SELECT e.empno, d.name, (SELECT COUNT(*) FROM bonus b WHERE b.ename = e.ename) AS n FROM emp e JOIN dept d ON e.deptno = d.deptno ORDER BY e.empno LIMIT 3;
SELECT t.empno, t0.name, CASE WHEN t2.c IS NOT NULL THEN t2.c ELSE 0 END AS n FROM (SELECT empno, ename, deptno FROM emp ORDER BY empno LIMIT 3) AS t INNER JOIN (SELECT deptno, name FROM dept) AS t0 ON t.deptno = t0.deptno LEFT JOIN (SELECT ename, COUNT(*) AS c FROM bonus GROUP BY ename) AS t2 ON t.ename = t2.ename ORDER BY t.empno;
-- long_not_exists_distinct_union (composed: anti join, distinct, union)
SELECT DISTINCT e.job FROM emp e WHERE NOT EXISTS (SELECT 1 FROM bonus b WHERE b.job = e.job) UNION SELECT d.name AS job FROM dept d WHERE d.deptno > 5;
SELECT job FROM (SELECT t.job FROM (SELECT job FROM emp GROUP BY job) AS t LEFT JOIN (SELECT job, MIN(TRUE) AS i FROM bonus GROUP BY job) AS t1 ON t.job = t1.job WHERE t1.i IS NULL UNION ALL SELECT name AS job FROM dept WHERE deptno > 5 GROUP BY name) AS t4 GROUP BY job;
