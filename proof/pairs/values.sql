-- VALUES with a filter
select x from (values (1), (2), (3)) v(x) where x > 1;
select x from (values (2), (3)) v(x);
-- one row of VALUES
select x, y from (values (1, 'a')) v(x, y);
select 1 as x, 'a' as y;
-- a join with one row of VALUES
select e.empno, v.x from emp e cross join (values (1)) v(x);
select empno, 1 as x from emp;
-- VALUES as UNION ALL
select x from (values (1), (2)) v(x);
select 1 as x union all select 2 as x;
-- VALUES in another order
select x from (values (2), (1)) v(x);
select x from (values (1), (2)) v(x);
-- a projection over VALUES
select x + 1 as y from (values (1), (2)) v(x);
select y from (values (2), (3)) v(y);
-- VALUES without rows
select x from (values (1), (2)) v(x) where x > 5;
select x from (values (1), (2)) v(x) where false;
-- a join with nothing
select e.empno from emp e join (select deptno from dept where false) d on e.deptno = d.deptno;
select empno from emp where false;
-- a left join with nothing
select e.empno, d.name from emp e left join (select * from dept where 1 = 0) d on e.deptno = d.deptno;
select empno, cast(null as varchar) as name from emp;
-- a union of nothing
select empno from emp where false union all select empno from emp where 1 = 0;
select empno from emp where false;
-- a filter over nothing
select empno from (select * from emp where false) e where sal > 2;
select empno from emp where false;
-- a sort of nothing
select empno from emp where false order by empno;
select empno from emp where false;
-- a FROM-less select
select 1 + 1 as two;
select 2 as two;
