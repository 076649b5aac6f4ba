-- a sort below a sort
select empno, sal from (select * from emp order by sal) e order by empno;
select empno, sal from emp order by empno;
-- a sort that nothing sees
select sum(sal) as s from (select * from emp order by sal) e;
select sum(sal) as s from emp;
-- a sort below a join
select e.empno, d.name from (select * from emp order by sal) e join dept d on e.deptno = d.deptno;
select e.empno, d.name from emp e join dept d on e.deptno = d.deptno;
-- a sort below DISTINCT
select distinct deptno from (select deptno from emp order by sal) e;
select distinct deptno from emp;
-- a sort below a union
select x from (select sal as x from emp order by 1) a union all select deptno as x from dept;
select sal as x from emp union all select deptno as x from dept;
-- a sort in a subquery that is filtered
select empno from (select empno, sal from emp order by sal) e where sal > 2;
select empno from emp where sal > 2;
-- a repeated sort key
select empno, sal from emp order by sal, empno, sal desc;
select empno, sal from emp order by sal, empno;
-- a constant sort key
select empno, sal, 1 as c from emp order by c, sal, empno;
select empno, sal, 1 as c from emp order by sal, empno;
-- a key that a filter fixes
select empno, deptno from emp where deptno = 1 order by deptno, empno;
select empno, deptno from emp where deptno = 1 order by empno;
-- the default direction
select empno from emp order by empno asc nulls last;
select empno from emp order by empno;
-- the default of DESC
select empno from emp order by empno desc;
select empno from emp order by empno desc nulls first;
-- ordinals and aliases
select empno as x, sal as y from emp order by 2, 1;
select empno as x, sal as y from emp order by y, x;
-- a sort of a projection
select x from (select empno + 1 as x, sal from emp) e order by sal, x;
select empno + 1 as x from emp order by sal, empno + 1;
-- LIMIT of LIMIT
select empno from (select empno from emp order by empno limit 5) e order by empno limit 3;
select empno from emp order by empno limit 3;
-- LIMIT 0
select empno from emp order by empno limit 0;
select empno from emp where false;
-- OFFSET 0
select empno from emp order by empno limit 3 offset 0;
select empno from emp order by empno limit 3;
-- LIMIT over one row
select count(*) as n from emp limit 1;
select count(*) as n from emp;
-- a sort of one row
select max(sal) as m from emp order by m;
select max(sal) as m from emp;
-- LIMIT of a projection
select x from (select empno + 1 as x, empno from emp) e order by empno limit 2;
select empno + 1 as x from emp order by empno limit 2;
-- a top-n in a CTE
with t as (select empno, sal from emp order by sal desc, empno limit 2) select sum(sal) as s from t;
select sum(sal) as s from (select sal from emp order by sal desc, empno limit 2) x;
-- a sort by a key that follows from another
select e.empno, e.deptno from emp e join dept d on e.deptno = d.deptno order by e.deptno, d.deptno, e.empno;
select e.empno, e.deptno from emp e join dept d on e.deptno = d.deptno order by e.deptno, e.empno;
