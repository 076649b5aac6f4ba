-- the inputs of an inner join swapped
select e.empno, d.name from emp e join dept d on e.deptno = d.deptno;
select e.empno, d.name from dept d join emp e on e.deptno = d.deptno;
-- comma and WHERE
select e.empno, d.name from emp e join dept d on e.deptno = d.deptno;
select e.empno, d.name from emp e, dept d where e.deptno = d.deptno;
-- CROSS JOIN and WHERE
select e.empno, d.name from emp e cross join dept d where d.deptno = e.deptno;
select e.empno, d.name from emp e inner join dept d on d.deptno = e.deptno;
-- USING
select e.empno, d.name from emp e join dept d using (deptno);
select e.empno, d.name from emp e join dept d on e.deptno = d.deptno;
-- NATURAL
select e.ename, b.comm from (select ename, job from emp) e natural join (select ename, job, comm from bonus) b;
select e.ename, b.comm from emp e join bonus b on e.ename = b.ename and e.job = b.job;
-- three inputs, associated otherwise
select e.empno, d.name, b.comm from (emp e join dept d on e.deptno = d.deptno) join bonus b on b.ename = e.ename;
select e.empno, d.name, b.comm from dept d join (emp e join bonus b on b.ename = e.ename) on e.deptno = d.deptno;
-- a self-join with its sides swapped
select a.empno, b.empno as boss from emp a join emp b on a.mgr = b.empno;
select b.empno, a.empno as boss from emp a join emp b on b.mgr = a.empno;
-- a self-join of three
select a.empno from emp a, emp b, emp c where a.mgr = b.empno and b.mgr = c.empno;
select z.empno from emp x, emp y, emp z where z.mgr = y.empno and y.mgr = x.empno;
-- RIGHT as LEFT
select e.empno, d.name from emp e right join dept d on e.deptno = d.deptno;
select e.empno, d.name from dept d left join emp e on e.deptno = d.deptno;
-- FULL with its sides swapped
select e.empno, d.name from emp e full join dept d on e.deptno = d.deptno;
select e.empno, d.name from dept d full join emp e on e.deptno = d.deptno;
-- a left join that a filter makes inner
select e.empno, d.name from emp e left join dept d on e.deptno = d.deptno where d.name = 'a';
select e.empno, d.name from emp e join dept d on e.deptno = d.deptno where d.name = 'a';
-- a right join that a filter makes inner
select e.empno, d.name from emp e right join dept d on e.deptno = d.deptno where e.sal > 2;
select e.empno, d.name from emp e join dept d on e.deptno = d.deptno where e.sal > 2;
-- a full join that a filter makes left
select e.empno, d.name from emp e full join dept d on e.deptno = d.deptno where e.sal > 2;
select e.empno, d.name from emp e left join dept d on e.deptno = d.deptno where e.sal > 2;
-- a full join that a filter makes inner
select e.empno, d.name from emp e full join dept d on e.deptno = d.deptno where e.sal > 2 and d.name = 'a';
select e.empno, d.name from emp e join dept d on e.deptno = d.deptno where e.sal > 2 and d.name = 'a';
-- an outer join below an inner one that rejects NULLs
select e.empno from emp e left join dept d on e.deptno = d.deptno join bonus b on b.job = d.name;
select e.empno from emp e join dept d on e.deptno = d.deptno join bonus b on b.job = d.name;
-- an anti join by IS NULL
select e.empno from emp e left join dept d on e.deptno = d.deptno where d.deptno is null;
select e.empno from emp e where not exists (select 1 from dept d where d.deptno = e.deptno);
-- a semi join by DISTINCT
select e.empno from emp e join (select distinct deptno from dept) d on e.deptno = d.deptno;
select e.empno from emp e where e.deptno in (select deptno from dept);
-- a redundant equality
select e.empno from emp e join dept d on e.deptno = d.deptno and d.deptno = e.deptno;
select e.empno from emp e join dept d on e.deptno = d.deptno;
-- an equality chosen otherwise
select e.empno from emp e, dept d, emp f where e.deptno = d.deptno and d.deptno = f.deptno;
select e.empno from emp e, dept d, emp f where e.deptno = d.deptno and e.deptno = f.deptno;
-- which column of an equality is given out
select e.deptno from emp e join dept d on e.deptno = d.deptno;
select d.deptno from emp e join dept d on e.deptno = d.deptno;
-- a join on true
select e.empno, d.name from emp e join dept d on true;
select e.empno, d.name from emp e cross join dept d;
-- a left join on false
select e.empno, d.name from emp e left join dept d on false;
select e.empno, cast(null as varchar) as name from emp e;
-- an inner join on false
select e.empno, d.name from emp e join dept d on 1 = 2;
select e.empno, d.name from emp e, dept d where false;
-- a projection below a join
select e.s, d.name from (select sal + 1 as s, deptno from emp) e join dept d on e.deptno = d.deptno;
select e.sal + 1 as s, d.name from emp e join dept d on e.deptno = d.deptno;
-- a computed key below a join
select e.empno, d.name from (select empno, deptno + 1 as k from emp) e join dept d on e.k = d.deptno;
select e.empno, d.name from emp e join dept d on e.deptno + 1 = d.deptno;
-- columns that nothing reads
select e.empno from (select empno, sal * 2 as unused, deptno from emp) e join dept d on e.deptno = d.deptno;
select e.empno from emp e join dept d on e.deptno = d.deptno;
-- a left join below a filter on the left
select q.empno from (select e.empno, e.sal, d.name from emp e left join dept d on e.deptno = d.deptno) q where q.sal > 2;
select e.empno from emp e left join dept d on e.deptno = d.deptno where e.sal > 2;
-- a condition on the left of a semi join
select e.empno from emp e where exists (select 1 from dept d where d.deptno = e.deptno and e.sal > 2);
select e.empno from emp e where e.sal > 2 and exists (select 1 from dept d where d.deptno = e.deptno);
-- LEFT SEMI JOIN and EXISTS
select e.empno from emp e left semi join dept d on e.deptno = d.deptno;
select e.empno from emp e where exists (select 1 from dept d where d.deptno = e.deptno);
-- LEFT ANTI JOIN and NOT EXISTS
select e.empno from emp e left anti join dept d on e.deptno = d.deptno;
select e.empno from emp e where not exists (select 1 from dept d where d.deptno = e.deptno);
-- a lateral that is none
select e.empno, x.n from emp e cross join lateral (select count(*) as n from dept) x;
select e.empno, x.n from emp e cross join (select count(*) as n from dept) x;
-- a lateral aggregate and a scalar subquery
select e.empno, x.n from emp e cross join lateral (select max(d.name) as n from dept d where d.deptno = e.deptno) x;
select e.empno, (select max(d.name) from dept d where d.deptno = e.deptno) as n from emp e;
-- a disjunction with a common join condition
select e.empno from emp e, dept d where (e.deptno = d.deptno and e.sal > 2) or (e.deptno = d.deptno and d.name = 'a');
select e.empno from emp e join dept d on e.deptno = d.deptno where e.sal > 2 or d.name = 'a';
-- two left joins in another order
select e.empno, d.name, b.comm from emp e left join dept d on e.deptno = d.deptno left join bonus b on e.ename = b.ename;
select e.empno, d.name, b.comm from emp e left join bonus b on e.ename = b.ename left join dept d on e.deptno = d.deptno;
-- an inner and a left join in another order
select e.empno, d.name, b.comm from emp e left join dept d on e.deptno = d.deptno join bonus b on e.ename = b.ename;
select e.empno, d.name, b.comm from emp e join bonus b on e.ename = b.ename left join dept d on e.deptno = d.deptno;
-- a join under an alias that hides it
select q.empno from (select * from (select empno, deptno from emp) p) q, (select deptno as x from dept) r where q.deptno = r.x;
select empno from emp join dept using (deptno);
