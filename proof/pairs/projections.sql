-- a projection over a projection
select x + 1 as y from (select sal * 2 as x from emp) e;
select sal * 2 + 1 as y from emp;
-- an idle projection
select empno, sal from (select empno, sal, deptno from (select * from emp) a) b;
select empno, sal from emp;
-- a star
select * from (select empno, sal from emp) e;
select empno, sal from emp;
-- a CTE
with e as (select empno, sal from emp where sal > 2) select empno from e where sal < 5;
select empno from emp where sal > 2 and sal < 5;
-- a CTE used twice
with e as (select empno, mgr from emp where sal > 2) select a.empno from e a join e b on a.mgr = b.empno;
select a.empno from (select empno, mgr from emp where sal > 2) a join (select empno, mgr from emp where sal > 2) b on a.mgr = b.empno;
-- a CTE in a CTE
with a as (select * from emp), b as (select empno, sal from a where sal > 1) select empno from b;
select empno from emp where sal > 1;
-- a CTE that nothing reads
with unused as (select count(*) from dept) select empno from emp;
select empno from emp;
-- names of a derived table's columns
select e.x from (select empno, sal from emp) e(x, y) where e.y > 2;
select empno as x from emp where sal > 2;
-- columns of the same expression
select a, b from (select sal + 1 as a, sal + 1 as b from emp) e;
select sal + 1 as a, sal + 1 as b from emp;
-- constants that are added
select empno, 1 + 2 as three from emp;
select empno, 3 as three from emp;
-- a constant column in a filter
select empno from (select empno, 1 as one from emp) e where one = 1;
select empno from emp;
-- a constant column in a join
select e.empno, d.name from (select empno, 1 as k from emp) e join dept d on d.deptno = e.k;
select e.empno, d.name from emp e cross join (select name from dept where deptno = 1) d;
-- qualified and bare names
select emp.empno, emp.sal from emp where emp.deptno = 1;
select empno, sal from emp e where deptno = 1;
