/** Health checks in Lua that Argo CD gets besides its own, or in their place. */

/**
 * Health of a child Application, by which sync waves wait for each other. Not healthy is one that was compared with an
 * older source, or before its last sync ended; that has a sync asked for or under way; or whose first sync is to come,
 * unless nothing is left to do since bootstrap applied the same before. One that cannot be compared, or whose sync is
 * tried again, is degraded: the parent's own sync then fails and starts anew with what was published meanwhile, where it
 * would else wait for ever on what cannot come.
 */
export const APPLICATION_HEALTH = `local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end
local function current(source, compared)
  for _, key in ipairs({ "repoURL", "chart", "path", "targetRevision" }) do
    if (source[key] or "") ~= (compared[key] or "") then return false end
  end
  return same((source.helm or {}).valuesObject, (compared.helm or {}).valuesObject)
end
local status = obj.status or {}
local sync = status.sync or {}
local operation = status.operationState
if operation ~= nil and operation.phase == "Running" and (operation.retryCount or 0) > 0 then
  return { status = "Degraded", message = operation.message or "Its sync is tried again" }
end
if obj.operation ~= nil or (operation ~= nil and operation.phase == "Running") then
  return { status = "Progressing", message = "Waiting for its sync" }
end
if sync.status == "Unknown" then
  local condition = (status.conditions or {})[1] or {}
  return { status = "Degraded", message = condition.message or "It cannot be compared with its source" }
end
local compared = sync.comparedTo or {}
local before = compared.sources or { compared.source }
for i, source in ipairs(obj.spec.sources or { obj.spec.source }) do
  if not current(source, before[i] or {}) then
    return { status = "Progressing", message = "Waiting for a comparison with its source" }
  end
end
if sync.status ~= "Synced" then
  if operation == nil then
    return { status = "Progressing", message = "Waiting for its first sync" }
  end
  if operation.phase == "Failed" or operation.phase == "Error" then
    return { status = "Degraded", message = operation.message or "Its sync failed" }
  end
  if (status.reconciledAt or "") <= (operation.finishedAt or "") then
    return { status = "Progressing", message = "Waiting for a comparison after its sync" }
  end
end
local health = status.health or {}
return { status = health.status or "Progressing", message = health.message or "" }
`;

/** A custom resource definition that the API server has yet to establish is under way: Argo CD's own check says degraded. */
export const DEFINITION_HEALTH = `local seen = {}
for _, condition in ipairs((obj.status or {}).conditions or {}) do
  seen[condition.type] = condition
end
if seen.NamesAccepted ~= nil and seen.NamesAccepted.status == "False" then
  return { status = "Degraded", message = seen.NamesAccepted.message or "Its names are taken" }
end
if seen.NonStructuralSchema ~= nil and seen.NonStructuralSchema.status == "True" then
  return { status = "Degraded", message = seen.NonStructuralSchema.message or "Its schema is not structural" }
end
if seen.Established == nil or seen.Established.status ~= "True" then
  return { status = "Progressing", message = "Waiting to be established" }
end
return { status = "Healthy", message = "" }
`;

/** Crossplane's Functions say in two conditions what Argo CD knows of its Providers only. */
export const FUNCTION_HEALTH = `local seen = {}
for _, condition in ipairs((obj.status or {}).conditions or {}) do
  seen[condition.type] = condition
end
if seen.Installed == nil or seen.Healthy == nil then
  return { status = "Progressing", message = "Waiting for its installation" }
end
for _, name in ipairs({ "Installed", "Healthy" }) do
  if seen[name].status ~= "True" then
    return { status = "Degraded", message = seen[name].message or seen[name].reason or name }
  end
end
return { status = "Healthy", message = "" }
`;

/** A Database is under way until Crossplane says that all it is made of is ready, and degraded where it cannot be made. */
export const DATABASE_HEALTH = `local seen = {}
for _, condition in ipairs((obj.status or {}).conditions or {}) do
  seen[condition.type] = condition
end
if seen.Synced ~= nil and seen.Synced.status == "False" then
  return { status = "Degraded", message = seen.Synced.message or "It cannot be made" }
end
if seen.Ready ~= nil and seen.Ready.status == "True" then
  return { status = "Healthy", message = "" }
end
return { status = "Progressing", message = (seen.Ready or {}).message or "Waiting for its instance" }
`;
