-- a distinct count as two groupings
select deptno, count(distinct ename) as n from emp group by deptno;
select deptno, count(ename) as n from (select deptno, ename from emp group by deptno, ename) t group by deptno;
-- a distinct count and a sum as two groupings
select deptno, count(distinct ename) as n, sum(sal) as s from emp group by deptno;
select deptno, count(ename) as n, sum(s) as s from (select deptno, ename, sum(sal) as s from emp group by deptno, ename) t group by deptno;
-- a distinct count, a minimum and a count as two groupings
select deptno, count(distinct ename) as n, min(sal) as m, count(*) as c from emp group by deptno;
select deptno, count(ename) as n, min(m) as m, cast(sum(c) as bigint) as c from (select deptno, ename, min(sal) as m, count(*) as c from emp group by deptno, ename) t group by deptno;
-- a distinct sum as two groupings
select sum(distinct sal) as s from emp;
select sum(sal) as s from (select distinct sal from emp) t;
-- the sum of sums over a union
select ename, sum(sal) as s from (select ename, sal from emp union all select ename, sal from bonus) u group by ename;
select ename, sum(s) as s from (select ename, sum(sal) as s from emp group by ename union all select ename, sum(sal) as s from bonus group by ename) u group by ename;
-- the sum of counts over a union
select ename, count(*) as n from (select ename from emp union all select ename from bonus) u group by ename;
select ename, sum(n) as n from (select ename, count(*) as n from emp group by ename union all select ename, count(*) as n from bonus group by ename) u group by ename;
-- minima over a union
select ename, min(sal) as m from (select ename, sal from emp union all select ename, sal from bonus) u group by ename;
select ename, min(m) as m from (select ename, min(sal) as m from emp group by ename union all select ename, min(sal) as m from bonus group by ename) u group by ename;
-- several aggregates over a union
select ename, sum(sal) as s, max(sal) as m, count(comm) as n from (select ename, sal, comm from emp union all select ename, sal, comm from bonus) u group by ename;
select ename, sum(s) as s, max(m) as m, sum(n) as n from (select ename, sum(sal) as s, max(sal) as m, count(comm) as n from emp group by ename union all select ename, sum(sal), max(sal), count(comm) from bonus group by ename) u group by ename;
-- one side of a union grouped
select ename, max(sal) as m from (select ename, sal from emp union all select ename, sal from bonus) u group by ename;
select ename, max(sal) as m from (select ename, max(sal) as sal from emp group by ename union all select ename, sal from bonus) u group by ename;
-- a distinct group below a distinct union
select distinct ename from (select ename from emp union all select ename from bonus) u;
select ename from (select ename from emp group by ename union all select ename from bonus group by ename) u group by ename;
-- grouped keys of both sides of a join
select e.empno, d.deptno from emp e join dept d on e.deptno = d.deptno group by e.empno, d.deptno;
select distinct e.empno, e.deptno from emp e join dept d on d.deptno = e.deptno;
-- groups below a join
select e.job, d.name from emp e join dept d on e.job = d.name group by e.job, d.name;
select e.job, d.name from (select job from emp group by job) e join (select name from dept group by name) d on e.job = d.name;
-- a maximum below a join
select e.job, max(e.sal) as m from emp e join dept d on e.job = d.name group by e.job;
select e.job, e.m from (select job, max(sal) as m from emp group by job) e join (select distinct name from dept) d on e.job = d.name;
-- a maximum over a join with a unique key
select d.deptno, max(e.sal) as m from emp e join dept d on e.deptno = d.deptno group by d.deptno;
select d.deptno, e.m from (select deptno, max(sal) as m from emp group by deptno) e join dept d on e.deptno = d.deptno;
-- a sum below a join with a key
select d.deptno, sum(e.sal) as s from emp e join dept d on e.deptno = d.deptno group by d.deptno;
select d.deptno, e.s from (select deptno, sum(sal) as s from emp group by deptno) e join dept d on e.deptno = d.deptno;
-- a sum and a name along a key
select d.name, d.deptno, sum(e.sal) as s from emp e join dept d on e.deptno = d.deptno group by d.name, d.deptno;
select d.name, d.deptno, e.s from dept d join (select deptno, sum(sal) as s from emp group by deptno) e on e.deptno = d.deptno;
-- a count below a join with a key
select e.deptno, count(*) as n from emp e join dept d on e.deptno = d.deptno group by e.deptno;
select e.deptno, e.n from (select deptno, count(*) as n from emp group by deptno) e join dept d on e.deptno = d.deptno;
-- a grouped side of a left join with a key
select e.ename, d.name, sum(e.sal) as s from emp e left join dept d on e.deptno = d.deptno group by e.ename, e.deptno, d.name;
select e.ename, d.name, e.s from (select ename, deptno, sum(sal) as s from emp group by ename, deptno) e left join dept d on e.deptno = d.deptno;
-- groups above a left join that nothing reads
select e.ename from emp e left join dept d on e.deptno = d.deptno group by e.ename;
select distinct ename from emp;
-- distinct pairs above a left join that nothing reads
select distinct e.job, e.ename from emp e left join bonus b on e.ename = b.ename;
select job, ename from emp group by job, ename;
-- a maximum above a left join that nothing reads
select e.job, max(e.sal) as m from emp e left join bonus b on e.ename = b.ename group by e.job;
select job, max(sal) as m from emp group by job;
-- a count above a left join with a key
select e.deptno, count(e.empno) as n from emp e left join dept d on e.deptno = d.deptno group by e.deptno;
select deptno, count(empno) as n from emp group by deptno;
-- a distinct count above a left join that nothing reads
select e.deptno, count(distinct e.job) as n from emp e left join bonus b on e.ename = b.ename group by e.deptno;
select deptno, count(distinct job) as n from emp group by deptno;
-- two left joins, one of them read
select e.empno, d.name from emp e left join dept d on e.deptno = d.deptno left join dept f on e.mgr = f.deptno;
select e.empno, d.name from emp e left join dept d on e.deptno = d.deptno;
-- a left join below a left join that nothing reads
select e.empno from emp e left join (select d.deptno, d.name from dept d left join dept f on d.deptno = f.deptno) x on e.deptno = x.deptno;
select empno from emp;
-- a grouped right side that nothing reads
select e.empno, e.sal from emp e left join (select deptno, count(*) as n from emp group by deptno) c on e.deptno = c.deptno;
select empno, sal from emp;
-- a distinct right side that nothing reads
select e.empno from emp e left join (select distinct job from bonus) b on e.job = b.job;
select empno from emp;
-- a semi join by grouping
select d.deptno, d.name from dept d join (select deptno from emp where sal > 2 group by deptno) e on d.deptno = e.deptno;
select d.deptno, d.name from dept d where d.deptno in (select deptno from emp where sal > 2);
-- a semi join whose right side is a join
select d.name from dept d where d.deptno in (select e.deptno from emp e join bonus b on e.ename = b.ename);
select d.name from dept d where exists (select 1 from bonus b, emp e where b.ename = e.ename and e.deptno = d.deptno);
-- a semi join below a join
select e.empno, d.name from (select * from emp where ename in (select ename from bonus)) e join dept d on e.deptno = d.deptno;
select e.empno, d.name from emp e join dept d on e.deptno = d.deptno where e.ename in (select ename from bonus);
-- a filter below a semi join
select e.empno from emp e where e.deptno in (select deptno from dept) and e.sal > 3;
select e.empno from (select * from emp where sal > 3) e where exists (select * from dept d where d.deptno = e.deptno);
-- a filter into both sides of an equality
select e.empno from emp e join dept d on e.deptno = d.deptno where e.deptno > 2;
select e.empno from (select * from emp where deptno > 2) e join (select * from dept where deptno > 2) d on e.deptno = d.deptno;
-- a filter into a grouped side of an equality
select e.empno from emp e join (select deptno, count(*) as c from emp group by deptno) g on e.deptno = g.deptno where e.deptno = 2;
select e.empno from (select * from emp where deptno = 2) e join (select deptno from emp where deptno = 2 group by deptno) g on e.deptno = g.deptno;
-- a filter into a union side of an equality
select d.name from dept d join (select deptno from emp where deptno > 3 union all select sal from emp where sal > 3) u on d.deptno = u.deptno;
select d.name from (select * from dept where deptno > 3) d join (select deptno from emp union all select sal from emp) u on d.deptno = u.deptno;
-- a filter into the right side of a left join through an equality
select e.empno, d.name from emp e left join dept d on e.deptno = d.deptno where e.deptno > 2;
select e.empno, d.name from (select * from emp where deptno > 2) e left join (select * from dept where deptno > 2) d on e.deptno = d.deptno;
-- a filter into a semi join's right side
select e.empno from emp e where e.deptno > 2 and e.deptno in (select deptno from dept);
select e.empno from emp e where e.deptno in (select deptno from dept where deptno > 2);
-- a filter on an aggregate's key that is computed
select x, n from (select deptno + 1 as x, count(*) as n from emp group by deptno + 1) t where x > 3;
select deptno + 1 as x, count(*) as n from emp where deptno + 1 > 3 group by deptno + 1;
-- a filter through two groupings
select deptno, m from (select deptno, max(s) as m from (select deptno, job, sum(sal) as s from emp group by deptno, job) a group by deptno) b where deptno = 1;
select deptno, max(s) as m from (select deptno, job, sum(sal) as s from emp where deptno = 1 group by deptno, job) a group by deptno;
-- a constant key among groups
select count(*) as c from emp where deptno = 3 group by deptno, sal;
select count(*) as c from emp where deptno = 3 group by sal;
-- constants above groups
select job, empno, sal, sum(sal) as s from emp where empno = 2 group by job, empno, sal;
select job, cast(2 as int) as empno, sal, sum(sal) as s from emp where empno = 2 group by job, sal;
-- constants in a union
select 2 as a, deptno, job from emp union all select 2, deptno, job from emp;
select 2 as a, deptno, job from (select deptno, job from emp union all select deptno, job from emp) u;
-- constants in a distinct union
select 2 as a, deptno from emp union select 2, deptno from dept;
select 2 as a, deptno from (select deptno from emp union select deptno from dept) u;
-- fixed columns in a union
select deptno, sal from emp where deptno = 1 union all select deptno, sal from emp where deptno = 1 and sal > 2;
select cast(1 as int) as deptno, sal from (select sal from emp where deptno = 1 union all select sal from emp where sal > 2 and deptno = 1) u;
-- a projection through a join
select e.sal + d.deptno as x from (select sal, deptno, ename from emp) e join (select deptno, name from dept) d on e.deptno = d.deptno;
select sal + dept.deptno as x from emp join dept on emp.deptno = dept.deptno;
-- expressions on both sides of a join condition
select e.empno from emp e join dept d on e.deptno + 10 = d.deptno * 2;
select e.empno from (select empno, deptno + 10 as x from emp) e join (select deptno * 2 as y from dept) d on d.y = e.x;
-- a disjunction that follows from both sides
select e.empno from emp e join dept d on e.deptno = d.deptno where (e.sal = 1 and d.name = 'a') or (e.sal = 2 and d.name = 'ab');
select e.empno from emp e join dept d on e.deptno = d.deptno where (d.name = 'ab' and 2 = e.sal) or ('a' = d.name and e.sal = 1);
-- an outer join below a union
select e.empno from emp e left join dept d on e.deptno = d.deptno where d.deptno is not null union all select empno from emp;
select empno from emp union all select e.empno from emp e join dept d on d.deptno = e.deptno;
-- a limit through a projection
select x from (select sal + 1 as x, empno from emp order by empno limit 3) t;
select sal + 1 as x from emp order by empno limit 3;
-- a sort of a distinct
select distinct deptno from emp order by deptno;
select deptno from emp group by deptno order by deptno;
-- a sort through a left join
select e.empno, d.name from (select * from emp order by empno) e left join dept d on e.deptno = d.deptno order by e.empno, d.name;
select e.empno, d.name from emp e left join dept d on e.deptno = d.deptno order by e.empno, d.name;
-- two inner limits of one order
select ename from (select ename from emp order by ename limit 5) t order by ename limit 3;
select ename from emp order by ename limit 3;
-- limits below a sorted union
select x from (select sal as x from emp union all select deptno as x from dept) u order by x limit 3;
select x from (select x from (select sal as x from emp order by x limit 3) a union all select x from (select deptno as x from dept order by x limit 3) b) u order by x limit 3;
