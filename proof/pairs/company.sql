-- filter merge stacked (filter merge)
SELECT e.empno, e.ename FROM (SELECT * FROM (SELECT * FROM emp WHERE sal > 100) x WHERE job = 'CLERK') e JOIN dept d ON e.deptno = d.deptno WHERE e.comm IS NOT NULL;
SELECT e.empno, e.ename FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.sal > 100 AND e.comm IS NOT NULL AND e.job = 'CLERK';
-- filter merge implied (filter merge)
SELECT job, count(*) AS c FROM (SELECT job, sal FROM emp WHERE sal >= 10) t WHERE sal > 100 GROUP BY job;
SELECT job, count(*) AS c FROM emp WHERE sal > 100 GROUP BY job;
-- filter push inner join one side (filter into join)
SELECT t.ename, t.name FROM (SELECT e.ename, e.sal, d.name, d.loc FROM emp e JOIN dept d ON e.deptno = d.deptno) t WHERE t.sal > 100;
SELECT e.ename, d.name FROM (SELECT ename, deptno FROM emp WHERE sal > 100) e JOIN dept d ON e.deptno = d.deptno;
-- filter push inner join both sides (filter into join)
SELECT e.empno, p.title FROM emp e INNER JOIN assign a ON e.empno = a.empno INNER JOIN proj p ON a.projno = p.projno WHERE e.job = 'CLERK' AND a.hours > 5 AND p.budget IS NOT NULL;
SELECT e.empno, p.title FROM (SELECT * FROM emp WHERE job = 'CLERK') e INNER JOIN (SELECT empno, projno FROM assign WHERE hours > 5) a ON e.empno = a.empno INNER JOIN (SELECT * FROM proj WHERE budget IS NOT NULL) p ON a.projno = p.projno;
-- filter where to join condition (filter into join)
SELECT e.ename, d.name FROM emp e CROSS JOIN dept d WHERE e.deptno = d.deptno AND e.sal > d.deptno;
SELECT e.ename, d.name FROM emp e INNER JOIN dept d ON e.deptno = d.deptno AND d.deptno < e.sal;
-- filter push left join preserved (filter below outer join)
SELECT * FROM (SELECT e.empno, e.sal, b.comm FROM emp e LEFT JOIN bonus b ON e.ename = b.ename) t WHERE t.sal > 5;
SELECT e.empno, e.sal, b.comm FROM (SELECT * FROM emp WHERE sal > 5) e LEFT JOIN bonus b ON e.ename = b.ename;
-- filter push right join preserved (filter below outer join)
SELECT e.ename, d.name FROM emp e RIGHT JOIN dept d ON e.deptno = d.deptno AND e.sal > 5 WHERE d.loc = 'NYC';
SELECT e.ename, d.name FROM emp e RIGHT JOIN (SELECT * FROM dept WHERE loc = 'NYC') d ON e.deptno = d.deptno AND e.sal > 5;
-- outer to inner equality (outer join simplification)
SELECT e.ename, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno WHERE d.loc = 'NYC';
SELECT e.ename, d.name FROM emp e INNER JOIN dept d ON e.deptno = d.deptno WHERE d.loc = 'NYC';
-- outer to inner through aggregate (outer join simplification)
SELECT d.name, max(e.sal) AS m FROM dept d LEFT JOIN emp e ON d.deptno = e.deptno GROUP BY d.name HAVING max(e.sal) > 10;
SELECT d.name, max(e.sal) AS m FROM dept d INNER JOIN emp e ON d.deptno = e.deptno GROUP BY d.name HAVING max(e.sal) > 10;
-- outer to inner full both (outer join simplification)
SELECT e.empno, b.sal FROM emp e FULL JOIN bonus b ON e.job = b.job WHERE e.sal > 5 AND b.comm < 1000;
SELECT e.empno, b.sal FROM emp e INNER JOIN bonus b ON e.job = b.job WHERE e.sal > 5 AND b.comm < 1000;
-- outer full to left (outer join simplification)
SELECT e.empno, b.sal FROM emp e FULL OUTER JOIN bonus b ON e.job = b.job WHERE e.sal > 5;
SELECT e.empno, b.sal FROM emp e LEFT OUTER JOIN bonus b ON e.job = b.job WHERE e.sal > 5;
-- outer to inner by later join (outer join simplification)
SELECT e.empno, p.title FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno JOIN proj p ON p.deptno = d.deptno;
SELECT e.empno, p.title FROM emp e JOIN dept d ON e.deptno = d.deptno JOIN proj p ON p.deptno = d.deptno;
-- filter push aggregate key (filter below aggregate)
SELECT t.deptno, t.s FROM (SELECT deptno, job, sum(sal) AS s FROM emp GROUP BY deptno, job) t WHERE t.deptno > 10 AND t.s > 20;
SELECT deptno, sum(sal) AS s FROM emp WHERE deptno > 10 GROUP BY deptno, job HAVING sum(sal) > 20;
-- having to where (filter below aggregate)
SELECT d.name, count(*) AS c FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY d.name HAVING d.name <> 'SALES';
SELECT d.name, count(*) AS c FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE d.name <> 'SALES' GROUP BY d.name;
-- filter push distinct (filter below distinct)
SELECT t.job FROM (SELECT DISTINCT job, deptno FROM emp) t WHERE t.deptno = 20;
SELECT DISTINCT job FROM emp WHERE deptno = 20;
-- filter push union all (filter below union)
SELECT u.n, u.s FROM (SELECT ename AS n, sal AS s FROM emp UNION ALL SELECT ename, sal FROM bonus) u WHERE u.s > 10;
SELECT ename AS n, sal AS s FROM emp WHERE sal > 10 UNION ALL SELECT ename AS n, sal AS s FROM bonus WHERE sal > 10;
-- filter push union distinct (filter below union)
SELECT * FROM (SELECT job, sal FROM emp UNION SELECT job, comm FROM bonus) u WHERE job IS NOT NULL AND sal < 1000;
SELECT job, sal FROM emp WHERE job IS NOT NULL AND sal < 1000 UNION SELECT job, comm FROM bonus WHERE job IS NOT NULL AND comm < 1000;
-- filter union prune branch (filter below union)
SELECT u.ename FROM (SELECT 'e' AS src, ename FROM emp UNION ALL SELECT 'b' AS src, ename FROM bonus) u WHERE u.src = 'e';
SELECT ename FROM emp;
-- filter push intersect (filter below set operation)
SELECT * FROM (SELECT job, sal FROM emp INTERSECT SELECT job, sal FROM bonus) t WHERE sal > 10;
SELECT job, sal FROM emp WHERE sal > 10 INTERSECT SELECT job, sal FROM bonus WHERE sal > 10;
-- filter push except (filter below set operation)
SELECT * FROM (SELECT job, sal FROM emp EXCEPT SELECT job, sal FROM bonus) t WHERE job = 'CLERK';
SELECT job, sal FROM emp WHERE job = 'CLERK' EXCEPT SELECT job, sal FROM bonus;
-- filter push window partition (filter below window)
SELECT t.ename, t.r FROM (SELECT ename, deptno, rank() OVER (PARTITION BY deptno ORDER BY sal NULLS LAST) AS r FROM emp) t WHERE t.deptno = 10;
SELECT ename, rank() OVER (PARTITION BY deptno ORDER BY sal NULLS LAST) AS r FROM emp WHERE deptno = 10;
-- filter push project expression (filter below project)
SELECT t.k, count(*) AS c FROM (SELECT upper(job) AS k, coalesce(comm, 0) AS cc FROM emp) t WHERE t.cc > 5 GROUP BY t.k;
SELECT upper(job) AS k, count(*) AS c FROM emp WHERE coalesce(comm, 0) > 5 GROUP BY upper(job);
-- filter push sort (filter below sort)
SELECT t.empno, t.ename FROM (SELECT empno, ename, sal FROM emp ORDER BY sal NULLS LAST) t WHERE t.sal > 10 ORDER BY t.empno;
SELECT empno, ename FROM emp WHERE sal > 10 ORDER BY empno;
-- or common factor (boolean factoring)
SELECT e.empno, d.name FROM emp e, dept d WHERE (e.deptno = d.deptno AND e.sal > 100) OR (e.deptno = d.deptno AND d.loc = 'NYC');
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.sal > 100 OR d.loc = 'NYC';
-- or absorption (boolean factoring)
SELECT job, count(*) AS c FROM emp WHERE sal > 10 OR (sal > 10 AND comm > 5) GROUP BY job;
SELECT job, count(*) AS c FROM emp WHERE sal > 10 GROUP BY job;
-- de morgan (negation)
SELECT e.ename FROM emp e JOIN bonus b ON e.ename = b.ename WHERE NOT (e.sal > 10 OR b.comm IS NULL);
SELECT e.ename FROM emp e JOIN bonus b ON e.ename = b.ename WHERE e.sal <= 10 AND b.comm IS NOT NULL;
-- not over between (negation)
SELECT empno FROM emp WHERE NOT (sal BETWEEN 10 AND 100) AND NOT (job = 'CLERK');
SELECT empno FROM emp WHERE (sal < 10 OR sal > 100) AND job <> 'CLERK';
-- in list to or (in-list)
SELECT e.ename, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE d.deptno IN (10, 20) AND e.job NOT IN ('CLERK', 'ANALYST');
SELECT e.ename, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE (d.deptno = 20 OR d.deptno = 10) AND e.job <> 'CLERK' AND e.job <> 'ANALYST';
-- in list intersection (in-list)
SELECT deptno, count(*) AS c FROM emp WHERE deptno IN (10, 20, 30) AND deptno IN (20, 30, 40) GROUP BY deptno;
SELECT deptno, count(*) AS c FROM emp WHERE deptno IN (20, 30) GROUP BY deptno;
-- in list union (in-list)
SELECT ename, sal FROM emp WHERE job IN ('CLERK', 'MANAGER') OR job = 'ANALYST' OR job IN ('CLERK');
SELECT ename, sal FROM emp WHERE job IN ('ANALYST', 'CLERK', 'MANAGER');
-- range merge (range simplification)
SELECT e.empno FROM emp e WHERE e.sal > 5 AND e.sal >= 10 AND e.sal < 2000 AND e.sal <= 1000 AND EXISTS (SELECT 1 FROM dept d WHERE d.deptno = e.deptno);
SELECT e.empno FROM emp e WHERE e.sal BETWEEN 10 AND 1000 AND EXISTS (SELECT 1 FROM dept d WHERE d.deptno = e.deptno);
-- range contradiction (empty propagation)
SELECT d.name, t.c FROM dept d LEFT JOIN (SELECT deptno, count(*) AS c FROM emp WHERE sal > 100 AND sal < 10 GROUP BY deptno) t ON d.deptno = t.deptno;
SELECT name, CAST(NULL AS BIGINT) AS c FROM dept;
-- range point (range simplification)
SELECT empno, sal FROM emp WHERE sal >= 100 AND sal <= 100 AND job IS NOT NULL;
SELECT empno, sal FROM emp WHERE sal = 100 AND job IS NOT NULL;
-- filter equal constant conflict (empty propagation)
SELECT e.ename, b.sal FROM emp e JOIN bonus b ON e.job = b.job WHERE e.job = 'CLERK' AND b.job = 'MANAGER';
SELECT e.ename, b.sal FROM emp e JOIN bonus b ON e.job = b.job WHERE FALSE;
-- self equality (null handling)
SELECT deptno, sum(sal) AS s FROM emp WHERE sal = sal AND deptno = deptno GROUP BY deptno;
SELECT deptno, sum(sal) AS s FROM emp WHERE sal IS NOT NULL AND deptno IS NOT NULL GROUP BY deptno;
-- is null on not null column (null handling)
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.ename IS NOT NULL AND d.deptno IS NOT NULL AND (d.name IS NULL OR e.sal > 10);
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.sal > 10;
-- is not null implied by comparison (null handling)
SELECT e.empno, m.ename FROM emp e JOIN emp m ON e.mgr = m.empno WHERE e.mgr IS NOT NULL AND e.sal IS NOT NULL AND e.sal < m.sal;
SELECT e.empno, m.ename FROM emp e JOIN emp m ON e.mgr = m.empno WHERE m.sal > e.sal;
-- not distinct expand (null handling)
SELECT e.empno, b.comm FROM emp e JOIN bonus b ON e.job IS NOT DISTINCT FROM b.job;
SELECT e.empno, b.comm FROM emp e JOIN bonus b ON e.job = b.job OR (e.job IS NULL AND b.job IS NULL);
-- not distinct not null (null handling)
SELECT d.name, p.title FROM dept d JOIN proj p ON d.deptno IS NOT DISTINCT FROM p.deptno WHERE p.budget IS DISTINCT FROM NULL;
SELECT d.name, p.title FROM dept d JOIN proj p ON d.deptno = p.deptno WHERE p.budget IS NOT NULL;
-- boolean is true (boolean tests)
SELECT deptno, count(*) AS c FROM emp WHERE slacker IS TRUE AND (sal > 10) IS TRUE GROUP BY deptno;
SELECT deptno, count(*) AS c FROM emp WHERE slacker AND sal > 10 GROUP BY deptno;
-- boolean compare false (boolean tests)
SELECT empno FROM emp WHERE slacker = FALSE AND (job = 'CLERK') = TRUE;
SELECT empno FROM emp WHERE NOT slacker AND job = 'CLERK';
-- boolean is not true (boolean tests)
SELECT empno, ename FROM emp WHERE (sal > 100) IS NOT TRUE;
SELECT empno, ename FROM emp WHERE sal <= 100 OR sal IS NULL;
-- case boolean filter (case)
SELECT ename FROM emp WHERE CASE WHEN sal > 100 THEN TRUE ELSE FALSE END;
SELECT ename FROM emp WHERE sal > 100;
-- case compare push (case)
SELECT t.deptno, count(*) AS c FROM (SELECT deptno, CASE WHEN sal > 100 THEN 'high' WHEN sal > 10 THEN 'mid' ELSE 'low' END AS grade FROM emp) t WHERE t.grade = 'high' GROUP BY t.deptno;
SELECT deptno, count(*) AS c FROM emp WHERE sal > 100 GROUP BY deptno;
-- case simple to searched (case)
SELECT e.empno, CASE e.job WHEN 'CLERK' THEN 1 WHEN 'MANAGER' THEN 2 ELSE 3 END AS g FROM emp e WHERE e.deptno IN (SELECT deptno FROM dept WHERE loc = 'NYC');
SELECT e.empno, CASE WHEN e.job = 'CLERK' THEN 1 WHEN e.job = 'MANAGER' THEN 2 ELSE 3 END AS g FROM emp e WHERE e.deptno IN (SELECT deptno FROM dept WHERE loc = 'NYC');
-- case same branches (case)
SELECT d.name, sum(CASE WHEN e.comm > 5 THEN e.sal ELSE e.sal END) AS s FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY d.name;
SELECT d.name, sum(e.sal) AS s FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY d.name;
-- case to coalesce (case)
SELECT empno, CASE WHEN comm IS NULL THEN sal ELSE comm END AS pay FROM emp WHERE job = 'CLERK';
SELECT empno, coalesce(comm, sal) AS pay FROM emp WHERE job = 'CLERK';
-- case nullif (case)
SELECT deptno, count(nullif(job, 'CLERK')) AS c FROM emp GROUP BY deptno;
SELECT deptno, count(CASE WHEN job = 'CLERK' THEN NULL ELSE job END) AS c FROM emp GROUP BY deptno;
-- case dead branch (case)
SELECT empno, CASE WHEN 1 = 2 THEN 'never' WHEN sal > 10 THEN 'rich' WHEN TRUE THEN 'poor' ELSE 'what' END AS k FROM emp;
SELECT empno, CASE WHEN sal > 10 THEN 'rich' ELSE 'poor' END AS k FROM emp;
-- case nested flatten (case)
SELECT empno, CASE WHEN sal > 100 THEN 'a' ELSE CASE WHEN comm > 5 THEN 'b' ELSE 'c' END END AS k FROM emp;
SELECT empno, CASE WHEN sal > 100 THEN 'a' WHEN comm > 5 THEN 'b' ELSE 'c' END AS k FROM emp;
-- coalesce flatten (coalesce)
SELECT e.empno, coalesce(coalesce(e.comm, e.sal), e.comm, 0) AS v FROM emp e JOIN dept d ON d.deptno = e.deptno;
SELECT e.empno, coalesce(e.comm, e.sal, 0) AS v FROM emp e JOIN dept d ON d.deptno = e.deptno;
-- coalesce not null first (coalesce)
SELECT coalesce(e.ename, e.job, 'none') AS n, count(*) AS c FROM emp e GROUP BY coalesce(e.ename, e.job, 'none');
SELECT ename AS n, count(*) AS c FROM emp GROUP BY ename;
-- coalesce compare constant (coalesce)
SELECT e.empno FROM emp e LEFT JOIN bonus b ON e.ename = b.ename WHERE coalesce(b.comm, 0) > 10;
SELECT e.empno FROM emp e JOIN bonus b ON e.ename = b.ename WHERE b.comm > 10;
-- coalesce compare default true (coalesce)
SELECT empno, sal FROM emp WHERE coalesce(comm, 0) < 100;
SELECT empno, sal FROM emp WHERE comm < 100 OR comm IS NULL;
-- constant folding arithmetic (constant folding)
SELECT e.empno, 2 * 3 + 4 AS k FROM emp e WHERE e.sal > 5 * 20 AND e.deptno = 30 - 20;
SELECT empno, 10 AS k FROM emp WHERE sal > 100 AND deptno = 10;
-- constant folding true conjunct (constant folding)
SELECT e.ename FROM emp e JOIN dept d ON e.deptno = d.deptno AND 1 < 2 WHERE (3 > 2 OR e.sal > 5) AND ('a' = 'b' OR e.comm > 5);
SELECT e.ename FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.comm > 5;
-- constant null comparison (constant folding)
SELECT job, sum(sal) AS s FROM emp WHERE comm = NULL OR sal > 10 GROUP BY job;
SELECT job, sum(sal) AS s FROM emp WHERE sal > 10 GROUP BY job;
-- constant propagation equality (constant folding)
SELECT empno, deptno + 5 AS d5 FROM emp WHERE deptno = 10 AND sal > deptno;
SELECT empno, 10 + 5 AS d5 FROM emp WHERE deptno = 10 AND sal > 10;
-- cast date literal (constant folding)
SELECT e.ename, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.hiredate >= CAST('2020-06-15' AS DATE);
SELECT e.ename, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.hiredate >= DATE '2020-06-15';
-- cast unwrap comparison (cast removal)
SELECT empno, ename FROM emp WHERE CAST(sal AS BIGINT) > 100 AND CAST(deptno AS BIGINT) = 10;
SELECT empno, ename FROM emp WHERE sal > 100 AND deptno = 10;
-- cast same type (cast removal)
SELECT CAST(t.job AS VARCHAR) AS job, max(CAST(t.sal AS INT)) AS m FROM emp t GROUP BY CAST(t.job AS VARCHAR);
SELECT job, max(sal) AS m FROM emp GROUP BY job;
-- year to range (date ranges)
SELECT deptno, count(*) AS c FROM emp WHERE extract(year FROM hiredate) = 2020 GROUP BY deptno;
SELECT deptno, count(*) AS c FROM emp WHERE hiredate >= DATE '2020-01-01' AND hiredate < DATE '2021-01-01' GROUP BY deptno;
-- cast timestamp to day range (date ranges)
SELECT p.title FROM proj p JOIN dept d ON p.deptno = d.deptno WHERE CAST(p.started AS DATE) = DATE '2020-06-15';
SELECT p.title FROM proj p JOIN dept d ON p.deptno = d.deptno WHERE p.started >= TIMESTAMP '2020-06-15 00:00:00' AND p.started < TIMESTAMP '2020-06-16 00:00:00';
-- date trunc range (date ranges)
SELECT projno, title FROM proj WHERE date_trunc('month', started) = TIMESTAMP '2020-06-01 00:00:00';
SELECT projno, title FROM proj WHERE started >= TIMESTAMP '2020-06-01 00:00:00' AND started < TIMESTAMP '2020-07-01 00:00:00';
-- like no wildcard (like)
SELECT e.empno FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno AND d.name LIKE 'SALES' WHERE e.job LIKE 'CLERK';
SELECT e.empno FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno AND d.name = 'SALES' WHERE e.job = 'CLERK';
-- like match all (like)
SELECT job, count(*) AS c FROM emp WHERE job LIKE '%' GROUP BY job;
SELECT job, count(*) AS c FROM emp WHERE job IS NOT NULL GROUP BY job;
-- projection merge (project merge)
SELECT y.a + 1 AS b, y.n FROM (SELECT x.s AS a, x.n FROM (SELECT sal AS s, ename AS n, job FROM emp) x) y WHERE y.a > 5;
SELECT sal + 1 AS b, ename AS n FROM emp WHERE sal > 5;
-- projection unused columns (column pruning)
SELECT t.job FROM (SELECT job, sal, count(*) OVER (PARTITION BY deptno) AS c, sal * 2 AS d FROM emp) t WHERE t.sal > 10;
SELECT job FROM emp WHERE sal > 10;
-- projection unused aggregate (column pruning)
SELECT t.job, t.c FROM (SELECT job, count(*) AS c, sum(sal) AS s, max(comm) AS m FROM emp GROUP BY job) t WHERE t.c > 1;
SELECT job, count(*) AS c FROM emp GROUP BY job HAVING count(*) > 1;
-- cte inline (cte inlining)
WITH rich AS (SELECT empno, deptno FROM emp WHERE sal > 100), ny AS (SELECT deptno FROM dept WHERE loc = 'NYC') SELECT r.empno FROM rich r JOIN ny ON r.deptno = ny.deptno;
SELECT e.empno FROM emp e, dept d WHERE e.deptno = d.deptno AND e.sal > 100 AND d.loc = 'NYC';
-- cte used twice (cte inlining)
WITH s AS (SELECT deptno, sum(sal) AS t FROM emp GROUP BY deptno) SELECT a.deptno FROM s a WHERE a.t = (SELECT max(t) FROM s);
SELECT a.deptno FROM (SELECT deptno, sum(sal) AS t FROM emp GROUP BY deptno) a CROSS JOIN (SELECT max(t) AS m FROM (SELECT deptno, sum(sal) AS t FROM emp GROUP BY deptno) b) c WHERE a.t = c.m;
-- cte unused (cte inlining)
WITH u AS (SELECT * FROM bonus WHERE sal > 10), v AS (SELECT * FROM emp) SELECT ename, sal FROM v WHERE job = 'CLERK';
SELECT ename, sal FROM emp WHERE job = 'CLERK';
-- transitive constant (transitive predicates)
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.deptno = 10;
SELECT e.empno, d.name FROM (SELECT * FROM emp WHERE deptno = 10) e CROSS JOIN (SELECT * FROM dept WHERE deptno = 10) d;
-- transitive range (transitive predicates)
SELECT e.empno, p.title FROM emp e JOIN dept d ON e.deptno = d.deptno JOIN proj p ON d.deptno = p.deptno WHERE e.deptno > 10;
SELECT e.empno, p.title FROM (SELECT * FROM emp WHERE deptno > 10) e JOIN (SELECT * FROM dept WHERE deptno > 10) d ON e.deptno = d.deptno JOIN (SELECT * FROM proj WHERE deptno > 10) p ON d.deptno = p.deptno;
-- transitive equality choice (transitive predicates)
SELECT e.empno, p.projno FROM emp e JOIN dept d ON e.deptno = d.deptno JOIN proj p ON p.deptno = d.deptno;
SELECT e.empno, p.projno FROM emp e JOIN proj p ON e.deptno = p.deptno JOIN dept d ON d.deptno = e.deptno;
-- transitive through left join (transitive predicates)
SELECT e.empno, b.comm FROM emp e LEFT JOIN bonus b ON e.job = b.job WHERE e.job = 'CLERK';
SELECT e.empno, b.comm FROM (SELECT * FROM emp WHERE job = 'CLERK') e LEFT JOIN (SELECT * FROM bonus WHERE job = 'CLERK') b ON e.job = b.job;
-- join commute (join commutation)
SELECT e.empno, d.name, p.title FROM emp e JOIN dept d ON e.deptno = d.deptno JOIN proj p ON p.deptno = d.deptno AND p.budget > 100;
SELECT e.empno, d.name, p.title FROM (SELECT * FROM proj WHERE budget > 100) p JOIN (dept d JOIN emp e ON d.deptno = e.deptno) ON d.deptno = p.deptno;
-- join associate (join associativity)
SELECT e.ename, a.hours, p.title FROM (emp e JOIN assign a ON e.empno = a.empno) JOIN proj p ON a.projno = p.projno WHERE p.budget > 50;
SELECT e.ename, a.hours, p.title FROM emp e JOIN (assign a JOIN proj p ON a.projno = p.projno AND p.budget > 50) ON e.empno = a.empno;
-- join using to on (join syntax)
SELECT deptno, ename, name FROM emp JOIN dept USING (deptno) WHERE sal > 10;
SELECT d.deptno, e.ename, d.name FROM emp e, dept d WHERE d.deptno = e.deptno AND e.sal > 10;
-- left right join swap (join commutation)
SELECT d.name, e.ename FROM dept d LEFT JOIN emp e ON d.deptno = e.deptno AND e.sal > 10 WHERE d.loc IS NOT NULL;
SELECT d.name, e.ename FROM emp e RIGHT JOIN dept d ON e.sal > 10 AND e.deptno = d.deptno WHERE d.loc IS NOT NULL;
-- full join swap (join commutation)
SELECT e.empno, b.sal FROM emp e FULL JOIN bonus b ON e.ename = b.ename;
SELECT e.empno, b.sal FROM bonus b FULL JOIN emp e ON b.ename = e.ename;
-- left join on right side filter (filter below outer join)
SELECT e.empno, b.sal FROM emp e LEFT JOIN bonus b ON e.ename = b.ename AND b.sal > 10;
SELECT e.empno, b.sal FROM emp e LEFT JOIN (SELECT ename, sal FROM bonus WHERE sal > 10) b ON e.ename = b.ename;
-- left join on false (outer join with a false condition)
SELECT e.empno, b.sal AS bs, e.sal FROM emp e LEFT JOIN bonus b ON e.ename = b.ename AND 1 = 0 WHERE e.sal > 5;
SELECT empno, CAST(NULL AS INT) AS bs, sal FROM emp WHERE sal > 5;
-- left join empty right (empty propagation)
SELECT d.name, x.m FROM dept d LEFT JOIN (SELECT deptno, max(sal) AS m FROM emp WHERE FALSE GROUP BY deptno) x ON x.deptno = d.deptno;
SELECT name, CAST(NULL AS INT) AS m FROM dept;
-- inner join empty input (empty propagation)
SELECT e.ename FROM emp e JOIN (SELECT * FROM dept WHERE 1 = 0) d ON e.deptno = d.deptno UNION ALL SELECT ename FROM bonus;
SELECT ename FROM bonus;
-- left join anti decomposition (outer join decomposition)
SELECT e.empno, b.sal FROM emp e LEFT JOIN bonus b ON e.ename = b.ename;
SELECT e.empno, b.sal FROM emp e JOIN bonus b ON e.ename = b.ename UNION ALL SELECT e.empno, CAST(NULL AS INT) AS sal FROM emp e WHERE NOT EXISTS (SELECT 1 FROM bonus b WHERE b.ename = e.ename);
-- full join decomposition (outer join decomposition)
SELECT e.ename AS en, b.ename AS bn FROM emp e FULL JOIN bonus b ON e.job = b.job;
SELECT e.ename AS en, b.ename AS bn FROM emp e LEFT JOIN bonus b ON e.job = b.job UNION ALL SELECT CAST(NULL AS VARCHAR) AS en, b.ename AS bn FROM bonus b WHERE NOT EXISTS (SELECT 1 FROM emp e WHERE e.job = b.job);
-- join over union (join distribution over union)
SELECT u.ename, d.name FROM (SELECT ename, deptno FROM emp WHERE sal > 100 UNION ALL SELECT ename, deptno FROM emp WHERE comm > 5) u JOIN dept d ON u.deptno = d.deptno;
SELECT e.ename, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.sal > 100 UNION ALL SELECT e.ename, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.comm > 5;
-- left join over union (join distribution over union)
SELECT u.n, d.job FROM (SELECT ename AS n FROM emp UNION ALL SELECT name AS n FROM dept) u LEFT JOIN bonus d ON u.n = d.ename;
SELECT e.ename AS n, d.job FROM emp e LEFT JOIN bonus d ON e.ename = d.ename UNION ALL SELECT x.name AS n, d.job FROM dept x LEFT JOIN bonus d ON x.name = d.ename;
-- join eliminate fk not null (join elimination by foreign key)
SELECT p.projno, p.title FROM proj p JOIN dept d ON p.deptno = d.deptno WHERE p.budget > 100;
SELECT projno, title FROM proj WHERE budget > 100;
-- join eliminate fk nullable (join elimination by foreign key)
SELECT e.job, sum(e.sal) AS s FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY e.job;
SELECT job, sum(sal) AS s FROM emp WHERE deptno IS NOT NULL GROUP BY job;
-- join eliminate fk key column used (join elimination by foreign key)
SELECT d.deptno, count(*) AS c FROM proj p JOIN dept d ON p.deptno = d.deptno GROUP BY d.deptno;
SELECT deptno, count(*) AS c FROM proj GROUP BY deptno;
-- join eliminate fk chain (join elimination by foreign key)
SELECT a.empno, a.hours FROM assign a JOIN proj p ON a.projno = p.projno JOIN dept d ON p.deptno = d.deptno JOIN emp e ON e.empno = a.empno;
SELECT empno, hours FROM assign;
-- semi join eliminate fk (join elimination by foreign key)
SELECT projno FROM proj p WHERE EXISTS (SELECT 1 FROM dept d WHERE d.deptno = p.deptno) AND budget > 50;
SELECT projno FROM proj WHERE budget > 50;
-- anti join empty fk (join elimination by foreign key)
SELECT a.hours FROM assign a WHERE NOT EXISTS (SELECT 1 FROM emp e WHERE e.empno = a.empno) UNION ALL SELECT deptno AS hours FROM proj;
SELECT deptno AS hours FROM proj;
-- fk left join is inner (outer join simplification by foreign key)
SELECT p.title, d.name FROM proj p LEFT JOIN dept d ON p.deptno = d.deptno;
SELECT p.title, d.name FROM proj p JOIN dept d ON p.deptno = d.deptno;
-- left join eliminate key (left join elimination)
SELECT e.empno, e.sal FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno WHERE e.sal > 5;
SELECT empno, sal FROM emp WHERE sal > 5;
-- left join eliminate grouped key (left join elimination)
SELECT d.deptno, d.name FROM dept d LEFT JOIN (SELECT deptno, sum(sal) AS s FROM emp GROUP BY deptno) t ON d.deptno = t.deptno;
SELECT deptno, name FROM dept;
-- left join eliminate under distinct (left join elimination)
SELECT DISTINCT e.job, e.deptno FROM emp e LEFT JOIN bonus b ON e.ename = b.ename AND b.sal > 10;
SELECT DISTINCT job, deptno FROM emp;
-- left join eliminate under max (left join elimination)
SELECT e.deptno, max(e.sal) AS m, count(DISTINCT e.job) AS j FROM emp e LEFT JOIN bonus b ON e.ename = b.ename GROUP BY e.deptno;
SELECT deptno, max(sal) AS m, count(DISTINCT job) AS j FROM emp GROUP BY deptno;
-- left join eliminate composite key (left join elimination)
SELECT e.ename, p.title FROM emp e CROSS JOIN proj p LEFT JOIN assign a ON a.empno = e.empno AND a.projno = p.projno;
SELECT e.ename, p.title FROM emp e CROSS JOIN proj p;
-- self join on key (self join elimination)
SELECT a.empno, a.sal, b.job FROM emp a JOIN emp b ON a.empno = b.empno WHERE a.sal > 10 AND b.comm IS NOT NULL;
SELECT empno, sal, job FROM emp WHERE sal > 10 AND comm IS NOT NULL;
-- self join on unique title (self join elimination)
SELECT a.projno, b.budget FROM proj a JOIN proj b ON a.title = b.title JOIN dept d ON d.deptno = b.deptno WHERE d.loc = 'NYC';
SELECT p.projno, p.budget FROM proj p JOIN dept d ON d.deptno = p.deptno WHERE d.loc = 'NYC';
-- self left join on key (self join elimination)
SELECT a.deptno, a.name, b.loc FROM dept a LEFT JOIN dept b ON a.deptno = b.deptno;
SELECT deptno, name, loc FROM dept;
-- self semi join on key (self join elimination)
SELECT e.ename FROM emp e WHERE e.empno IN (SELECT empno FROM emp WHERE sal > 10) AND e.job = 'CLERK';
SELECT ename FROM emp WHERE sal > 10 AND job = 'CLERK';
-- self join aggregate to filter (self join elimination)
SELECT t.empno, t.s, e.ename FROM (SELECT empno, sum(hours) AS s FROM assign GROUP BY empno) t JOIN emp e ON e.empno = t.empno JOIN emp f ON f.empno = e.empno;
SELECT a.empno, sum(a.hours) AS s, e.ename FROM assign a JOIN emp e ON a.empno = e.empno GROUP BY a.empno, e.ename;
-- join to semi join by key (join to semi-join)
SELECT e.empno, e.sal FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE d.loc = 'NYC';
SELECT empno, sal FROM emp WHERE deptno IN (SELECT deptno FROM dept WHERE loc = 'NYC');
-- join distinct to semi join (join to semi-join)
SELECT e.empno, e.ename FROM emp e JOIN (SELECT DISTINCT job FROM bonus WHERE sal > 10) b ON e.job = b.job;
SELECT empno, ename FROM emp e WHERE EXISTS (SELECT 1 FROM bonus b WHERE b.sal > 10 AND b.job = e.job);
-- distinct join to semi join (join to semi-join)
SELECT DISTINCT d.deptno, d.name FROM dept d JOIN emp e ON e.deptno = d.deptno WHERE e.sal > 10;
SELECT deptno, name FROM dept WHERE deptno IN (SELECT deptno FROM emp WHERE sal > 10);
-- group join to semi join (join to semi-join)
SELECT e.job, max(e.sal) AS m FROM emp e JOIN bonus b ON e.ename = b.ename GROUP BY e.job;
SELECT job, max(sal) AS m FROM emp WHERE ename IN (SELECT ename FROM bonus) GROUP BY job;
-- exists in equivalence (exists and in)
SELECT d.name FROM dept d WHERE EXISTS (SELECT * FROM emp e WHERE e.deptno = d.deptno AND e.job = 'CLERK');
SELECT d.name FROM dept d WHERE d.deptno IN (SELECT e.deptno FROM emp e WHERE e.job = 'CLERK');
-- in correlated filter (exists and in)
SELECT e.empno FROM emp e WHERE e.sal IN (SELECT b.sal FROM bonus b WHERE b.ename = e.ename AND b.comm > 5);
SELECT e.empno FROM emp e WHERE EXISTS (SELECT 1 FROM bonus b WHERE b.ename = e.ename AND b.sal = e.sal AND b.comm > 5);
-- exists distinct removal (semi-join inner simplification)
SELECT d.name FROM dept d WHERE d.deptno IN (SELECT DISTINCT deptno FROM emp WHERE sal > 5 ORDER BY deptno);
SELECT d.name FROM dept d WHERE d.deptno IN (SELECT deptno FROM emp WHERE sal > 5);
-- exists group by removal (semi-join inner simplification)
SELECT d.name FROM dept d WHERE EXISTS (SELECT e.job, count(*) FROM emp e WHERE e.deptno = d.deptno GROUP BY e.job);
SELECT d.name FROM dept d WHERE EXISTS (SELECT 1 FROM emp e WHERE e.deptno = d.deptno);
-- exists left join removal (semi-join inner simplification)
SELECT d.name FROM dept d WHERE EXISTS (SELECT 1 FROM emp e LEFT JOIN bonus b ON e.ename = b.ename WHERE e.deptno = d.deptno AND e.sal > 10);
SELECT d.name FROM dept d WHERE EXISTS (SELECT 1 FROM emp e WHERE e.deptno = d.deptno AND e.sal > 10);
-- exists duplicate (semi-join merging)
SELECT e.empno FROM emp e WHERE EXISTS (SELECT 1 FROM bonus b WHERE b.job = e.job AND b.sal > 5) AND EXISTS (SELECT 1 FROM bonus c WHERE c.job = e.job AND c.sal > 5);
SELECT e.empno FROM emp e WHERE EXISTS (SELECT 1 FROM bonus b WHERE b.job = e.job AND b.sal > 5);
-- exists or to union condition (semi-join merging)
SELECT e.empno FROM emp e WHERE EXISTS (SELECT 1 FROM bonus b WHERE b.job = e.job AND b.sal > 100) OR EXISTS (SELECT 1 FROM bonus b WHERE b.job = e.job AND b.comm > 5);
SELECT e.empno FROM emp e WHERE EXISTS (SELECT 1 FROM bonus b WHERE b.job = e.job AND (b.sal > 100 OR b.comm > 5));
-- semi join commutes with join (semi-join push-down)
SELECT e.empno, a.hours FROM emp e JOIN assign a ON e.empno = a.empno WHERE EXISTS (SELECT 1 FROM bonus b WHERE b.ename = e.ename);
SELECT e.empno, a.hours FROM (SELECT * FROM emp WHERE ename IN (SELECT ename FROM bonus)) e JOIN assign a ON e.empno = a.empno;
-- semi join through aggregate (semi-join push-down)
SELECT t.deptno, t.s FROM (SELECT deptno, sum(sal) AS s FROM emp GROUP BY deptno) t WHERE t.deptno IN (SELECT deptno FROM proj WHERE budget > 50);
SELECT deptno, sum(sal) AS s FROM emp e WHERE EXISTS (SELECT 1 FROM proj p WHERE p.deptno = e.deptno AND p.budget > 50) GROUP BY deptno;
-- redundant semi join before join (semi-join reduction)
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE e.deptno IN (SELECT deptno FROM dept);
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno;
-- anti join left join null (anti-join)
SELECT d.name FROM dept d LEFT JOIN emp e ON d.deptno = e.deptno AND e.sal > 10 WHERE e.empno IS NULL;
SELECT d.name FROM dept d WHERE NOT EXISTS (SELECT 1 FROM emp e WHERE e.deptno = d.deptno AND e.sal > 10);
-- anti join left join null join column (anti-join)
SELECT e.empno FROM emp e LEFT JOIN bonus b ON e.ename = b.ename WHERE b.ename IS NULL;
SELECT e.empno FROM emp e WHERE NOT EXISTS (SELECT * FROM bonus b WHERE b.ename = e.ename);
-- not in not null (anti-join)
SELECT d.deptno, d.name FROM dept d WHERE d.deptno NOT IN (SELECT p.deptno FROM proj p WHERE p.budget > 50);
SELECT d.deptno, d.name FROM dept d WHERE NOT EXISTS (SELECT 1 FROM proj p WHERE p.deptno = d.deptno AND p.budget > 50);
-- not in nullable inner (anti-join)
SELECT e.empno FROM emp e WHERE e.empno NOT IN (SELECT m.mgr FROM emp m WHERE m.mgr IS NOT NULL);
SELECT e.empno FROM emp e WHERE NOT EXISTS (SELECT 1 FROM emp m WHERE m.mgr = e.empno);
-- not in general (anti-join)
SELECT e.empno FROM emp e WHERE e.job NOT IN (SELECT b.job FROM bonus b WHERE b.sal > 10);
SELECT e.empno FROM emp e WHERE NOT EXISTS (SELECT 1 FROM bonus b WHERE b.sal > 10 AND (b.job = e.job OR b.job IS NULL OR e.job IS NULL));
-- anti join by count (anti-join)
SELECT d.name FROM dept d WHERE (SELECT count(*) FROM emp e WHERE e.deptno = d.deptno AND e.job = 'CLERK') = 0;
SELECT d.name FROM dept d WHERE NOT EXISTS (SELECT 1 FROM emp e WHERE e.deptno = d.deptno AND e.job = 'CLERK');
-- exists by count (decorrelation)
SELECT d.name FROM dept d WHERE (SELECT count(*) FROM emp e WHERE e.deptno = d.deptno AND e.sal > 10) > 0;
SELECT d.name FROM dept d WHERE d.deptno IN (SELECT e.deptno FROM emp e WHERE e.sal > 10);
-- scalar max to join (decorrelation)
SELECT e.empno FROM emp e WHERE e.sal = (SELECT max(x.sal) FROM emp x WHERE x.deptno = e.deptno);
SELECT e.empno FROM emp e JOIN (SELECT deptno, max(sal) AS m FROM emp GROUP BY deptno) t ON e.deptno = t.deptno WHERE e.sal = t.m;
-- scalar max to window (decorrelation)
SELECT e.empno, e.sal FROM emp e WHERE e.sal = (SELECT max(x.sal) FROM emp x WHERE x.deptno = e.deptno);
SELECT t.empno, t.sal FROM (SELECT empno, sal, deptno, max(sal) OVER (PARTITION BY deptno) AS m FROM emp) t WHERE t.sal = t.m AND t.deptno IS NOT NULL;
-- scalar count to left join (decorrelation)
SELECT d.name, (SELECT count(*) FROM emp e WHERE e.deptno = d.deptno AND e.sal > 10) AS c FROM dept d;
SELECT d.name, coalesce(t.c, 0) AS c FROM dept d LEFT JOIN (SELECT deptno, count(*) AS c FROM emp WHERE sal > 10 GROUP BY deptno) t ON d.deptno = t.deptno;
-- scalar count to left join group (decorrelation)
SELECT d.deptno, (SELECT count(*) FROM emp e WHERE e.deptno = d.deptno) AS c FROM dept d;
SELECT d.deptno, count(e.empno) AS c FROM dept d LEFT JOIN emp e ON e.deptno = d.deptno GROUP BY d.deptno;
-- scalar sum to left join (decorrelation)
SELECT d.name, (SELECT sum(e.sal) FROM emp e WHERE e.deptno = d.deptno) AS s FROM dept d WHERE d.loc = 'NYC';
SELECT d.name, t.s FROM (SELECT * FROM dept WHERE loc = 'NYC') d LEFT JOIN (SELECT deptno, sum(sal) AS s FROM emp GROUP BY deptno) t ON t.deptno = d.deptno;
-- scalar lookup by key (decorrelation)
SELECT e.empno, (SELECT max(d.name) FROM dept d WHERE d.deptno = e.deptno) AS dname FROM emp e WHERE e.sal > 10;
SELECT e.empno, d.name AS dname FROM emp e LEFT JOIN dept d ON d.deptno = e.deptno WHERE e.sal > 10;
-- scalar uncorrelated to cross join (scalar subquery)
SELECT e.empno, e.sal - (SELECT min(sal) FROM bonus) AS diff FROM emp e WHERE e.sal > (SELECT min(sal) FROM bonus);
SELECT e.empno, e.sal - b.m AS diff FROM emp e CROSS JOIN (SELECT min(sal) AS m FROM bonus) b WHERE e.sal > b.m;
-- scalar exists uncorrelated (scalar subquery)
SELECT e.ename FROM emp e WHERE EXISTS (SELECT 1 FROM bonus WHERE sal > 100) AND e.job = 'CLERK';
SELECT e.ename FROM emp e WHERE (SELECT count(*) FROM bonus WHERE sal > 100) > 0 AND e.job = 'CLERK';
-- exists of global aggregate (scalar subquery)
SELECT e.empno FROM emp e WHERE EXISTS (SELECT max(b.sal) FROM bonus b WHERE b.sal > 100) AND e.sal > 5;
SELECT empno FROM emp WHERE sal > 5;
-- correlated in select case (decorrelation)
SELECT d.name FROM dept d WHERE CASE WHEN EXISTS (SELECT 1 FROM emp e WHERE e.deptno = d.deptno) THEN TRUE ELSE FALSE END;
SELECT d.name FROM dept d WHERE EXISTS (SELECT 1 FROM emp e WHERE e.deptno = d.deptno);
-- nested exists (decorrelation)
SELECT d.name FROM dept d WHERE EXISTS (SELECT 1 FROM emp e WHERE e.deptno = d.deptno AND EXISTS (SELECT 1 FROM assign a WHERE a.empno = e.empno AND a.hours > 5));
SELECT d.name FROM dept d WHERE d.deptno IN (SELECT e.deptno FROM emp e JOIN assign a ON a.empno = e.empno WHERE a.hours > 5);
-- values join to in (values)
SELECT e.empno, e.job FROM emp e JOIN (VALUES ('CLERK'), ('MANAGER')) AS v(j) ON e.job = v.j;
SELECT empno, job FROM emp WHERE job IN ('CLERK', 'MANAGER');
-- values filter reduce (values)
SELECT e.empno, v.b FROM emp e JOIN (SELECT * FROM (VALUES (10, 'x'), (20, 'y'), (30, 'z')) AS t(a, b) WHERE a > 10) v ON e.deptno = v.a;
SELECT e.empno, v.b FROM emp e JOIN (VALUES (20, 'y'), (30, 'z')) AS v(a, b) ON e.deptno = v.a;
-- values union merge (values)
SELECT a, b FROM (VALUES (1, 'x')) AS t(a, b) UNION ALL SELECT a, b FROM (VALUES (2, 'y'), (3, 'z')) AS u(a, b);
SELECT a, b FROM (VALUES (1, 'x'), (2, 'y'), (3, 'z')) AS t(a, b);
-- values project fold (values)
SELECT a + 1 AS c, d.name FROM (VALUES (9), (19)) AS t(a) JOIN dept d ON d.deptno = t.a + 1;
SELECT a AS c, d.name FROM (VALUES (20), (10)) AS t(a) JOIN dept d ON d.deptno = t.a;
-- aggregate eager sum through join (aggregate pushed through join)
SELECT d.name, sum(e.sal) AS s FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY d.name;
SELECT d.name, sum(t.s) AS s FROM (SELECT deptno, sum(sal) AS s FROM emp GROUP BY deptno) t JOIN dept d ON t.deptno = d.deptno GROUP BY d.name;
-- aggregate eager count through join (aggregate pushed through join)
SELECT d.name, count(*) AS c, max(e.sal) AS m FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY d.name;
SELECT d.name, sum(t.c) AS c, max(t.m) AS m FROM dept d JOIN (SELECT deptno, count(*) AS c, max(sal) AS m FROM emp GROUP BY deptno) t ON t.deptno = d.deptno GROUP BY d.name;
-- aggregate below key join (aggregate pushed through join)
SELECT d.deptno, d.name, sum(e.sal) AS s, count(*) AS c FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY d.deptno, d.name;
SELECT d.deptno, d.name, t.s, t.c FROM dept d JOIN (SELECT deptno, sum(sal) AS s, count(*) AS c FROM emp GROUP BY deptno) t ON d.deptno = t.deptno;
-- aggregate multiply other side count (aggregate pushed through join)
SELECT e.deptno, sum(e.sal) AS s FROM emp e JOIN bonus b ON e.job = b.job GROUP BY e.deptno;
SELECT e.deptno, sum(e.sal * b.c) AS s FROM emp e JOIN (SELECT job, count(*) AS c FROM bonus GROUP BY job) b ON e.job = b.job GROUP BY e.deptno;
-- aggregate min max ignores duplicates (aggregate pushed through join)
SELECT e.deptno, min(e.sal) AS lo, max(b.comm) AS hi FROM emp e JOIN bonus b ON e.job = b.job GROUP BY e.deptno;
SELECT e.deptno, min(e.sal) AS lo, max(b.comm) AS hi FROM emp e JOIN (SELECT DISTINCT job, comm FROM bonus) b ON e.job = b.job GROUP BY e.deptno;
-- aggregate sum through union (aggregate pushed through union)
SELECT u.job, sum(u.sal) AS s, count(*) AS c FROM (SELECT job, sal FROM emp UNION ALL SELECT job, sal FROM bonus) u GROUP BY u.job;
SELECT u.job, sum(u.s) AS s, sum(u.c) AS c FROM (SELECT job, sum(sal) AS s, count(*) AS c FROM emp GROUP BY job UNION ALL SELECT job, sum(sal) AS s, count(*) AS c FROM bonus GROUP BY job) u GROUP BY u.job;
-- aggregate global count through union (aggregate pushed through union)
SELECT count(*) AS c FROM (SELECT ename FROM emp WHERE sal > 10 UNION ALL SELECT ename FROM bonus) u;
SELECT (SELECT count(*) FROM emp WHERE sal > 10) + (SELECT count(*) FROM bonus) AS c;
-- aggregate max through union distinct (aggregate pushed through union)
SELECT max(u.v) AS m, min(u.v) AS n FROM (SELECT sal AS v FROM emp UNION SELECT comm AS v FROM bonus) u;
SELECT max(u.m) AS m, min(u.n) AS n FROM (SELECT max(sal) AS m, min(sal) AS n FROM emp UNION ALL SELECT max(comm) AS m, min(comm) AS n FROM bonus) u;
-- aggregate merge sum of sum (aggregate merge)
SELECT t.deptno, sum(t.s) AS s, max(t.m) AS m FROM (SELECT deptno, job, sum(sal) AS s, max(hiredate) AS m FROM emp GROUP BY deptno, job) t GROUP BY t.deptno;
SELECT deptno, sum(sal) AS s, max(hiredate) AS m FROM emp GROUP BY deptno;
-- aggregate merge global (aggregate merge)
SELECT min(t.m) AS m, sum(t.s) AS s FROM (SELECT job, min(sal) AS m, sum(comm) AS s FROM emp WHERE sal > 5 GROUP BY job) t;
SELECT min(sal) AS m, sum(comm) AS s FROM emp WHERE sal > 5;
-- aggregate count of groups (aggregate merge)
SELECT count(*) AS c FROM (SELECT job FROM emp WHERE job IS NOT NULL GROUP BY job) t;
SELECT count(DISTINCT job) AS c FROM emp;
-- count distinct expand grouped (distinct aggregate expansion)
SELECT deptno, count(DISTINCT job) AS j FROM emp WHERE sal > 5 GROUP BY deptno;
SELECT t.deptno, count(t.job) AS j FROM (SELECT deptno, job FROM emp WHERE sal > 5 GROUP BY deptno, job) t GROUP BY t.deptno;
-- distinct aggregate with plain expand (distinct aggregate expansion)
SELECT deptno, count(DISTINCT job) AS j, sum(sal) AS s FROM emp GROUP BY deptno;
SELECT t.deptno, count(t.job) AS j, sum(t.s) AS s FROM (SELECT deptno, job, sum(sal) AS s FROM emp GROUP BY deptno, job) t GROUP BY t.deptno;
-- distinct aggregates two columns join (distinct aggregate expansion)
SELECT count(DISTINCT job) AS j, count(DISTINCT deptno) AS d FROM emp;
SELECT a.j, b.d FROM (SELECT count(job) AS j FROM (SELECT DISTINCT job FROM emp) x) a CROSS JOIN (SELECT count(deptno) AS d FROM (SELECT DISTINCT deptno FROM emp) y) b;
-- min max distinct removal (distinct aggregate removal)
SELECT job, max(DISTINCT sal) AS m, min(DISTINCT comm) AS n FROM emp GROUP BY job;
SELECT job, max(sal) AS m, min(comm) AS n FROM emp GROUP BY job;
-- count distinct key (distinct aggregate removal)
SELECT deptno, count(DISTINCT empno) AS c FROM emp WHERE sal > 10 GROUP BY deptno;
SELECT deptno, count(*) AS c FROM emp WHERE sal > 10 GROUP BY deptno;
-- sum distinct over distinct input (distinct aggregate removal)
SELECT sum(DISTINCT t.sal) AS s FROM (SELECT DISTINCT sal FROM emp WHERE job = 'CLERK') t;
SELECT sum(DISTINCT sal) AS s FROM emp WHERE job = 'CLERK';
-- count not null column (count simplification)
SELECT d.name, count(e.empno) AS c, count(e.ename) AS n FROM dept d JOIN emp e ON d.deptno = e.deptno GROUP BY d.name;
SELECT d.name, count(*) AS c, count(*) AS n FROM dept d JOIN emp e ON d.deptno = e.deptno GROUP BY d.name;
-- count nullable to filter (count simplification)
SELECT count(comm) AS c FROM emp WHERE deptno = 10;
SELECT count(*) AS c FROM emp WHERE deptno = 10 AND comm IS NOT NULL;
-- count constant (count simplification)
SELECT job, count(1) AS c, count('x') AS x FROM emp GROUP BY job;
SELECT job, count(*) AS c, count(*) AS x FROM emp GROUP BY job;
-- sum constant to count (sum and count rewriting)
SELECT d.name, sum(3) AS s FROM dept d JOIN emp e ON e.deptno = d.deptno GROUP BY d.name;
SELECT d.name, 3 * count(*) AS s FROM dept d JOIN emp e ON e.deptno = d.deptno GROUP BY d.name;
-- sum of sums not null (sum and count rewriting)
SELECT deptno, sum(CAST(projno AS BIGINT) + CAST(deptno AS BIGINT)) AS s FROM proj GROUP BY deptno;
SELECT deptno, sum(projno) + sum(deptno) AS s FROM proj GROUP BY deptno;
-- sum plus constant (sum and count rewriting)
SELECT job, sum(sal + 1) AS s FROM emp WHERE deptno IS NOT NULL GROUP BY job;
SELECT job, sum(sal) + count(sal) AS s FROM emp WHERE deptno IS NOT NULL GROUP BY job;
-- sum case to count filter (aggregate filter and case)
SELECT deptno, sum(CASE WHEN job = 'CLERK' THEN 1 ELSE 0 END) AS c FROM emp GROUP BY deptno;
SELECT deptno, count(*) FILTER (WHERE job = 'CLERK') AS c FROM emp GROUP BY deptno;
-- count case to filter (aggregate filter and case)
SELECT count(CASE WHEN sal > 10 THEN 1 END) AS a, count(CASE WHEN comm > 5 THEN job END) AS b FROM emp;
SELECT count(*) FILTER (WHERE sal > 10) AS a, count(job) FILTER (WHERE comm > 5) AS b FROM emp;
-- sum filter to case (aggregate filter and case)
SELECT d.name, sum(e.sal) FILTER (WHERE e.job = 'CLERK') AS s FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY d.name;
SELECT d.name, sum(CASE WHEN e.job = 'CLERK' THEN e.sal END) AS s FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY d.name;
-- aggregate filter common to where (aggregate filter and case)
SELECT sum(sal) FILTER (WHERE deptno = 10) AS s, count(*) FILTER (WHERE deptno = 10) AS c FROM emp;
SELECT sum(sal) AS s, count(*) AS c FROM emp WHERE deptno = 10;
-- aggregate filter implied by where (aggregate filter and case)
SELECT job, max(sal) FILTER (WHERE sal > 10) AS m FROM emp WHERE sal > 100 GROUP BY job;
SELECT job, max(sal) AS m FROM emp WHERE sal > 100 GROUP BY job;
-- avg distinct of distinct (average)
SELECT avg(t.sal) AS a FROM (SELECT DISTINCT sal FROM emp WHERE deptno = 10) t;
SELECT avg(DISTINCT sal) AS a FROM emp WHERE deptno = 10;
-- avg over key group (average)
SELECT t.empno, t.a FROM (SELECT empno, avg(CAST(sal AS DOUBLE)) AS a FROM emp GROUP BY empno) t JOIN assign s ON s.empno = t.empno;
SELECT e.empno, CAST(e.sal AS DOUBLE) AS a FROM emp e JOIN assign s ON e.empno = s.empno;
-- avg split sum count (average)
SELECT deptno, avg(sal) AS a FROM emp GROUP BY deptno;
SELECT deptno, CAST(sum(sal) AS DOUBLE) / CAST(count(sal) AS DOUBLE) AS a FROM emp GROUP BY deptno;
-- group by constant column (group-by constants)
SELECT t.k, t.deptno, count(*) AS c FROM (SELECT 'x' AS k, deptno FROM emp WHERE sal > 5) t GROUP BY t.k, t.deptno;
SELECT 'x' AS k, deptno, count(*) AS c FROM emp WHERE sal > 5 GROUP BY deptno;
-- group by only constant (group-by constants)
SELECT t.k, sum(t.sal) AS s FROM (SELECT 1 AS k, sal FROM emp WHERE job = 'CLERK') t GROUP BY t.k;
SELECT 1 AS k, sum(sal) AS s FROM emp WHERE job = 'CLERK' HAVING count(*) > 0;
-- group by filtered constant (group-by constants)
SELECT deptno, job, count(*) AS c FROM emp WHERE deptno = 10 GROUP BY deptno, job;
SELECT CAST(10 AS INT) AS deptno, job, count(*) AS c FROM emp WHERE deptno = 10 GROUP BY job;
-- group by derived expression (group-by redundant keys)
SELECT deptno, sum(sal) AS s FROM emp GROUP BY deptno, deptno + 1, deptno * 2;
SELECT deptno, sum(sal) AS s FROM emp GROUP BY deptno;
-- group by equal columns (group-by redundant keys)
SELECT e.deptno, count(*) AS c FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY e.deptno, d.deptno;
SELECT e.deptno, count(*) AS c FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY e.deptno;
-- group by functional dependency (group-by redundant keys)
SELECT d.deptno, d.name, d.loc, sum(e.sal) AS s FROM dept d LEFT JOIN emp e ON d.deptno = e.deptno GROUP BY d.deptno, d.name, d.loc;
SELECT d.deptno, max(d.name) AS name, min(d.loc) AS loc, sum(e.sal) AS s FROM dept d LEFT JOIN emp e ON d.deptno = e.deptno GROUP BY d.deptno;
-- group by key removal (aggregate on a key)
SELECT empno, max(sal) AS m, min(comm) AS n, count(*) AS c FROM emp WHERE sal > 10 GROUP BY empno;
SELECT empno, sal AS m, comm AS n, CAST(1 AS BIGINT) AS c FROM emp WHERE sal > 10;
-- group by key sum count (aggregate on a key)
SELECT empno, sum(sal) AS s, count(comm) AS c FROM emp GROUP BY empno, job;
SELECT empno, CAST(sal AS BIGINT) AS s, CAST(CASE WHEN comm IS NULL THEN 0 ELSE 1 END AS BIGINT) AS c FROM emp;
-- distinct on key removal (distinct removal)
SELECT DISTINCT e.empno, e.ename, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE d.loc = 'NYC';
SELECT e.empno, e.ename, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno WHERE d.loc = 'NYC';
-- distinct after group by (distinct removal)
SELECT DISTINCT job, deptno, count(*) AS c FROM emp GROUP BY job, deptno;
SELECT job, deptno, count(*) AS c FROM emp GROUP BY job, deptno;
-- distinct of distinct (distinct removal)
SELECT DISTINCT t.job FROM (SELECT DISTINCT job, deptno FROM emp WHERE sal > 5) t;
SELECT job FROM emp WHERE sal > 5 GROUP BY job;
-- distinct push join (distinct pushed through join)
SELECT DISTINCT e.job, b.comm FROM emp e JOIN bonus b ON e.job = b.job;
SELECT e.job, b.comm FROM (SELECT DISTINCT job FROM emp) e JOIN (SELECT DISTINCT job, comm FROM bonus) b ON e.job = b.job;
-- distinct push union (distinct pushed through union)
SELECT DISTINCT u.job FROM (SELECT job FROM emp UNION ALL SELECT job FROM bonus WHERE sal > 5) u;
SELECT DISTINCT u.job FROM (SELECT DISTINCT job FROM emp UNION ALL SELECT DISTINCT job FROM bonus WHERE sal > 5) u;
-- global aggregate over empty (empty propagation)
SELECT d.name, t.c, t.s FROM dept d CROSS JOIN (SELECT count(*) AS c, sum(sal) AS s FROM emp WHERE 1 = 2) t;
SELECT name, CAST(0 AS BIGINT) AS c, CAST(NULL AS BIGINT) AS s FROM dept;
-- grouped aggregate over empty (empty propagation)
SELECT ename FROM emp WHERE sal > 10 UNION ALL SELECT max(ename) AS ename FROM bonus WHERE FALSE GROUP BY job;
SELECT ename FROM emp WHERE sal > 10;
-- rollup to union (grouping sets)
SELECT deptno, job, sum(sal) AS s FROM emp GROUP BY ROLLUP (deptno, job);
SELECT deptno, job, sum(sal) AS s FROM emp GROUP BY deptno, job UNION ALL SELECT deptno, CAST(NULL AS VARCHAR) AS job, sum(sal) AS s FROM emp GROUP BY deptno UNION ALL SELECT CAST(NULL AS INT) AS deptno, CAST(NULL AS VARCHAR) AS job, sum(sal) AS s FROM emp;
-- cube to grouping sets (grouping sets)
SELECT deptno, slacker, count(*) AS c FROM emp WHERE sal > 5 GROUP BY CUBE (deptno, slacker);
SELECT deptno, slacker, count(*) AS c FROM emp WHERE sal > 5 GROUP BY GROUPING SETS ((deptno, slacker), (deptno), (slacker), ());
-- grouping sets single (grouping sets)
SELECT d.name, sum(e.sal) AS s FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY GROUPING SETS ((d.name));
SELECT d.name, sum(e.sal) AS s FROM emp e JOIN dept d ON e.deptno = d.deptno GROUP BY d.name;
-- grouping function filter (grouping sets)
SELECT deptno, job, count(*) AS c FROM emp GROUP BY ROLLUP (deptno, job) HAVING grouping(job) = 0;
SELECT deptno, job, count(*) AS c FROM emp GROUP BY deptno, job;
-- rollup null rejecting filter (grouping sets)
SELECT t.deptno, t.job, t.s FROM (SELECT deptno, job, sum(sal) AS s FROM emp GROUP BY ROLLUP (deptno, job)) t WHERE t.job = 'CLERK';
SELECT deptno, job, sum(sal) AS s FROM emp WHERE job = 'CLERK' GROUP BY deptno, job;
-- union flatten (union merge)
SELECT ename FROM emp WHERE sal > 10 UNION ALL (SELECT ename FROM bonus UNION ALL SELECT name AS ename FROM dept);
SELECT ename FROM emp WHERE sal > 10 UNION ALL SELECT ename FROM bonus UNION ALL SELECT name AS ename FROM dept;
-- union distinct absorbs inner (union merge)
SELECT job FROM emp UNION (SELECT job FROM bonus UNION ALL SELECT name AS job FROM dept);
SELECT DISTINCT job FROM (SELECT name AS job FROM dept UNION ALL SELECT job FROM emp UNION ALL SELECT job FROM bonus) u;
-- union same to distinct (union merge)
SELECT job, deptno FROM emp WHERE sal > 10 UNION SELECT job, deptno FROM emp WHERE sal > 10;
SELECT DISTINCT job, deptno FROM emp WHERE sal > 10;
-- union disjoint filters to or (union of filters)
SELECT empno, sal FROM emp WHERE deptno = 10 UNION ALL SELECT empno, sal FROM emp WHERE deptno = 20;
SELECT empno, sal FROM emp WHERE deptno IN (10, 20);
-- union complement filters (union of filters)
SELECT ename, job FROM emp WHERE sal > 10 UNION ALL SELECT ename, job FROM emp WHERE sal <= 10;
SELECT ename, job FROM emp WHERE sal IS NOT NULL;
-- union distinct overlap key (union of filters)
SELECT empno, ename FROM emp WHERE sal > 10 UNION SELECT empno, ename FROM emp WHERE comm > 5;
SELECT empno, ename FROM emp WHERE sal > 10 OR comm > 5;
-- union distinct overlap no key (union of filters)
SELECT job FROM emp WHERE sal > 10 UNION SELECT job FROM emp WHERE comm > 5;
SELECT DISTINCT job FROM emp WHERE comm > 5 OR sal > 10;
-- union empty branch (empty propagation)
SELECT job, sal FROM emp WHERE sal > 5 UNION SELECT job, sal FROM bonus WHERE sal <> sal;
SELECT DISTINCT job, sal FROM emp WHERE sal > 5;
-- intersect to semi join (intersect)
SELECT job, sal FROM emp INTERSECT SELECT job, sal FROM bonus;
SELECT DISTINCT e.job, e.sal FROM emp e WHERE EXISTS (SELECT 1 FROM bonus b WHERE (b.job IS NOT DISTINCT FROM e.job) AND (b.sal IS NOT DISTINCT FROM e.sal));
-- intersect same table key (intersect)
SELECT empno, job FROM emp WHERE sal > 10 INTERSECT SELECT empno, job FROM emp WHERE comm > 5;
SELECT empno, job FROM emp WHERE sal > 10 AND comm > 5;
-- intersect commute associate (intersect)
(SELECT job FROM emp INTERSECT SELECT job FROM bonus WHERE sal > 5) INTERSECT SELECT ename AS job FROM bonus;
SELECT job FROM bonus WHERE sal > 5 INTERSECT (SELECT ename AS job FROM bonus INTERSECT SELECT job FROM emp);
-- intersect not null to join (intersect)
SELECT deptno FROM dept WHERE loc = 'NYC' INTERSECT SELECT deptno FROM proj;
SELECT DISTINCT d.deptno FROM dept d JOIN proj p ON d.deptno = p.deptno WHERE d.loc = 'NYC';
-- except to anti join (except)
SELECT job, sal FROM emp EXCEPT SELECT job, sal FROM bonus;
SELECT DISTINCT e.job, e.sal FROM emp e WHERE NOT EXISTS (SELECT 1 FROM bonus b WHERE (b.job IS NOT DISTINCT FROM e.job) AND (b.sal IS NOT DISTINCT FROM e.sal));
-- except chain to union (except)
(SELECT job FROM emp EXCEPT SELECT job FROM bonus WHERE sal > 10) EXCEPT SELECT ename AS job FROM bonus;
SELECT job FROM emp EXCEPT (SELECT job FROM bonus WHERE sal > 10 UNION ALL SELECT ename AS job FROM bonus);
-- except same table key (except)
SELECT empno, ename FROM emp EXCEPT SELECT empno, ename FROM emp WHERE sal > 10;
SELECT empno, ename FROM emp WHERE sal <= 10 OR sal IS NULL;
-- except key not exists (except)
SELECT deptno FROM dept EXCEPT SELECT deptno FROM emp WHERE sal > 10;
SELECT d.deptno FROM dept d WHERE NOT EXISTS (SELECT 1 FROM emp e WHERE e.deptno = d.deptno AND e.sal > 10);
-- except self empty (except)
SELECT job FROM emp WHERE sal > 10 EXCEPT SELECT job FROM emp WHERE sal > 10 UNION ALL SELECT job FROM bonus;
SELECT job FROM bonus;
-- window partition on key (window)
SELECT empno, count(*) OVER (PARTITION BY empno) AS r, sum(comm) OVER (PARTITION BY empno) AS s FROM emp WHERE sal > 10;
SELECT empno, CAST(1 AS BIGINT) AS r, CAST(comm AS BIGINT) AS s FROM emp WHERE sal > 10;
-- window row number one on key (window)
SELECT t.empno, t.ename FROM (SELECT empno, ename, deptno, row_number() OVER (PARTITION BY empno ORDER BY hiredate) AS r FROM emp) t WHERE t.r = 1;
SELECT empno, ename FROM emp;
-- window whole table to cross join (window)
SELECT empno, sum(sal) OVER () AS s, max(sal) OVER () AS m FROM emp WHERE job = 'CLERK';
SELECT e.empno, t.s, t.m FROM emp e CROSS JOIN (SELECT sum(sal) AS s, max(sal) AS m FROM emp WHERE job = 'CLERK') t WHERE e.job = 'CLERK';
-- window to group join (window)
SELECT empno, sum(sal) OVER (PARTITION BY deptno) AS s FROM emp;
SELECT e.empno, t.s FROM emp e JOIN (SELECT deptno, sum(sal) AS s FROM emp GROUP BY deptno) t ON e.deptno IS NOT DISTINCT FROM t.deptno;
-- window constant partition (window)
SELECT t.ename, rank() OVER (PARTITION BY t.deptno ORDER BY t.sal NULLS FIRST) AS r FROM emp t WHERE t.deptno = 20;
SELECT ename, rank() OVER (ORDER BY sal NULLS FIRST) AS r FROM emp WHERE deptno = 20;
-- window duplicate order key (window)
SELECT ename, dense_rank() OVER (PARTITION BY job, job ORDER BY sal NULLS LAST, job, sal DESC) AS r FROM emp;
SELECT ename, dense_rank() OVER (PARTITION BY job ORDER BY sal NULLS LAST) AS r FROM emp;
-- window rank one to max (window top)
SELECT t.empno, t.sal FROM (SELECT empno, sal, deptno, rank() OVER (PARTITION BY deptno ORDER BY sal DESC) AS r FROM emp WHERE sal IS NOT NULL) t WHERE t.r = 1;
SELECT t.empno, t.sal FROM (SELECT empno, sal, max(sal) OVER (PARTITION BY deptno) AS m FROM emp) t WHERE t.sal = t.m;
-- window row number to distinct on (window top)
SELECT t.deptno, t.empno FROM (SELECT deptno, empno, row_number() OVER (PARTITION BY deptno ORDER BY empno DESC) AS r FROM emp) t WHERE t.r = 1;
SELECT DISTINCT ON (deptno) deptno, empno FROM emp ORDER BY deptno, empno DESC;
-- window row number first to min (window top)
SELECT t.deptno, t.empno FROM (SELECT deptno, empno, row_number() OVER (PARTITION BY deptno ORDER BY empno) AS r FROM emp) t WHERE t.r = 1;
SELECT deptno, min(empno) AS empno FROM emp GROUP BY deptno;
-- window qualify to subquery (window top)
SELECT ename, sal FROM emp WHERE deptno IS NOT NULL QUALIFY dense_rank() OVER (PARTITION BY deptno ORDER BY sal DESC NULLS LAST) <= 2;
SELECT t.ename, t.sal FROM (SELECT ename, sal, dense_rank() OVER (PARTITION BY deptno ORDER BY sal DESC NULLS LAST) AS r FROM emp WHERE deptno IS NOT NULL) t WHERE t.r < 3;
-- sort redundant after key (sort simplification)
SELECT empno, ename FROM emp WHERE sal > 5 ORDER BY empno, ename, sal;
SELECT empno, ename FROM emp WHERE sal > 5 ORDER BY empno;
-- sort constant key (sort simplification)
SELECT empno, deptno FROM emp WHERE deptno = 10 ORDER BY deptno, empno DESC;
SELECT empno, deptno FROM emp WHERE deptno = 10 ORDER BY empno DESC;
-- sort duplicate key (sort simplification)
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno ORDER BY d.deptno, e.deptno DESC, e.empno;
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno ORDER BY e.deptno, e.empno;
-- sort in subquery removal (sort removal)
SELECT t.job, sum(t.sal) AS s FROM (SELECT job, sal FROM emp ORDER BY sal NULLS LAST, job) t GROUP BY t.job;
SELECT job, sum(sal) AS s FROM emp GROUP BY job;
-- limit merge (limit merge)
SELECT * FROM (SELECT empno, sal FROM emp ORDER BY empno LIMIT 5) t ORDER BY empno LIMIT 3;
SELECT empno, sal FROM emp ORDER BY empno LIMIT 3;
-- limit offset merge (limit merge)
SELECT t.empno, t.ename FROM (SELECT empno, ename FROM emp ORDER BY empno LIMIT 5 OFFSET 1) t ORDER BY t.empno LIMIT 10 OFFSET 1;
SELECT empno, ename FROM emp ORDER BY empno LIMIT 4 OFFSET 2;
-- limit zero (limit simplification)
SELECT e.ename FROM emp e JOIN (SELECT deptno FROM dept ORDER BY deptno LIMIT 0) d ON e.deptno = d.deptno UNION ALL SELECT ename FROM bonus;
SELECT ename FROM bonus;
-- limit on global aggregate (limit simplification)
SELECT count(*) AS c, max(sal) AS m FROM emp WHERE job = 'CLERK' ORDER BY c LIMIT 1;
SELECT count(*) AS c, max(sal) AS m FROM emp WHERE job = 'CLERK';
-- limit on key lookup (limit simplification)
SELECT ename, sal FROM emp WHERE empno = 3 ORDER BY ename LIMIT 1;
SELECT ename, sal FROM emp WHERE empno = 3;
-- limit push left join (limit push-down)
SELECT e.empno, d.name FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno ORDER BY e.empno LIMIT 3;
SELECT e.empno, d.name FROM (SELECT empno, deptno FROM emp ORDER BY empno LIMIT 3) e LEFT JOIN dept d ON e.deptno = d.deptno ORDER BY e.empno;
-- limit push union all (limit push-down)
SELECT u.v FROM (SELECT empno AS v FROM emp UNION ALL SELECT deptno AS v FROM dept) u ORDER BY u.v LIMIT 4;
SELECT u.v FROM ((SELECT empno AS v FROM emp ORDER BY empno LIMIT 4) UNION ALL (SELECT deptno AS v FROM dept ORDER BY deptno LIMIT 4)) u ORDER BY u.v LIMIT 4;
-- limit push project (limit push-down)
SELECT t.k, t.d FROM (SELECT empno AS k, coalesce(sal, 0) * 2 AS d FROM emp WHERE job IS NOT NULL) t ORDER BY t.k DESC LIMIT 2;
SELECT t.empno AS k, coalesce(t.sal, 0) * 2 AS d FROM (SELECT empno, sal FROM emp WHERE job IS NOT NULL ORDER BY empno DESC LIMIT 2) t ORDER BY t.empno DESC;
-- limit one to max (limit and aggregates)
SELECT sal FROM emp WHERE sal IS NOT NULL AND deptno = 10 ORDER BY sal DESC LIMIT 1;
SELECT max(sal) AS sal FROM emp WHERE deptno = 10 HAVING max(sal) IS NOT NULL;
