-- Members that a scope leaves: those whose profile names a unit of the scope, or one below it at any depth. A unit above without
-- a row of its own counts as none; nor does one that is above itself by a way round. Tables: units(unit_id, parent_unit_id),
-- member_profiles(member_id, unit_id), scope(unit_id).
with recursive
told as (
  select u.unit_id, u.parent_unit_id from units u join units p on p.unit_id = u.parent_unit_id),
above(unit_id, higher) as (
  select unit_id, parent_unit_id from told
  union
  select a.unit_id, t.parent_unit_id from above a join told t on t.unit_id = a.higher),
sound as (
  select * from told t where not exists (select 1 from above a where a.unit_id = t.unit_id and a.higher = t.unit_id)),
seen(unit_id) as (
  select unit_id from scope
  union
  select s.unit_id from seen join sound s on s.parent_unit_id = seen.unit_id)
select distinct member_id from member_profiles join seen using (unit_id) order by member_id
