-- conjuncts in another order
select empno from emp where sal > 2 and deptno = 1;
select empno from emp where deptno = 1 and sal > 2;
-- a filter over a filter
select empno from (select * from emp where sal > 2) e where deptno = 1;
select empno from emp where sal > 2 and deptno = 1;
-- a filter above a projection
select s from (select sal + 1 as s, deptno as d from emp) e where d = 1;
select sal + 1 as s from emp where deptno = 1;
-- a filter on a computed column
select s from (select sal + 1 as s from emp) e where s > 3;
select sal + 1 as s from emp where sal + 1 > 3;
-- a filter below a join
select e.empno, d.name from emp e join dept d on e.deptno = d.deptno where e.sal > 2;
select e.empno, d.name from (select * from emp where sal > 2) e join dept d on e.deptno = d.deptno;
-- filters on both sides of a join
select e.empno from emp e join dept d on e.deptno = d.deptno where e.sal > 2 and d.name = 'a';
select e.empno from (select * from emp where sal > 2) e join (select * from dept where name = 'a') d on e.deptno = d.deptno;
-- a filter in the join condition
select e.empno from emp e join dept d on e.deptno = d.deptno and e.sal > 2;
select e.empno from emp e join dept d on e.deptno = d.deptno where e.sal > 2;
-- a filter on the right of a left join, in its condition
select e.empno, d.name from emp e left join dept d on e.deptno = d.deptno and d.name = 'a';
select e.empno, d.name from emp e left join (select * from dept where name = 'a') d on e.deptno = d.deptno;
-- a filter on the left of a left join
select e.empno, d.name from emp e left join dept d on e.deptno = d.deptno where e.sal > 2;
select e.empno, d.name from (select * from emp where sal > 2) e left join dept d on e.deptno = d.deptno;
-- a filter through an aggregate's keys
select deptno, n from (select deptno, count(*) as n from emp group by deptno) g where deptno = 1;
select deptno, count(*) as n from emp where deptno = 1 group by deptno;
-- HAVING on a key
select deptno, count(*) as n from emp group by deptno having deptno > 1;
select deptno, count(*) as n from emp where deptno > 1 group by deptno;
-- HAVING as a filter
select deptno from emp group by deptno having sum(sal) > 3;
select deptno from (select deptno, sum(sal) as s from emp group by deptno) g where s > 3;
-- a filter into a union
select x from (select sal as x from emp union all select deptno as x from dept) u where x > 2;
select sal as x from emp where sal > 2 union all select deptno as x from dept where deptno > 2;
-- a filter through DISTINCT
select d from (select distinct deptno as d from emp) e where d = 1;
select distinct deptno as d from emp where deptno = 1;
-- a filter through a window's partition
select empno, r from (select empno, deptno, rank() over (partition by deptno order by sal) as r from emp) w where deptno = 1;
select empno, rank() over (partition by deptno order by sal) as r from emp where deptno = 1;
-- transitive equality
select e.empno from emp e join dept d on e.deptno = d.deptno where e.deptno = 1;
select e.empno from emp e join dept d on e.deptno = d.deptno where d.deptno = 1;
-- transitive equality on both
select e.empno from emp e join dept d on e.deptno = d.deptno where e.deptno = 1 and d.deptno = 1;
select e.empno from emp e join dept d on e.deptno = d.deptno where d.deptno = 1;
-- a range through an equality
select e.empno from emp e join dept d on e.deptno = d.deptno where e.deptno > 1;
select e.empno from emp e join dept d on e.deptno = d.deptno and d.deptno > 1;
-- a filter that is always true
select empno from emp where 1 = 1;
select empno from emp;
-- a filter that is always false
select empno from emp where 1 = 0;
select empno from emp where false;
-- contradictory equalities
select empno from emp where deptno = 1 and deptno = 2;
select empno from emp where false;
-- contradictory ranges
select empno from emp where sal > 5 and sal < 3;
select empno from emp where false;
-- the stronger of two ranges
select empno from emp where sal > 2 and sal > 4;
select empno from emp where sal > 4;
-- an equality within a range
select empno from emp where deptno = 3 and deptno > 1;
select empno from emp where deptno = 3;
-- a range that touches
select empno from emp where sal >= 3 and sal <= 3;
select empno from emp where sal = 3;
-- the weaker of two alternatives
select empno from emp where sal > 2 or sal > 4;
select empno from emp where sal > 2;
-- duplicate conjuncts
select empno from emp where sal > 2 and sal > 2;
select empno from emp where sal > 2;
-- duplicate disjuncts
select empno from emp where deptno = 1 or sal > 2 or deptno = 1;
select empno from emp where sal > 2 or deptno = 1;
-- absorption
select empno from emp where sal > 2 and (sal > 2 or deptno = 1);
select empno from emp where sal > 2;
-- a common conjunct out of a disjunction
select empno from emp where (deptno = 1 and sal > 2) or (deptno = 1 and comm > 1);
select empno from emp where deptno = 1 and (sal > 2 or comm > 1);
-- De Morgan
select empno from emp where not (sal > 2 or deptno = 1);
select empno from emp where sal <= 2 and deptno <> 1;
-- De Morgan of a conjunction
select empno from emp where not (sal > 2 and deptno = 1);
select empno from emp where sal <= 2 or deptno <> 1;
-- double negation
select empno from emp where not (not (sal > 2));
select empno from emp where sal > 2;
-- NOT of a comparison
select empno from emp where not (sal > 2);
select empno from emp where sal <= 2;
-- a comparison the other way round
select empno from emp where 2 < sal;
select empno from emp where sal > 2;
-- BETWEEN
select empno from emp where sal between 2 and 4;
select empno from emp where sal >= 2 and sal <= 4;
-- NOT BETWEEN
select empno from emp where sal not between 2 and 4;
select empno from emp where sal < 2 or sal > 4;
-- IN as OR
select empno from emp where deptno in (1, 2, 3);
select empno from emp where deptno = 1 or deptno = 2 or deptno = 3;
-- IN in another order, with repeats
select empno from emp where deptno in (3, 1, 2, 1);
select empno from emp where deptno in (1, 2, 3);
-- IN with one element
select empno from emp where deptno in (1);
select empno from emp where deptno = 1;
-- NOT IN as AND
select empno from emp where deptno not in (1, 2);
select empno from emp where deptno <> 1 and deptno <> 2;
-- IN and an equality
select empno from emp where deptno in (1, 2, 3) and deptno in (2, 3, 4);
select empno from emp where deptno in (2, 3);
-- OR of two INs
select empno from emp where deptno in (1, 2) or deptno in (2, 3);
select empno from emp where deptno in (1, 2, 3);
-- a comparison with NULL
select empno from emp where sal = null;
select empno from emp where false;
-- IS TRUE in a filter
select empno from emp where (sal > 2) is true;
select empno from emp where sal > 2;
-- a boolean column compared
select empno from emp where slacker = true;
select empno from emp where slacker;
-- NOT of a boolean column
select empno from emp where slacker = false;
select empno from emp where not slacker;
-- IS NOT NULL that a comparison implies
select empno from emp where comm is not null and comm > 2;
select empno from emp where comm > 2;
-- IS NULL contradicts a comparison
select empno from emp where comm is null and comm > 2;
select empno from emp where false;
-- IS NOT NULL of a sum
select empno from emp where sal + comm is not null;
select empno from emp where sal is not null and comm is not null;
-- x = x is not null
select empno from emp where comm = comm;
select empno from emp where comm is not null;
-- equal columns, transitively
select empno from emp where sal = comm and comm = mgr;
select empno from emp where sal = mgr and mgr = comm;
