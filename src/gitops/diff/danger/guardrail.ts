import { at, list, newItems, text } from '../values';
import { groupOf, high, some, type Judge } from './danger';

/** Admission rules that become weaker. */
export const judgeGuardrail: Judge = ({ before, after }, context) => {
  const object = after ?? before;
  if (!object || context.isNew) return [];
  const group = groupOf(object);
  const isPolicy = /^(kyverno\.io|policies\.kyverno\.io|admissionregistration\.k8s\.io)$/.test(group);
  if (!isPolicy) return [];
  if (/Exception$/.test(object.kind))
    return after ? [high(before ? 'changes an exception from a guardrail' : 'exempts from a guardrail')] : [];
  if (before && !after) return [high('removes a guardrail')];
  if (!before || !after) return [];
  const actions = (body: unknown): unknown[] => list(at(body, 'spec', 'validationActions'));
  const lost = newItems(actions(after.body), actions(before.body));
  const enforces = (body: unknown): boolean => /"(validationF|f)ailureAction":"[Ee]nforce"/.test(JSON.stringify(body));
  const failure = (body: unknown): string => text(at(body, 'spec', 'failurePolicy')) ?? 'Fail';
  return [
    ...(lost.includes('Deny') ? [high(`no longer denies, only: ${some(actions(after.body))}`)] : []),
    ...(enforces(before.body) && !enforces(after.body) ? [high('no longer enforces, only audits')] : []),
    ...(failure(before.body) === 'Fail' && failure(after.body) === 'Ignore'
      ? [high('lets everything pass while it can not be asked')]
      : []),
  ];
};
