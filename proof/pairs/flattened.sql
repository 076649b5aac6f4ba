-- a comparison with an average of the group
select e.empno from emp e where e.sal > (select avg(f.sal) from emp f where f.deptno = e.deptno);
select e.empno from emp e join (select deptno, avg(sal) as a from emp group by deptno) f on e.deptno = f.deptno where e.sal > f.a;
-- the rows with a group's maximum by a join
select e.empno from emp e where e.sal = (select max(f.sal) from emp f where f.deptno = e.deptno);
select e.empno from emp e, (select deptno, max(sal) as m from emp group by deptno) f where f.deptno = e.deptno and e.sal = f.m;
-- a comparison of pairs
select empno from emp where (deptno, sal) = (1, 2);
select empno from emp where deptno = 1 and sal = 2;
-- pairs in a list
select empno from emp where (deptno, sal) in ((1, 2), (2, 3));
select empno from emp where (deptno = 1 and sal = 2) or (deptno = 2 and sal = 3);
-- greater than some
select empno from emp where sal > some (select deptno from dept);
select empno from emp e where exists (select 1 from dept d where e.sal > d.deptno);
-- greater than some, by the minimum
select empno from emp where sal > any (select deptno from dept);
select empno from emp where sal > (select min(deptno) from dept);
-- less than all, of columns that are not NULL
select empno from emp where empno < all (select deptno from dept);
select empno from emp e where not exists (select 1 from dept d where e.empno >= d.deptno);
-- not equal to all
select empno from emp where empno <> all (select deptno from dept);
select empno from emp where empno not in (select deptno from dept);
-- EXISTS over a join with a filter
select d.name from dept d where exists (select * from emp e where e.deptno = d.deptno and e.sal > 2);
select d.name from dept d left semi join (select deptno from emp where sal > 2) e on d.deptno = e.deptno;
-- NOT EXISTS as an outer join
select d.name from dept d where not exists (select * from emp e where e.deptno = d.deptno and e.sal > 2);
select d.name from dept d left join (select deptno from emp where sal > 2) e on d.deptno = e.deptno where e.deptno is null;
-- NOT IN as an outer join over keys
select d.name from dept d where d.deptno not in (select deptno from emp);
select d.name from dept d left join emp e on d.deptno = e.deptno where e.empno is null;
-- a scalar subquery in the projection as a left join
select e.empno, (select max(d.name) from dept d where d.deptno = e.deptno) as n from emp e;
select e.empno, d.n from emp e left join (select deptno, max(name) as n from dept group by deptno) d on d.deptno = e.deptno;
-- a scalar sum in the projection
select d.deptno, (select sum(e.sal) from emp e where e.deptno = d.deptno) as s from dept d;
select d.deptno, e.s from dept d left join (select deptno, sum(sal) as s from emp group by deptno) e on e.deptno = d.deptno;
-- a scalar count in the projection
select d.deptno, (select count(*) from emp e where e.deptno = d.deptno) as n from dept d;
select d.deptno, coalesce(e.n, 0) as n from dept d left join (select deptno, count(*) as n from emp group by deptno) e on e.deptno = d.deptno;
-- the count of a group by a left join
select d.deptno, count(e.empno) as n from dept d left join emp e on e.deptno = d.deptno group by d.deptno;
select d.deptno, coalesce(e.n, 0) as n from dept d left join (select deptno, count(*) as n from emp group by deptno) e on e.deptno = d.deptno;
-- a count that is zero
select d.name from dept d where (select count(*) from emp e where e.deptno = d.deptno) = 0;
select d.name from dept d where not exists (select 1 from emp e where e.deptno = d.deptno);
-- a count that is positive
select d.name from dept d where (select count(*) from emp e where e.deptno = d.deptno) > 0;
select d.name from dept d where exists (select 1 from emp e where e.deptno = d.deptno);
-- a global count that is positive
select d.name from dept d where (select count(*) from emp) > 0;
select d.name from dept d where exists (select 1 from emp);
-- EXISTS with an equality to a constant
select e.empno from emp e where exists (select 1 from dept d where d.deptno = 1 and d.deptno = e.deptno);
select e.empno from emp e where e.deptno = 1 and exists (select 1 from dept d where d.deptno = 1);
-- IN under OR
select empno from emp where sal > 3 or deptno in (select deptno from dept where name = 'a');
select empno from emp e where exists (select 1 from dept d where d.name = 'a' and d.deptno = e.deptno) or e.sal > 3;
-- two EXISTS under OR
select empno from emp e where exists (select 1 from dept d where d.deptno = e.deptno) or exists (select 1 from bonus b where b.ename = e.ename);
select empno from emp e where e.ename in (select ename from bonus) or e.deptno in (select deptno from dept);
-- a subquery in a join condition
select e.empno from emp e join dept d on e.deptno = d.deptno and e.sal in (select sal from bonus);
select e.empno from emp e join dept d on e.deptno = d.deptno where e.sal in (select sal from bonus);
-- two levels of correlation
select e.empno from emp e where exists (select 1 from dept d where d.deptno = e.deptno and exists (select 1 from bonus b where b.ename = d.name));
select e.empno from emp e where e.deptno in (select d.deptno from dept d where d.name in (select ename from bonus));
-- a subquery of a subquery's rows
select empno from emp where empno in (select empno from emp where sal > 2);
select empno from emp where sal > 2;
-- membership in the own table
select empno from emp e where exists (select 1 from emp f where f.empno = e.empno and f.sal > 2);
select empno from emp where sal > 2;
-- HAVING with a subquery
select deptno from emp group by deptno having sum(sal) > (select max(sal) from bonus);
select e.deptno from (select deptno, sum(sal) as s from emp group by deptno) e where e.s > (select max(sal) from bonus);
-- IN over a union
select empno from emp where deptno in (select deptno from dept union all select sal from bonus);
select empno from emp where deptno in (select deptno from dept union select sal from bonus);
-- IN over a union as OR
select empno from emp where deptno in (select deptno from dept union all select sal from bonus);
select empno from emp where deptno in (select deptno from dept) or deptno in (select sal from bonus);
-- IN over an intersection
select empno from emp where deptno in (select deptno from dept intersect select sal from bonus);
select empno from emp where deptno in (select deptno from dept) and deptno in (select sal from bonus);
-- a lateral with a filter
select e.empno, d.name from emp e, lateral (select name from dept where dept.deptno = e.deptno) d;
select e.empno, d.name from emp e join dept d on d.deptno = e.deptno;
-- a lateral left join
select d.deptno, x.m from dept d left join lateral (select max(sal) as m from emp e where e.deptno = d.deptno) x on true;
select d.deptno, (select max(sal) from emp e where e.deptno = d.deptno) as m from dept d;
-- a scalar subquery twice
select empno from emp where sal > (select min(deptno) from dept) and comm > (select min(deptno) from dept);
with m as (select min(deptno) as x from dept) select empno from emp, m where sal > x and comm > x;
-- no greater one
select e.empno from emp e where not exists (select 1 from emp f where f.deptno = e.deptno and f.sal > e.sal);
select e.empno from emp e left join emp f on f.deptno = e.deptno and e.sal < f.sal where f.empno is null;
-- at least one other
select distinct e.empno from emp e join emp f on e.job = f.job and e.empno <> f.empno;
select e.empno from emp e where exists (select 1 from emp f where f.job = e.job and f.empno <> e.empno) group by e.empno;
-- EXISTS with GROUP BY and HAVING
select d.name from dept d where d.deptno in (select deptno from emp group by deptno having count(*) > 1);
select d.name from dept d join (select deptno, count(*) as n from emp group by deptno) e on d.deptno = e.deptno where e.n > 1;
-- EXISTS with LIMIT
select d.name from dept d where exists (select 1 from emp e where e.deptno = d.deptno limit 1);
select d.name from dept d where exists (select 1 from emp e where e.deptno = d.deptno);
-- NOT of OR of EXISTS
select empno from emp e where not (exists (select 1 from dept d where d.deptno = e.deptno) or e.sal > 2);
select empno from emp e where not exists (select 1 from dept d where d.deptno = e.deptno) and not (e.sal > 2);
