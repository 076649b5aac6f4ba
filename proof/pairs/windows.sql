-- window expressions in another order
select a, b from (select sum(sal) over (partition by deptno) as a, count(*) over (partition by job) as b from emp) w;
select a, b from (select count(*) over (partition by job) as b, sum(sal) over (partition by deptno) as a from emp) w;
-- partition keys in another order
select sum(sal) over (partition by deptno, job) as s from emp;
select sum(sal) over (partition by job, deptno) as s from emp;
-- the default frame, spelled out
select sum(sal) over (partition by deptno order by empno) as s from emp;
select sum(sal) over (partition by deptno order by empno range between unbounded preceding and current row) as s from emp;
-- the default frame without ORDER BY
select sum(sal) over (partition by deptno) as s from emp;
select sum(sal) over (partition by deptno rows between unbounded preceding and unbounded following) as s from emp;
-- a named window
select sum(sal) over w as s from emp window w as (partition by deptno);
select sum(sal) over (partition by deptno) as s from emp;
-- a short frame
select sum(sal) over (order by empno rows 1 preceding) as s from emp;
select sum(sal) over (order by empno rows between 1 preceding and current row) as s from emp;
-- a window that nothing reads
select empno from (select empno, row_number() over (order by sal) as r from emp) w;
select empno from emp;
-- QUALIFY
select empno from emp qualify rank() over (partition by deptno order by sal) = 1;
select empno from (select empno, rank() over (partition by deptno order by sal) as r from emp) w where r = 1;
-- a repeated partition key
select count(*) over (partition by deptno, deptno) as n from emp;
select count(*) over (partition by deptno) as n from emp;
-- a constant partition key
select count(*) over (partition by 1) as n from emp;
select count(*) over () as n from emp;
-- the same window twice
select a + b as c from (select sum(sal) over (partition by deptno) as a, sum(sal) over (partition by deptno) as b from emp) w;
select a + a as c from (select sum(sal) over (partition by deptno) as a from emp) w;
-- a computed argument below
select sum(x) over (partition by d) as s from (select sal * 2 as x, deptno as d from emp) e;
select sum(sal * 2) over (partition by deptno) as s from emp;
-- COUNT(1) over
select count(1) over (partition by deptno) as n from emp;
select count(*) over (partition by deptno) as n from emp;
