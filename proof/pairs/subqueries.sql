-- IN as EXISTS
select e.empno from emp e where e.deptno in (select d.deptno from dept d);
select e.empno from emp e where exists (select 1 from dept d where d.deptno = e.deptno);
-- what EXISTS selects
select e.empno from emp e where exists (select d.name, 2 from dept d where d.deptno = e.deptno);
select e.empno from emp e where exists (select 1 from dept d where d.deptno = e.deptno);
-- EXISTS over DISTINCT
select e.empno from emp e where exists (select distinct d.name from dept d where d.deptno = e.deptno);
select e.empno from emp e where exists (select * from dept d where d.deptno = e.deptno);
-- IN over DISTINCT
select e.empno from emp e where e.deptno in (select distinct deptno from dept);
select e.empno from emp e where e.deptno in (select deptno from dept);
-- = ANY as IN
select e.empno from emp e where e.deptno = any (select deptno from dept);
select e.empno from emp e where e.deptno in (select deptno from dept);
-- <> ALL as NOT IN
select e.empno from emp e where e.deptno <> all (select deptno from dept);
select e.empno from emp e where e.deptno not in (select deptno from dept);
-- NOT of IN
select e.empno from emp e where not (e.deptno in (select deptno from dept));
select e.empno from emp e where e.deptno not in (select deptno from dept);
-- NOT of EXISTS
select e.empno from emp e where not (exists (select 1 from dept d where d.deptno = e.deptno));
select e.empno from emp e where not exists (select 1 from dept d where d.deptno = e.deptno);
-- IN with a filter inside
select e.empno from emp e where e.deptno in (select deptno from dept where name = 'a');
select e.empno from emp e where exists (select 1 from dept d where d.name = 'a' and d.deptno = e.deptno);
-- a correlated IN
select e.empno from emp e where e.deptno in (select d.deptno from dept d where d.name = e.ename);
select e.empno from emp e where exists (select 1 from dept d where d.name = e.ename and d.deptno = e.deptno);
-- two EXISTS in another order
select e.empno from emp e where exists (select 1 from dept d where d.deptno = e.deptno) and exists (select 1 from bonus b where b.ename = e.ename);
select e.empno from emp e where exists (select 1 from bonus b where b.ename = e.ename) and exists (select 1 from dept d where d.deptno = e.deptno);
-- EXISTS and a filter in another order
select e.empno from emp e where exists (select 1 from dept d where d.deptno = e.deptno) and e.sal > 2;
select e.empno from (select * from emp where sal > 2) e where exists (select 1 from dept d where d.deptno = e.deptno);
-- a scalar subquery as a join
select e.empno, (select sum(b.sal) from bonus b where b.ename = e.ename) as s from emp e;
select e.empno, g.s from emp e left join (select ename, sum(sal) as s from bonus group by ename) g on g.ename = e.ename;
-- a scalar subquery in a filter
select e.empno from emp e where e.sal > (select avg(f.sal) from emp f where f.deptno = e.deptno);
select e.empno from emp e join (select deptno, avg(sal) as a from emp group by deptno) g on g.deptno = e.deptno where e.sal > g.a;
-- an uncorrelated scalar subquery, twice
select e.empno from emp e where e.sal > (select max(b.sal) from bonus b) and e.deptno = 1;
select e.empno from (select * from emp where deptno = 1) e where (select max(sal) from bonus) < e.sal;
-- a scalar subquery of a constant
select e.empno, (select 1) as one from emp e;
select e.empno, 1 as one from emp e;
-- EXISTS over a constant
select e.empno from emp e where exists (select 1);
select e.empno from emp e;
-- EXISTS over an aggregate without keys
select e.empno from emp e where exists (select count(*) from dept d);
select e.empno from emp e;
-- EXISTS over nothing
select e.empno from emp e where exists (select 1 from dept where false);
select e.empno from emp e where false;
-- NOT EXISTS over nothing
select e.empno from emp e where not exists (select 1 from dept where false);
select e.empno from emp e;
-- IN over nothing
select e.empno from emp e where e.deptno in (select deptno from dept where false);
select e.empno from emp e where 1 = 0;
-- NOT IN over nothing
select e.empno from emp e where e.deptno not in (select deptno from dept where 1 = 0);
select e.empno from emp e;
-- IN over VALUES
select e.empno from emp e where e.deptno in (select x from (values (1), (2)) v(x));
select e.empno from emp e where e.deptno in (2, 1);
-- a nested IN
select e.empno from emp e where e.deptno in (select d.deptno from dept d where d.name in (select b.job from bonus b));
select e.empno from emp e where exists (select 1 from dept d where d.deptno = e.deptno and exists (select 1 from bonus b where b.job = d.name));
-- a LIMIT inside EXISTS
select e.empno from emp e where exists (select 1 from dept d where d.deptno = e.deptno limit 1);
select e.empno from emp e where exists (select 1 from dept d where d.deptno = e.deptno);
-- the count of a correlated subquery
select e.empno, (select count(*) from bonus b where b.ename = e.ename) as n from emp e;
select e.empno, coalesce(g.n, 0) as n from emp e left join (select ename, count(*) as n from bonus group by ename) g on g.ename = e.ename;
-- the minimum at a comparison with ALL
select e.empno from emp e where exists (select 1 from bonus b where b.sal < e.sal and b.ename = e.ename);
select e.empno from emp e where e.sal > any (select b.sal from bonus b where b.ename = e.ename);
