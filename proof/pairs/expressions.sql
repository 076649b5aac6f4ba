-- sums in another order
select sal + comm as x from emp;
select comm + sal as x from emp;
-- sums associated otherwise
select (sal + comm) + deptno as x from emp;
select sal + (comm + deptno) as x from emp;
-- products in another order
select sal * comm as x from emp;
select comm * sal as x from emp;
-- plus zero
select sal + 0 as x from emp;
select cast(sal as bigint) as x from emp;
-- times one
select sal * 1 as x from emp;
select cast(sal as bigint) as x from emp;
-- constants in a sum
select sal + 1 + 2 as x from emp;
select sal + 3 as x from emp;
-- minus minus
select - (- sal) as x from emp;
select sal as x from emp;
-- CASE with an operand
select case deptno when 1 then 'x' when 2 then 'y' end as c from emp;
select case when deptno = 1 then 'x' when deptno = 2 then 'y' end as c from emp;
-- CASE that says ELSE NULL
select case when sal > 2 then 'x' else null end as c from emp;
select case when sal > 2 then 'x' end as c from emp;
-- CASE with equal branches
select case when sal > 2 then deptno when sal > 1 then deptno else deptno end as c from emp;
select deptno as c from emp;
-- CASE with a branch that is never reached
select case when false then 1 when sal > 2 then 2 else 3 end as c from emp;
select case when sal > 2 then 2 else 3 end as c from emp;
-- CASE behind a branch that is always taken
select case when sal > 2 then 1 when true then 2 else 3 end as c from emp;
select case when sal > 2 then 1 else 2 end as c from emp;
-- CASE as COALESCE
select case when comm is null then 0 else comm end as c from emp;
select coalesce(comm, 0) as c from emp;
-- CASE as COALESCE, the other way round
select case when comm is not null then comm else sal end as c from emp;
select coalesce(comm, sal) as c from emp;
-- CASE of a boolean in a filter
select empno from emp where case when sal > 2 then true else false end;
select empno from emp where sal > 2;
-- CASE of constants in a filter
select empno from emp where case when sal > 2 then 1 else 0 end = 1;
select empno from emp where sal > 2;
-- nested CASE
select case when sal > 2 then 1 else case when comm > 1 then 2 else 3 end end as c from emp;
select case when sal > 2 then 1 when comm > 1 then 2 else 3 end as c from emp;
-- nested COALESCE
select coalesce(comm, coalesce(mgr, 0)) as c from emp;
select coalesce(comm, mgr, 0) as c from emp;
-- COALESCE of NULL
select coalesce(null, comm, mgr) as c from emp;
select coalesce(comm, mgr) as c from emp;
-- COALESCE of repeats
select coalesce(comm, comm, mgr) as c from emp;
select coalesce(comm, mgr) as c from emp;
-- COALESCE of one
select coalesce(comm) as c from emp;
select comm as c from emp;
-- COALESCE behind a constant
select coalesce(comm, 0, mgr) as c from emp;
select coalesce(comm, 0) as c from emp;
-- NULLIF as CASE
select nullif(sal, comm) as c from emp;
select case when sal = comm then null else sal end as c from emp;
-- IS DISTINCT FROM NULL
select empno from emp where comm is distinct from null;
select empno from emp where comm is not null;
-- IS NOT DISTINCT FROM written out
select empno from emp where comm = mgr or (comm is null and mgr is null);
select empno from emp where comm is not distinct from mgr;
-- IS UNKNOWN
select empno from emp where (sal > comm) is unknown;
select empno from emp where (sal > comm) is null;
-- IS NOT TRUE
select empno from emp where (sal > 2) is not true;
select empno from emp where sal <= 2 or sal is null;
-- a cast to the same type
select cast(ename as varchar) as c from emp;
select ename as c from emp;
-- a cast and back
select cast(cast(sal as bigint) as int) as c from emp;
select sal as c from emp;
-- casts to wider types
select cast(cast(sal as bigint) as double) as c from emp;
select cast(sal as double) as c from emp;
-- a comparison through a cast
select empno from emp where cast(sal as bigint) > 2;
select empno from emp where sal > 2;
-- LIKE without wildcards
select empno from emp where ename like 'ab';
select empno from emp where ename = 'ab';
-- LIKE with everything
select empno from emp where ename like '%';
select empno from emp where ename is not null;
-- UPPER of UPPER
select upper(upper(ename)) as u from emp;
select upper(ename) as u from emp;
-- UPPER of LOWER
select upper(lower(ename)) as u from emp where ename in ('a', 'b', 'ab');
select upper(ename) as u from emp where ename in ('ab', 'b', 'a');
-- concatenation associated otherwise
select (ename || '-') || job as c from emp;
select ename || ('-' || job) as c from emp;
-- EXTRACT and date_part
select extract(year from hiredate) as y from emp;
select date_part('year', hiredate) as y from emp;
-- SUBSTRING and substr
select substring(ename from 1 for 2) as s from emp;
select substr(ename, 1, 2) as s from emp;
-- character_length and length
select character_length(ename) as n from emp;
select length(ename) as n from emp;
-- dates by casts
select empno from emp where hiredate > date '2024-02-28';
select empno from emp where cast('2024-02-28' as date) < hiredate;
-- a date and an interval
select empno from emp where hiredate < date '2024-02-28' + interval '1 day';
select empno from emp where hiredate < date '2024-02-29';
-- boolean operators in a projection
select (sal > 2 and deptno = 1) as b from emp;
select (deptno = 1 and sal > 2) as b from emp;
-- NOT of IS NULL in a projection
select not (comm is null) as b from emp;
select comm is not null as b from emp;
-- a comparison of a boolean
select (sal > 2) = true as b from emp;
select sal > 2 as b from emp;
-- AND with true
select (sal > 2 and true) as b from emp;
select sal > 2 as b from emp;
-- OR with NULL in a filter
select empno from emp where sal > 2 or null;
select empno from emp where sal > 2;
-- a decimal that is compared with an integer
select empno from emp where bonus_rate > 1;
select empno from emp where bonus_rate > 1.00;
