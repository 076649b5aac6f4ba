-- a left join to a key whose columns nothing reads
select e.empno, e.sal from emp e left join dept d on e.deptno = d.deptno;
select e.empno, e.sal from emp e;
-- an inner join along a foreign key
select e.empno from emp e join dept d on e.deptno = d.deptno;
select e.empno from emp e;
-- a semi join along a foreign key
select e.empno from emp e where e.deptno in (select deptno from dept);
select e.empno from emp e;
-- DISTINCT over a key
select distinct empno, sal from emp;
select empno, sal from emp;
-- GROUP BY over a key
select empno, sal from emp group by empno, sal;
select empno, sal from emp;
-- an aggregate over a key
select empno, max(sal) as m from emp group by empno;
select empno, sal as m from emp;
-- a count over a key
select empno, count(*) as n from emp group by empno;
select empno, cast(1 as bigint) as n from emp;
-- a group key behind a unique one
select empno, ename, sum(sal) as s from emp group by empno, ename;
select empno, max(ename) as ename, sum(sal) as s from emp group by empno;
-- a self-join on a key
select a.empno, b.sal from emp a join emp b on a.empno = b.empno;
select empno, sal from emp;
-- a self-join on a key, with filters
select a.empno from emp a join emp b on a.empno = b.empno where a.sal > 2 and b.deptno = 1;
select empno from emp where sal > 2 and deptno = 1;
-- COUNT of a column that is not NULL
select count(empno) as n from emp;
select count(*) as n from emp;
-- IS NOT NULL of a key
select empno from emp where empno is not null and sal > 2;
select empno from emp where sal > 2;
-- IS NULL of a key
select empno from emp where empno is null;
select empno from emp where false;
-- NOT IN over columns that are not NULL
select e.empno from emp e where e.deptno not in (select deptno from dept);
select e.empno from emp e where not exists (select 1 from dept d where d.deptno = e.deptno);
-- COALESCE of a key
select coalesce(empno, mgr) as x from emp;
select empno as x from emp;
-- IS NOT DISTINCT FROM between columns that are not NULL
select e.empno from emp e join dept d on e.deptno is not distinct from d.deptno;
select e.empno from emp e join dept d on e.deptno = d.deptno;
-- UNION of a key with itself
select empno from emp union select empno from emp;
select empno from emp;
-- COUNT DISTINCT of a key
select count(distinct empno) as n from emp;
select count(*) as n from emp;
-- a sort behind a unique prefix
select empno, sal from emp order by empno, sal;
select empno, sal from emp order by empno;
-- one row for a key
select empno from emp where empno = 1 limit 1;
select empno from emp where empno = 1;
-- DISTINCT above a join of keys
select distinct e.empno, d.deptno from emp e join dept d on e.deptno = d.deptno;
select e.empno, d.deptno from emp e join dept d on e.deptno = d.deptno;
-- EXISTS by a join to a key
select e.empno from emp e join dept d on e.deptno = d.deptno where d.name = 'a';
select e.empno from emp e where exists (select 1 from dept d where d.deptno = e.deptno and d.name = 'a');
-- a full join along a foreign key
select e.empno, d.name from emp e full join dept d on e.deptno = d.deptno;
select e.empno, d.name from dept d left join emp e on e.deptno = d.deptno;
-- a left join along a foreign key
select e.empno, d.name from emp e left join dept d on e.deptno = d.deptno;
select e.empno, d.name from emp e join dept d on e.deptno = d.deptno;
