-- ROLLUP of three
select deptno, job, ename, sum(sal) as s from emp group by rollup (deptno, job, ename);
select deptno, job, ename, sum(sal) as s from emp group by grouping sets ((), (deptno), (deptno, job), (deptno, job, ename));
-- CUBE with its keys in another order
select deptno, job, sum(sal) as s from emp group by cube (deptno, job);
select deptno, job, sum(sal) as s from emp group by cube (job, deptno);
-- grouping sets in another order
select deptno, job, count(*) as n from emp group by grouping sets ((deptno), (job));
select deptno, job, count(*) as n from emp group by grouping sets ((job), (deptno));
-- keys of a set in another order
select deptno, job, count(*) as n from emp group by grouping sets ((deptno, job), ());
select deptno, job, count(*) as n from emp group by grouping sets ((), (job, deptno));
-- the empty set alone
select count(*) as n from emp group by grouping sets (());
select count(*) as n from emp;
-- grouping sets as a union
select deptno, job, count(*) as n from emp group by grouping sets ((deptno), (job));
select deptno, cast(null as varchar) as job, count(*) as n from emp group by deptno union all select null, job, count(*) from emp group by job;
-- ROLLUP as a union
select deptno, sum(sal) as s from emp group by rollup (deptno);
select deptno, sum(sal) as s from emp group by deptno union all select null, sum(sal) from emp;
-- a set twice
select deptno, count(*) as n from emp group by grouping sets ((deptno), (deptno));
select deptno, count(*) as n from emp group by deptno union all select deptno, count(*) from emp group by deptno;
-- a filter below grouping sets
select deptno, job, n from (select deptno, job, count(*) as n from emp where sal > 2 group by rollup (deptno, job)) t;
select deptno, job, count(*) as n from (select * from emp where sal > 2) t group by rollup (deptno, job);
-- GROUPING as a filter
select deptno, n from (select deptno, count(*) as n, grouping(deptno) as g from emp group by rollup (deptno)) t where g = 0;
select deptno, count(*) as n from emp group by deptno;
-- GROUPING as a filter on the total
select n from (select deptno, count(*) as n, grouping(deptno) as g from emp group by rollup (deptno)) t where g = 1;
select count(*) as n from emp;
-- a rollup with a computed key
select x, count(*) as n from (select deptno + 1 as x from emp) t group by rollup (x);
select deptno + 1 as x, count(*) as n from emp group by rollup (deptno + 1);
-- windows of one partition in two queries
select a, b from (select empno, sum(sal) over (partition by deptno) as a, max(sal) over (partition by deptno) as b from emp) t;
select a, max(sal) over (partition by deptno) as b from (select sal, deptno, sum(sal) over (partition by deptno) as a from emp) t;
-- windows of two partitions in two queries
select sum(sal) over (partition by deptno) as a, sum(sal) over (partition by job) as b from emp;
select a, sum(sal) over (partition by job) as b from (select sal, job, sum(sal) over (partition by deptno) as a from emp) t;
-- a partition key that a filter fixes
select empno, sum(sal) over (partition by deptno) as s from emp where deptno = 1;
select empno, sum(sal) over () as s from emp where deptno = 1;
-- an order key that is a partition key
select empno, sum(sal) over (partition by deptno order by deptno) as s from emp;
select empno, sum(sal) over (partition by deptno) as s from emp;
-- an order key twice
select empno, rank() over (order by sal, sal) as r from emp;
select empno, rank() over (order by sal) as r from emp;
-- an order that does not matter
select empno, sum(sal) over (partition by deptno order by sal rows between unbounded preceding and unbounded following) as s from emp;
select empno, sum(sal) over (partition by deptno) as s from emp;
-- an order over the whole range
select empno, max(sal) over (partition by deptno order by empno range between unbounded preceding and unbounded following) as s from emp;
select empno, max(sal) over (partition by deptno) as s from emp;
-- rank and its frame
select empno, rank() over (order by sal) as r from emp;
select empno, rank() over (order by sal rows between unbounded preceding and current row) as r from emp;
-- a window over a projection
select x, sum(x) over (partition by d) as s from (select sal + 1 as x, deptno as d from emp) t;
select sal + 1 as x, sum(sal + 1) over (partition by deptno) as s from emp;
-- a window over a union
select d, count(*) over (partition by d) as n from (select deptno as d from emp union all select deptno from dept) t;
select x as d, count(*) over (partition by x) as n from (select deptno as x from dept union all select deptno from emp) t;
-- a window above groups
select deptno, s, rank() over (order by s) as r from (select deptno, sum(sal) as s from emp group by deptno) t;
select deptno, sum(sal) as s, rank() over (order by sum(sal)) as r from emp group by deptno;
-- a window over a joined key
select e.empno, d.name, row_number() over (partition by d.deptno order by e.empno) as r from emp e join dept d on e.deptno = d.deptno;
select e.empno, d.name, row_number() over (partition by e.deptno order by e.empno) as r from dept d, emp e where d.deptno = e.deptno;
-- a filter on the partition, below
select * from (select deptno, count(*) over (partition by deptno) as n from emp) t where deptno = 2;
select deptno, count(*) over (partition by deptno) as n from emp where deptno = 2;
-- a filter on one of two partition keys
select * from (select deptno, job, count(*) over (partition by deptno, job) as n from emp) t where job = 'a';
select deptno, job, count(*) over (partition by job, deptno) as n from emp where job = 'a';
-- a window of a constant
select count(1) over (order by empno) as n from emp;
select count(*) over (order by empno) as n from emp;
-- row numbers compared
select empno from (select empno, row_number() over (order by empno) as r from emp) t where r = 1;
select empno from (select empno, row_number() over (order by empno) as r from emp) t where r <= 1;
-- a sum of a constant
select deptno, sum(1) as n from emp group by deptno;
select deptno, count(*) as n from emp group by deptno;
-- a count of a constant times it
select deptno, sum(2) as n from emp group by deptno;
select deptno, 2 * count(*) as n from emp group by deptno;
-- a count of nothing
select deptno, count(null) as n from emp group by deptno;
select deptno, 0 as n from emp group by deptno;
-- a minimum of a key
select deptno, min(deptno) as m from emp group by deptno;
select deptno, deptno as m from emp group by deptno;
-- a minimum of a constant
select deptno, max(3) as m from emp group by deptno;
select deptno, 3 as m from emp group by deptno;
-- a maximum of a fixed column
select max(deptno) as m from emp where deptno = 4 group by job;
select cast(4 as int) as m from emp where deptno = 4 group by job;
-- a sum of sums of a column
select sum(sal) + sum(comm) as x from emp where comm is not null and sal is not null;
select sum(sal + comm) as x from emp where comm is not null and sal is not null;
-- a sum of a multiple
select deptno, sum(sal * 2) as s from emp group by deptno;
select deptno, 2 * sum(sal) as s from emp group by deptno;
-- a maximum of a sum with a constant
select deptno, max(cast(sal as bigint) + 1) as m from emp group by deptno;
select deptno, max(cast(sal as bigint)) + 1 as m from emp group by deptno;
-- HAVING on a minimum of a key
select deptno, count(*) as n from emp group by deptno having min(deptno) > 2;
select deptno, count(*) as n from emp where deptno > 2 group by deptno;
-- HAVING on a maximum
select deptno from emp group by deptno having max(sal) > 3;
select distinct deptno from emp where sal > 3;
-- HAVING on a minimum
select deptno from emp group by deptno having min(sal) < 2;
select deptno from emp where sal < 2 group by deptno;
-- HAVING on a count that is always true
select deptno, sum(sal) as s from emp group by deptno having count(*) > 0;
select deptno, sum(sal) as s from emp group by deptno;
-- HAVING on a count of a column
select deptno from emp group by deptno having count(comm) > 0;
select distinct deptno from emp where comm is not null;
-- a distinct minimum and maximum
select deptno, max(distinct sal) as a, min(distinct sal) as b from emp group by deptno;
select deptno, max(sal) as a, min(sal) as b from emp group by deptno;
-- group keys that determine each other
select e.deptno, d.deptno as x, count(*) as n from emp e join dept d on e.deptno = d.deptno group by e.deptno, d.deptno;
select d.deptno, d.deptno as x, count(*) as n from emp e join dept d on e.deptno = d.deptno group by d.deptno;
-- a key that another one computes
select deptno, deptno + 1 as x, count(*) as n from emp group by deptno, deptno + 1;
select deptno, deptno + 1 as x, count(*) as n from emp group by deptno;
-- DISTINCT over distinct counts
select distinct n from (select deptno, count(*) as n from emp group by deptno) t;
select n from (select count(*) as n from emp group by deptno) t group by n;
-- an intersection by counting
select deptno from emp intersect select deptno from dept;
select x as deptno from (select distinct deptno as x, 1 as s from emp union all select distinct deptno, 2 from dept) u group by x having count(*) = 2;
-- INTERSECT ALL with itself
select deptno from emp intersect all select deptno from emp;
select deptno from emp;
-- EXCEPT ALL of nothing
select deptno from emp except all select deptno from dept where false;
select deptno from emp;
-- EXCEPT of EXCEPT
(select deptno from emp except select deptno from dept) except select sal from bonus;
select deptno from emp except (select deptno from dept union select sal from bonus);
-- EXCEPT in another order
(select deptno from emp except select deptno from dept) except select sal from bonus;
(select deptno from emp except select sal from bonus) except select deptno from dept;
-- INTERSECT and EXCEPT
(select deptno from emp intersect select deptno from dept) except select sal from bonus;
select deptno from emp intersect (select deptno from dept except select sal from bonus);
-- a filter above INTERSECT
select * from (select deptno from emp intersect select deptno from dept) t where deptno > 2;
select deptno from emp where deptno > 2 intersect select deptno from dept;
-- a filter above EXCEPT
select * from (select deptno from emp except select deptno from dept) t where deptno > 2;
select deptno from emp where deptno > 2 except select deptno from dept where deptno > 2;
-- INTERSECT of distinct ones
select distinct deptno from emp intersect select distinct deptno from dept;
select deptno from emp intersect select deptno from dept;
-- INTERSECT of two columns
select deptno, ename from emp intersect select deptno, name from dept;
select deptno, name as ename from dept intersect select deptno, ename from emp;
-- DISTINCT above UNION ALL of constants
select distinct 1 as x from emp union select 1 from dept;
select 1 as x from emp union select 1 from dept;
-- UNION with a subset
select deptno from emp union select deptno from emp where sal > 2;
select distinct deptno from emp;
-- UNION ALL with DISTINCT above and one branch twice
select distinct deptno from (select deptno from emp union all select deptno from emp union all select deptno from dept) u;
select deptno from emp union select deptno from dept;
