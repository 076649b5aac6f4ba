-- UNION ALL in another order
select sal as x from emp union all select deptno as x from dept;
select deptno as x from dept union all select sal as x from emp;
-- UNION in another order
select sal as x from emp union select deptno as x from dept;
select deptno as x from dept union select sal as x from emp;
-- UNION as DISTINCT over UNION ALL
select sal as x from emp union select deptno as x from dept;
select distinct x from (select sal as x from emp union all select deptno as x from dept) u;
-- UNION ALL of UNION ALL
(select sal as x from emp union all select deptno as x from dept) union all select comm as x from bonus;
select sal as x from emp union all (select deptno as x from dept union all select comm as x from bonus);
-- UNION of UNION
(select sal as x from emp union select deptno as x from dept) union select comm as x from bonus;
select sal as x from emp union (select deptno as x from dept union select comm as x from bonus);
-- UNION over UNION ALL
(select sal as x from emp union all select deptno as x from dept) union select comm as x from bonus;
select sal as x from emp union select deptno as x from dept union select comm as x from bonus;
-- DISTINCT below UNION
select distinct sal as x from emp union select deptno as x from dept;
select sal as x from emp union select deptno as x from dept;
-- an empty branch
select sal as x from emp union all select deptno as x from dept where false;
select sal as x from emp;
-- an empty branch of UNION
select sal as x from emp where 1 = 0 union select deptno as x from dept;
select distinct deptno as x from dept;
-- UNION with itself
select deptno from emp union select deptno from emp;
select distinct deptno from emp;
-- INTERSECT in another order
select deptno from emp intersect select deptno from dept;
select deptno from dept intersect select deptno from emp;
-- INTERSECT with itself
select deptno from emp intersect select deptno from emp;
select distinct deptno from emp;
-- INTERSECT as a semi join
select deptno from emp intersect select deptno from dept;
select distinct e.deptno from emp e where exists (select 1 from dept d where d.deptno is not distinct from e.deptno);
-- EXCEPT as an anti join
select deptno from emp except select deptno from dept;
select distinct e.deptno from emp e where not exists (select 1 from dept d where d.deptno is not distinct from e.deptno);
-- EXCEPT of nothing
select deptno from emp except select deptno from dept where false;
select distinct deptno from emp;
-- EXCEPT of itself
select deptno from emp except select deptno from emp;
select deptno from emp where false;
-- INTERSECT with nothing
select deptno from emp intersect select deptno from dept where false;
select deptno from emp where 1 = 2;
-- INTERSECT of filters
select deptno from emp where sal > 2 intersect select deptno from dept where name = 'a';
select distinct deptno from emp where sal > 2 intersect select distinct deptno from dept where name = 'a';
-- three INTERSECTs
(select deptno from emp intersect select deptno from dept) intersect select sal from emp;
select deptno from emp intersect (select deptno from dept intersect select sal from emp);
-- filters above and below UNION
select x from (select sal as x from emp union select deptno as x from dept) u where x > 1;
select sal as x from emp where sal > 1 union select deptno as x from dept where deptno > 1;
-- a projection above UNION ALL
select x + 1 as y from (select sal as x from emp union all select deptno as x from dept) u;
select sal + 1 as y from emp union all select deptno + 1 as y from dept;
-- a constant in every branch
select x, 1 as c from (select sal as x from emp union all select deptno as x from dept) u;
select sal as x, 1 as c from emp union all select deptno as x, 1 as c from dept;
-- a join above a union
select u.x, d.name from (select deptno as x from emp union all select mgr as x from emp) u join dept d on u.x = d.deptno;
select u.x, d.name from dept d join (select mgr as x from emp union all select deptno as x from emp) u on d.deptno = u.x;
-- OR as UNION
select empno, sal from emp where deptno = 1 union select empno, sal from emp where sal > 2;
select distinct empno, sal from emp where deptno = 1 or sal > 2;
-- one branch
select x from (select sal as x from emp union all select deptno as x from dept where false) u where x > 1;
select sal as x from emp where sal > 1;
