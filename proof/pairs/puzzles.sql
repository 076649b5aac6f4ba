-- customers without orders
select d.name from dept d where d.deptno not in (select e.deptno from emp e where e.deptno is not null);
select d.name from dept d where not exists (select 1 from emp e where e.deptno = d.deptno);
-- customers without orders, three ways
select d.name from dept d left join emp e on d.deptno = e.deptno where e.deptno is null;
select d.name from dept d where not exists (select * from emp where emp.deptno = d.deptno);
-- duplicates by HAVING
select ename from emp group by ename having count(*) > 1;
select ename from (select ename, count(*) as n from emp group by ename) t where n > 1;
-- duplicates by a self-join
select distinct e.ename from emp e join emp f on e.ename = f.ename and e.empno <> f.empno;
select distinct e.ename from emp e, emp f where f.empno <> e.empno and f.ename = e.ename;
-- more than the manager
select e.ename from emp e join emp m on e.mgr = m.empno where e.sal > m.sal;
select e.ename from emp e where e.sal > (select max(m.sal) from emp m where m.empno = e.mgr);
-- more than the manager, by EXISTS
select e.ename from emp e join emp m on e.mgr = m.empno where e.sal > m.sal;
select e.ename from emp e where exists (select 1 from emp m where m.empno = e.mgr and m.sal < e.sal);
-- the second highest
select max(sal) as m from emp where sal < (select max(sal) from emp);
select max(e.sal) as m from emp e join (select max(sal) as x from emp) t on e.sal < t.x;
-- at least two reports
select m.ename from emp m where m.empno in (select mgr from emp group by mgr having count(*) >= 2);
select m.ename from emp m join (select mgr from emp group by mgr having count(*) > 1) r on m.empno = r.mgr;
-- at least two reports, grouped above
select m.ename from emp m join emp e on e.mgr = m.empno group by m.empno, m.ename having count(*) > 1;
select m.ename from emp m join (select mgr, count(*) as n from emp group by mgr) e on e.mgr = m.empno where e.n > 1;
-- a bonus that is small or missing
select e.ename, b.comm from emp e left join bonus b on e.ename = b.ename where b.comm < 3 or b.comm is null;
select e.ename, b.comm from emp e left join bonus b on b.ename = e.ename where b.comm is null or not (b.comm >= 3);
-- the referee that is not two
select ename from emp where mgr <> 2 or mgr is null;
select ename from emp where coalesce(mgr, 0) <> 2;
-- the referee, by IS DISTINCT FROM
select ename from emp where mgr <> 2 or mgr is null;
select ename from emp where mgr is distinct from 2;
-- big in one way or the other
select ename from emp where sal >= 3 or comm >= 2;
select ename from emp where not (sal < 3 and comm < 2) or (sal >= 3) or (comm >= 2);
-- totals by case
select deptno, sum(case when job = 'a' then sal else 0 end) as a, sum(case when job = 'ab' then sal else 0 end) as b from emp group by deptno;
select deptno, sum(case job when 'a' then sal else 0 end) as a, sum(case job when 'ab' then sal else 0 end) as b from emp group by deptno;
-- counts by case
select deptno, count(case when sal > 2 then 1 end) as n from emp group by deptno;
select deptno, count(*) filter (where sal > 2) as n from emp group by deptno;
-- counts by a sum of ones
select deptno, sum(case when sal > 2 then 1 else 0 end) as n from emp group by deptno;
select deptno, sum(case when not sal > 2 or sal is null then 0 else 1 end) as n from emp group by deptno;
-- counts by a sum and a filter
select deptno, count(case when sal > 2 then empno end) as n from emp where empno is not null group by deptno;
select deptno, count(case when sal > 2 then 'x' else null end) as n from emp where empno is not null group by deptno;
-- the first of each group by rank
select ename from (select ename, rank() over (partition by deptno order by sal desc) as r from emp) t where r = 1;
select ename from (select ename, rank() over (partition by deptno order by sal desc) as r from emp) t where r <= 1;
-- the three best of each group
with t as (select ename, dense_rank() over (partition by deptno order by sal desc) as r from emp) select ename from t where r <= 3;
select ename from (select ename, dense_rank() over (partition by deptno order by sal desc) as r from emp) t where r < 4;
-- the first of each group by row number
select ename, sal from (select ename, sal, row_number() over (partition by deptno order by empno) as r from emp) t where r = 1;
select ename, sal from emp qualify row_number() over (partition by deptno order by empno) = 1;
-- the sum of the group beside the row
select empno, sum(sal) over (partition by deptno) as s from emp;
select e.empno, t.s from emp e join (select deptno, sum(sal) as s from emp group by deptno) t on t.deptno = e.deptno;
-- the share of the group
select empno, sal - max(sal) over (partition by deptno) as x from emp;
select empno, sal - m as x from (select empno, sal, max(sal) over (partition by deptno) as m from emp) t;
-- the one who did all
select e.ename from emp e group by e.ename having count(distinct e.deptno) = (select count(*) from dept);
with n as (select count(*) as c from dept) select ename from (select ename, count(distinct deptno) as k from emp group by ename) t join n on k = c;
-- the day of a timestamp
select count(*) as n from emp where hiredate >= date '2024-02-28' and hiredate <= date '2024-02-29';
select count(*) as n from emp where hiredate between '2024-02-28' and '2024-02-29';
-- a year as a range
select empno from emp where extract(year from hiredate) = 2024;
select empno from emp where hiredate >= date '2024-01-01' and hiredate < date '2025-01-01';
-- years as a range
select empno from emp where extract(year from hiredate) between 2023 and 2024;
select empno from emp where hiredate >= date '2023-01-01' and hiredate < date '2025-01-01';
-- a year that is greater
select empno from emp where date_part('year', hiredate) > 2023;
select empno from emp where hiredate >= date '2024-01-01';
-- a truncated date as a range
select empno from emp where date_trunc('month', hiredate) = date '2024-02-01';
select empno from emp where hiredate >= date '2024-02-01' and hiredate < date '2024-03-01';
-- a date and an interval in a comparison
select empno from emp where hiredate < date '2024-01-01' + interval '1 month';
select empno from emp where hiredate < date '2024-02-01';
-- a range over dates, closed and open
select empno from emp where hiredate > date '2024-02-27' and hiredate < date '2024-03-01';
select empno from emp where hiredate between date '2024-02-28' and date '2024-02-29';
-- an open and a closed range of integers
select empno from emp where sal > 1 and sal < 4;
select empno from emp where sal between 2 and 3;
-- an integer that is not less
select empno from emp where not (sal < 3);
select empno from emp where sal > 2;
-- a sum in a comparison
select empno from emp where sal + 1 > 3;
select empno from emp where sal + 1 >= 4;
-- a negated column
select empno from emp where -sal < -2;
select empno from emp where - sal < -2;
-- the empty string and NULL
select empno from emp where ename is not null and ename <> '';
select empno from emp where ename <> '' and ename is not null;
-- upper and lower
select empno from emp where upper(ename) = 'A';
select empno from emp where 'A' = upper(ename);
-- a prefix
select empno from emp where ename like 'a%';
select empno from emp where starts_with(ename, 'a');
-- a prefix by substr
select empno from emp where substr(ename, 1, 1) = 'a';
select empno from emp where left(ename, 1) = 'a';
-- not like
select empno from emp where not (ename like 'a%');
select empno from emp where ename not like 'a%';
-- CASE in a filter as a disjunction
select empno from emp where case when deptno = 1 then sal > 2 else sal > 3 end;
select empno from emp where (deptno = 1 and sal > 2) or ((deptno <> 1 or deptno is null) and sal > 3);
-- CASE compared with a constant
select empno from emp where case when sal > 2 then 'high' else 'low' end = 'high';
select empno from emp where sal > 2;
-- CASE compared with the other constant
select empno from emp where case when sal > 2 then 1 else 0 end = 0;
select empno from emp where not (sal > 2) or sal is null;
-- COALESCE compared with a constant
select empno from emp where coalesce(comm, 0) = 0;
select empno from emp where comm = 0 or comm is null;
-- COALESCE of a condition
select empno from emp where coalesce(sal > 2, false);
select empno from emp where sal > 2;
-- NULLIF tested
select empno from emp where nullif(sal, 2) is null;
select empno from emp where sal is null or sal = 2;
-- IS NOT DISTINCT FROM a constant
select empno from emp where deptno is not distinct from 2;
select empno from emp where deptno = 2;
-- a case that tests its constant
select case when deptno = 7 then deptno else 7 end as x from emp;
select 7 as x from emp;
-- a case over a fixed column
select case when deptno = 1 then ename else 'b' end as x from emp where deptno = 1;
select ename as x from emp where deptno = 1;
-- a condition that the filter decides
select sal > 2 as x from emp where sal > 2;
select true as x from emp where sal > 2;
-- pairs counted once
select count(*) as n from emp e, emp f where e.deptno = f.deptno and e.empno < f.empno;
select count(*) as n from emp f join emp e on e.deptno = f.deptno where f.empno > e.empno;
-- a running count by a self-join
select e.empno, count(*) as n from emp e join emp f on f.empno <= e.empno group by e.empno;
select a.empno, count(1) as n from emp a, emp b where a.empno >= b.empno group by a.empno;
-- all keys of both
select deptno from dept union select deptno from emp;
select coalesce(d.deptno, e.deptno) as deptno from (select distinct deptno from dept) d full join (select distinct deptno from emp) e on d.deptno = e.deptno;
-- missing ones of both
select d.deptno from dept d full join emp e on d.deptno = e.deptno where e.empno is null;
select d.deptno from emp e right join dept d on e.deptno = d.deptno where e.empno is null;
-- the union of two filters on a key
select empno, sal from emp where sal > 3 union select empno, sal from emp where deptno = 2;
select empno, sal from emp where deptno = 2 or sal > 3;
-- the intersection of two filters on a key
select empno, sal from emp where sal > 2 intersect select empno, sal from emp where deptno = 2;
select empno, sal from emp where deptno = 2 and sal > 2;
-- the difference of two filters on a key
select empno, sal from emp where sal > 2 except select empno, sal from emp where deptno = 2;
select empno, sal from emp where sal > 2 and (deptno <> 2 or deptno is null);
-- the intersection of two filters
select distinct deptno, sal from emp where sal > 2 intersect select deptno, sal from emp where sal < 5;
select distinct deptno, sal from emp where sal > 2 and sal < 5;
-- the difference of two filters
select deptno, sal from emp where sal > 2 except select deptno, sal from emp where sal > 4;
select distinct deptno, sal from emp where sal > 2 and not (sal > 4);
-- the union of two filters
select deptno, sal from emp where sal > 4 union select deptno, sal from emp where sal < 2;
select distinct deptno, sal from emp where sal > 4 or sal < 2;
