-- filter push null supplying side (filter below outer join)
SELECT e.empno, b.sal FROM emp e LEFT JOIN bonus b ON e.ename = b.ename WHERE b.sal > 10;
SELECT e.empno, b.sal FROM emp e LEFT JOIN bonus b ON e.ename = b.ename AND b.sal > 10;
-- left side condition in on (filter below outer join)
SELECT e.empno, b.sal FROM emp e LEFT JOIN bonus b ON e.ename = b.ename AND e.sal > 10;
SELECT e.empno, b.sal FROM (SELECT * FROM emp WHERE sal > 10) e LEFT JOIN bonus b ON e.ename = b.ename;
-- outer to inner is null test (outer join simplification)
SELECT e.empno, b.comm FROM emp e LEFT JOIN bonus b ON e.job = b.job WHERE b.comm < 100 OR b.comm IS NULL;
SELECT e.empno, b.comm FROM emp e JOIN bonus b ON e.job = b.job WHERE b.comm < 100 OR b.comm IS NULL;
-- outer to inner coalesce (outer join simplification)
SELECT e.empno FROM emp e LEFT JOIN bonus b ON e.ename = b.ename WHERE coalesce(b.comm, 0) < 100;
SELECT e.empno FROM emp e JOIN bonus b ON e.ename = b.ename WHERE coalesce(b.comm, 0) < 100;
-- full to left wrong side (outer join simplification)
SELECT e.empno, b.sal FROM emp e FULL JOIN bonus b ON e.job = b.job WHERE e.sal > 5;
SELECT e.empno, b.sal FROM emp e RIGHT JOIN bonus b ON e.job = b.job WHERE e.sal > 5;
-- fk nullable join eliminated (join elimination by foreign key)
SELECT e.empno, e.sal FROM emp e JOIN dept d ON e.deptno = d.deptno;
SELECT empno, sal FROM emp;
-- left join not unique eliminated (left join elimination)
SELECT e.empno FROM emp e LEFT JOIN bonus b ON e.ename = b.ename;
SELECT empno FROM emp;
-- left join part of key eliminated (left join elimination)
SELECT e.empno, e.ename FROM emp e LEFT JOIN assign a ON a.empno = e.empno;
SELECT empno, ename FROM emp;
-- left join eliminated under count (left join elimination)
SELECT e.deptno, count(*) AS c FROM emp e LEFT JOIN bonus b ON e.ename = b.ename GROUP BY e.deptno;
SELECT deptno, count(*) AS c FROM emp GROUP BY deptno;
-- self join on non key (self join elimination)
SELECT a.empno FROM emp a JOIN emp b ON a.ename = b.ename;
SELECT empno FROM emp;
-- self join on nullable (self join elimination)
SELECT DISTINCT a.empno FROM emp a JOIN emp b ON a.mgr = b.mgr;
SELECT empno FROM emp;
-- join to semi join duplicates (join to semi-join)
SELECT e.empno FROM emp e JOIN bonus b ON e.job = b.job WHERE b.sal > 5;
SELECT e.empno FROM emp e WHERE EXISTS (SELECT 1 FROM bonus b WHERE e.job = b.job AND b.sal > 5);
-- distinct join to semi join no key (join to semi-join)
SELECT DISTINCT e.job FROM emp e JOIN bonus b ON e.ename = b.ename;
SELECT job FROM emp WHERE ename IN (SELECT ename FROM bonus);
-- not in nullable (anti-join)
SELECT e.empno FROM emp e WHERE e.empno NOT IN (SELECT m.mgr FROM emp m);
SELECT e.empno FROM emp e WHERE NOT EXISTS (SELECT 1 FROM emp m WHERE m.mgr = e.empno);
-- not in nullable outer (anti-join)
SELECT e.empno FROM emp e WHERE e.job NOT IN (SELECT b.job FROM bonus b WHERE b.job IS NOT NULL);
SELECT e.empno FROM emp e WHERE NOT EXISTS (SELECT 1 FROM bonus b WHERE b.job = e.job);
-- anti join null test on nullable (anti-join)
SELECT e.empno FROM emp e LEFT JOIN bonus b ON e.ename = b.ename WHERE b.sal IS NULL;
SELECT e.empno FROM emp e WHERE NOT EXISTS (SELECT 1 FROM bonus b WHERE b.ename = e.ename);
-- negated semi join (anti-join)
SELECT e.empno FROM emp e JOIN dept d ON e.deptno <> d.deptno;
SELECT e.empno FROM emp e WHERE e.deptno NOT IN (SELECT deptno FROM dept);
-- exists two merged (semi-join merging)
SELECT e.empno FROM emp e WHERE EXISTS (SELECT 1 FROM bonus b WHERE b.job = e.job AND b.sal > 10) AND EXISTS (SELECT 1 FROM bonus b WHERE b.job = e.job AND b.comm > 5);
SELECT e.empno FROM emp e WHERE EXISTS (SELECT 1 FROM bonus b WHERE b.job = e.job AND b.sal > 10 AND b.comm > 5);
-- exists global aggregate (scalar subquery)
SELECT d.name FROM dept d WHERE EXISTS (SELECT max(e.sal) FROM emp e WHERE e.deptno = d.deptno);
SELECT d.name FROM dept d WHERE EXISTS (SELECT 1 FROM emp e WHERE e.deptno = d.deptno);
-- count bug (decorrelation)
SELECT d.name, (SELECT count(*) FROM emp e WHERE e.deptno = d.deptno) AS c FROM dept d;
SELECT d.name, t.c FROM dept d JOIN (SELECT deptno, count(*) AS c FROM emp GROUP BY deptno) t ON d.deptno = t.deptno;
-- count bug left join (decorrelation)
SELECT d.deptno, (SELECT count(*) FROM emp e WHERE e.deptno = d.deptno) AS c FROM dept d;
SELECT d.deptno, count(*) AS c FROM dept d LEFT JOIN emp e ON e.deptno = d.deptno GROUP BY d.deptno;
-- scalar sum coalesced (decorrelation)
SELECT d.name, (SELECT sum(e.sal) FROM emp e WHERE e.deptno = d.deptno) AS s FROM dept d;
SELECT d.name, coalesce(t.s, 0) AS s FROM dept d LEFT JOIN (SELECT deptno, sum(sal) AS s FROM emp GROUP BY deptno) t ON d.deptno = t.deptno;
-- scalar max to window null group (decorrelation)
SELECT e.empno FROM emp e WHERE e.sal = (SELECT max(x.sal) FROM emp x WHERE x.deptno = e.deptno);
SELECT t.empno FROM (SELECT empno, sal, max(sal) OVER (PARTITION BY deptno) AS m FROM emp) t WHERE t.sal = t.m;
-- in not correlated (exists and in)
SELECT e.empno FROM emp e WHERE e.sal IN (SELECT b.sal FROM bonus b WHERE b.ename = e.ename);
SELECT e.empno FROM emp e WHERE e.sal IN (SELECT b.sal FROM bonus b);
-- having on aggregate to where (filter below aggregate)
SELECT deptno, max(sal) AS m FROM emp GROUP BY deptno HAVING min(sal) > 10;
SELECT deptno, max(sal) AS m FROM emp WHERE sal > 10 GROUP BY deptno;
-- where below aggregate changes sum (filter below aggregate)
SELECT deptno, sum(sal) AS s FROM emp WHERE job = 'CLERK' GROUP BY deptno;
SELECT deptno, sum(sal) FILTER (WHERE job = 'CLERK') AS s FROM emp GROUP BY deptno;
-- filter below window not partition (filter below window)
SELECT t.empno, t.r FROM (SELECT empno, job, rank() OVER (PARTITION BY deptno ORDER BY sal NULLS LAST) AS r FROM emp) t WHERE t.job = 'CLERK';
SELECT empno, rank() OVER (PARTITION BY deptno ORDER BY sal NULLS LAST) AS r FROM emp WHERE job = 'CLERK';
-- filter below limit (filter below limit)
SELECT t.empno FROM (SELECT empno, job FROM emp ORDER BY empno LIMIT 2) t WHERE t.job = 'CLERK';
SELECT t.empno FROM (SELECT empno FROM emp WHERE job = 'CLERK' ORDER BY empno LIMIT 2) t;
-- limit push inner join (limit push-down)
SELECT e.empno, d.name FROM emp e JOIN dept d ON e.deptno = d.deptno ORDER BY e.empno LIMIT 2;
SELECT e.empno, d.name FROM (SELECT empno, deptno FROM emp ORDER BY empno LIMIT 2) e JOIN dept d ON e.deptno = d.deptno ORDER BY e.empno;
-- limit push left join duplicates (limit push-down)
SELECT e.empno FROM emp e LEFT JOIN bonus b ON e.ename = b.ename ORDER BY e.empno LIMIT 2;
SELECT e.empno FROM (SELECT empno, ename FROM emp ORDER BY empno LIMIT 2) e LEFT JOIN bonus b ON e.ename = b.ename ORDER BY e.empno;
-- limit offset merged wrong (limit merge)
SELECT t.empno FROM (SELECT empno FROM emp ORDER BY empno LIMIT 3) t ORDER BY t.empno LIMIT 3 OFFSET 1;
SELECT empno FROM emp ORDER BY empno LIMIT 3 OFFSET 1;
-- union all to distinct (union merge)
SELECT job FROM emp UNION ALL SELECT job FROM bonus;
SELECT job FROM emp UNION SELECT job FROM bonus;
-- union all overlap to or (union of filters)
SELECT empno FROM emp WHERE sal > 10 UNION ALL SELECT empno FROM emp WHERE comm > 5;
SELECT empno FROM emp WHERE sal > 10 OR comm > 5;
-- union distinct no key to or (union of filters)
SELECT job FROM emp WHERE sal > 10 UNION SELECT job FROM emp WHERE comm > 5;
SELECT job FROM emp WHERE sal > 10 OR comm > 5;
-- union complement null (union of filters)
SELECT empno FROM emp WHERE sal > 10 UNION ALL SELECT empno FROM emp WHERE sal <= 10;
SELECT empno FROM emp;
-- union all inner distinct (union merge)
SELECT job FROM emp UNION ALL (SELECT job FROM bonus UNION SELECT ename AS job FROM bonus);
SELECT job FROM emp UNION ALL SELECT job FROM bonus UNION ALL SELECT ename AS job FROM bonus;
-- intersect no key to and (intersect)
SELECT job FROM emp WHERE sal > 10 INTERSECT SELECT job FROM emp WHERE comm > 5;
SELECT DISTINCT job FROM emp WHERE sal > 10 AND comm > 5;
-- intersect to equality join null (intersect)
SELECT job FROM emp INTERSECT SELECT job FROM bonus;
SELECT DISTINCT e.job FROM emp e JOIN bonus b ON e.job = b.job;
-- except no distinct (except)
SELECT ename FROM emp EXCEPT SELECT ename FROM bonus WHERE ename IS NOT NULL;
SELECT e.ename FROM emp e WHERE NOT EXISTS (SELECT 1 FROM bonus b WHERE b.ename = e.ename);
-- except null match (except)
SELECT job FROM emp EXCEPT SELECT job FROM bonus;
SELECT DISTINCT e.job FROM emp e WHERE NOT EXISTS (SELECT 1 FROM bonus b WHERE b.job = e.job);
-- except filter negation null (except)
SELECT empno FROM emp EXCEPT SELECT empno FROM emp WHERE sal > 10;
SELECT empno FROM emp WHERE NOT (sal > 10);
-- except reassociated (except)
SELECT job FROM emp EXCEPT (SELECT job FROM bonus EXCEPT SELECT job FROM emp WHERE sal > 10);
(SELECT job FROM emp EXCEPT SELECT job FROM bonus) EXCEPT SELECT job FROM emp WHERE sal > 10;
-- distinct dropped no key (distinct removal)
SELECT DISTINCT ename, job FROM emp WHERE sal > 5;
SELECT ename, job FROM emp WHERE sal > 5;
-- count nullable to star (count simplification)
SELECT deptno, count(comm) AS c FROM emp GROUP BY deptno;
SELECT deptno, count(*) AS c FROM emp GROUP BY deptno;
-- count filter loses group (count simplification)
SELECT deptno, count(comm) AS c FROM emp GROUP BY deptno;
SELECT deptno, count(*) AS c FROM emp WHERE comm IS NOT NULL GROUP BY deptno;
-- sum case zero (aggregate filter and case)
SELECT deptno, sum(sal) FILTER (WHERE job = 'CLERK') AS s FROM emp GROUP BY deptno;
SELECT deptno, sum(CASE WHEN job = 'CLERK' THEN sal ELSE 0 END) AS s FROM emp GROUP BY deptno;
-- sum split nullable (sum and count rewriting)
SELECT deptno, sum(sal + comm) AS s FROM emp GROUP BY deptno;
SELECT deptno, sum(sal) + sum(comm) AS s FROM emp GROUP BY deptno;
-- sum one global (sum and count rewriting)
SELECT sum(1) AS c FROM emp WHERE sal > 1000;
SELECT count(*) AS c FROM emp WHERE sal > 1000;
-- avg of avg (average)
SELECT avg(t.a) AS a FROM (SELECT deptno, avg(sal) AS a FROM emp GROUP BY deptno) t;
SELECT avg(sal) AS a FROM emp;
-- avg by count star (average)
SELECT deptno, avg(sal) AS a FROM emp GROUP BY deptno;
SELECT deptno, CAST(sum(sal) AS DOUBLE) / CAST(count(*) AS DOUBLE) AS a FROM emp GROUP BY deptno;
-- sum distinct dropped (distinct aggregate removal)
SELECT job, sum(DISTINCT sal) AS s FROM emp GROUP BY job;
SELECT job, sum(sal) AS s FROM emp GROUP BY job;
-- count groups null (aggregate merge)
SELECT count(*) AS c FROM (SELECT job FROM emp GROUP BY job) t;
SELECT count(DISTINCT job) AS c FROM emp;
-- global versus grouped (group-by constants)
SELECT sum(t.sal) AS s FROM (SELECT 1 AS k, sal FROM emp WHERE sal > 100) t GROUP BY t.k;
SELECT sum(sal) AS s FROM emp WHERE sal > 100;
-- eager sum ignores multiplicity (aggregate pushed through join)
SELECT e.job, sum(e.sal) AS s FROM emp e JOIN bonus b ON e.job = b.job GROUP BY e.job;
SELECT t.job, t.s FROM (SELECT job, sum(sal) AS s FROM emp GROUP BY job) t WHERE t.job IN (SELECT job FROM bonus);
-- group by non key dropped (group-by redundant keys)
SELECT d.loc, count(*) AS c FROM dept d GROUP BY d.loc, d.name;
SELECT d.loc, count(*) AS c FROM dept d GROUP BY d.loc;
-- group by equal in left join (group-by redundant keys)
SELECT d.deptno, count(*) AS c FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno AND d.loc = 'NYC' GROUP BY d.deptno;
SELECT e.deptno, count(*) AS c FROM emp e LEFT JOIN dept d ON e.deptno = d.deptno AND d.loc = 'NYC' GROUP BY e.deptno;
-- rollup null filter (grouping sets)
SELECT t.deptno, t.job, t.c FROM (SELECT deptno, job, count(*) AS c FROM emp GROUP BY ROLLUP (deptno, job)) t WHERE t.job IS NULL;
SELECT deptno, job, count(*) AS c FROM emp WHERE job IS NULL GROUP BY deptno, job;
-- cube versus rollup (grouping sets)
SELECT deptno, slacker, count(*) AS c FROM emp GROUP BY CUBE (deptno, slacker);
SELECT deptno, slacker, count(*) AS c FROM emp GROUP BY ROLLUP (deptno, slacker);
-- rank versus row number (window top)
SELECT t.sal FROM (SELECT sal, rank() OVER (ORDER BY sal DESC NULLS LAST) AS r FROM emp) t WHERE t.r = 1;
SELECT t.sal FROM (SELECT sal, row_number() OVER (ORDER BY sal DESC NULLS LAST) AS r FROM emp) t WHERE t.r = 1;
-- running versus total sum (window)
SELECT empno, sum(sal) OVER (PARTITION BY deptno ORDER BY empno) AS s FROM emp;
SELECT empno, sum(sal) OVER (PARTITION BY deptno) AS s FROM emp;
-- range versus rows frame (window)
SELECT empno, count(*) OVER (PARTITION BY job ORDER BY deptno NULLS LAST) AS c FROM emp;
SELECT empno, count(*) OVER (PARTITION BY job ORDER BY deptno NULLS LAST, empno ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS c FROM emp;
-- window group join equality (window)
SELECT empno, sum(sal) OVER (PARTITION BY deptno) AS s FROM emp;
SELECT e.empno, t.s FROM emp e JOIN (SELECT deptno, sum(sal) AS s FROM emp GROUP BY deptno) t ON e.deptno = t.deptno;
-- not over comparison null (negation)
SELECT empno FROM emp WHERE CASE WHEN sal > 10 THEN FALSE ELSE TRUE END;
SELECT empno FROM emp WHERE sal <= 10;
-- not in list with null (in-list)
SELECT empno FROM emp WHERE job NOT IN ('CLERK', NULL);
SELECT empno FROM emp WHERE job <> 'CLERK';
-- self equality true (null handling)
SELECT empno FROM emp WHERE sal = sal;
SELECT empno FROM emp;
-- is not true to not (boolean tests)
SELECT empno FROM emp WHERE slacker IS NOT TRUE;
SELECT empno FROM emp WHERE NOT slacker;
-- distinct from to not equal (null handling)
SELECT empno FROM emp WHERE job IS DISTINCT FROM 'CLERK';
SELECT empno FROM emp WHERE job <> 'CLERK';
-- case branch order (case)
SELECT empno, CASE WHEN sal > 10 THEN 'a' WHEN sal > 100 THEN 'b' ELSE 'c' END AS k FROM emp;
SELECT empno, CASE WHEN sal > 100 THEN 'b' WHEN sal > 10 THEN 'a' ELSE 'c' END AS k FROM emp;
-- or factor wrong (boolean factoring)
SELECT e.empno FROM emp e WHERE (e.sal > 10 AND e.job = 'CLERK') OR e.comm > 5;
SELECT e.empno FROM emp e WHERE e.sal > 10 AND (e.job = 'CLERK' OR e.comm > 5);
-- transitive not equal (transitive predicates)
SELECT e.empno FROM emp e JOIN emp m ON e.mgr = m.empno JOIN emp n ON n.empno <> m.empno WHERE n.empno <> e.empno;
SELECT e.empno FROM emp e JOIN emp m ON e.mgr = m.empno JOIN emp n ON n.empno <> m.empno;
-- date cast closed range (date ranges)
SELECT projno FROM proj WHERE CAST(started AS DATE) = DATE '2020-06-15';
SELECT projno FROM proj WHERE started BETWEEN TIMESTAMP '2020-06-15 00:00:00' AND TIMESTAMP '2020-06-16 00:00:00';
-- left join associated (join associativity)
SELECT d.name, a.hours FROM dept d LEFT JOIN emp e ON d.deptno = e.deptno JOIN assign a ON a.empno = e.empno;
SELECT d.name, a.hours FROM dept d LEFT JOIN (emp e JOIN assign a ON a.empno = e.empno) ON d.deptno = e.deptno;
-- join over union distinct (join distribution over union)
SELECT u.job, b.sal FROM (SELECT job FROM emp UNION SELECT job FROM emp WHERE sal > 5) u JOIN bonus b ON u.job = b.job;
SELECT e.job, b.sal FROM emp e JOIN bonus b ON e.job = b.job;
-- values duplicate join (values)
SELECT e.empno FROM emp e JOIN (VALUES (10), (10), (20)) AS v(a) ON e.deptno = v.a;
SELECT empno FROM emp WHERE deptno IN (10, 20);
