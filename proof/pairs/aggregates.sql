-- DISTINCT as GROUP BY
select distinct deptno, job from emp;
select deptno, job from emp group by deptno, job;
-- DISTINCT of DISTINCT
select distinct deptno from (select distinct deptno, job from emp) e;
select distinct deptno from emp;
-- DISTINCT over GROUP BY
select distinct deptno, n from (select deptno, count(*) as n from emp group by deptno) g;
select deptno, count(*) as n from emp group by deptno;
-- group keys in another order
select deptno, job, sum(sal) as s from emp group by deptno, job;
select deptno, job, sum(sal) as s from emp group by job, deptno;
-- a repeated group key
select deptno, sum(sal) as s from emp group by deptno, deptno;
select deptno, sum(sal) as s from emp group by deptno;
-- a constant group key
select deptno, sum(sal) as s from emp group by deptno, 1 + 1;
select deptno, sum(sal) as s from emp group by deptno;
-- group by ordinal
select deptno, count(*) as n from emp group by 1;
select deptno, count(*) as n from emp group by deptno;
-- a key that a filter fixes
select deptno, job, sum(sal) as s from emp where deptno = 1 group by deptno, job;
select cast(1 as int) as deptno, job, sum(sal) as s from emp where deptno = 1 group by job;
-- a key computed below
select k, count(*) as n from (select deptno + 1 as k from emp) e group by k;
select deptno + 1 as k, count(*) as n from emp group by deptno + 1;
-- an aggregate's argument computed below
select sum(x) as s from (select sal * 2 as x from emp) e;
select sum(sal * 2) as s from emp;
-- aggregates that nothing reads
select deptno from (select deptno, sum(sal) as s, count(*) as n from emp group by deptno) g;
select distinct deptno from emp;
-- an aggregate twice
select sum(sal) as a, sum(sal) as b from emp;
select a, a as b from (select sum(sal) as a from emp) e;
-- COUNT(1)
select count(1) as n from emp;
select count(*) as n from emp;
-- MIN DISTINCT
select min(distinct sal) as m, max(distinct sal) as x from emp;
select min(sal) as m, max(sal) as x from emp;
-- SUM of SUM
select deptno, sum(s) as t from (select deptno, job, sum(sal) as s from emp group by deptno, job) g group by deptno;
select deptno, sum(sal) as t from emp group by deptno;
-- MAX of MAX
select deptno, max(m) as m from (select deptno, job, max(sal) as m from emp group by deptno, job) g group by deptno;
select deptno, max(sal) as m from emp group by deptno;
-- MIN of MIN without keys
select min(m) as m from (select deptno, min(sal) as m from emp group by deptno) g;
select min(sal) as m from emp;
-- SUM of COUNT
select deptno, sum(n) as n from (select deptno, job, count(*) as n from emp group by deptno, job) g group by deptno;
select deptno, count(*) as n from emp group by deptno;
-- COUNT DISTINCT by a subquery
select count(d) as n from (select distinct deptno as d from emp) e;
select count(distinct deptno) as n from emp;
-- COUNT DISTINCT by group
select job, count(d) as n from (select distinct job, deptno as d from emp) e group by job;
select job, count(distinct deptno) as n from emp group by job;
-- MAX over DISTINCT
select max(s) as m from (select distinct sal as s from emp) e;
select max(sal) as m from emp;
-- FILTER as CASE
select sum(sal) filter (where deptno = 1) as s from emp;
select sum(case when deptno = 1 then sal end) as s from emp;
-- COUNT with FILTER
select count(*) filter (where deptno = 1) as n from emp;
select count(case when deptno = 1 then 1 end) as n from emp;
-- FILTER that the WHERE implies
select sum(sal) filter (where sal > 2) as s from emp where sal > 2;
select sum(sal) as s from emp where sal > 2;
-- AVG of integers
select avg(sal) as a from emp;
select avg(cast(sal as double)) as a from emp;
-- HAVING with an alias of the sum
select deptno, sum(sal) as s from emp group by deptno having sum(sal) > 3 and deptno = 1;
select deptno, s from (select deptno, sum(sal) as s from emp where deptno = 1 group by deptno) g where s > 3;
-- aggregates in another order
select a, b from (select sum(sal) as a, max(comm) as b from emp) e;
select a, b from (select max(comm) as b, sum(sal) as a from emp) e;
-- ROLLUP as GROUPING SETS
select deptno, job, sum(sal) as s from emp group by rollup (deptno, job);
select deptno, job, sum(sal) as s from emp group by grouping sets ((deptno, job), (deptno), ());
-- CUBE as GROUPING SETS
select deptno, job, sum(sal) as s from emp group by cube (deptno, job);
select deptno, job, sum(sal) as s from emp group by grouping sets ((job), (), (deptno), (deptno, job));
-- one grouping set
select deptno, sum(sal) as s from emp group by grouping sets ((deptno));
select deptno, sum(sal) as s from emp group by deptno;
-- GROUP BY without aggregates, above a join
select d.name from emp e join dept d on e.deptno = d.deptno group by d.name;
select distinct d.name from dept d, emp e where d.deptno = e.deptno;
-- a sum over a union
select sum(x) as s from (select sal as x from emp union all select comm as x from bonus) u;
select sum(y) as s from (select comm as y from bonus union all select sal as y from emp) u;
-- MAX over a union of MAXes
select max(m) as m from (select max(sal) as m from emp union all select max(comm) as m from bonus) u;
select max(m) as m from (select sal as m from emp union all select comm as m from bonus) u;
-- an aggregate of nothing
select count(*) as n from emp where false;
select cast(0 as bigint) as n;
-- a sum of nothing
select deptno, sum(sal) as s from emp where false group by deptno;
select deptno, s from (select deptno, sum(sal) as s from emp group by deptno) g where 1 = 0;
-- a group key that is equal to another one
select e.deptno, d.deptno as d2, count(*) as n from emp e join dept d on e.deptno = d.deptno group by e.deptno, d.deptno;
select e.deptno, e.deptno as d2, count(*) as n from emp e join dept d on e.deptno = d.deptno group by e.deptno;
-- BOOL_AND with a filter
select bool_and(sal > 2) as b from emp where deptno = 1;
select bool_and(2 < sal) as b from emp where 1 = deptno;
