import { at, isMap, list, newItems, text } from '../values';
import { high, some, type Danger, type Judge, type Pair } from './danger';

const projectAllows = [
  'sourceRepos',
  'sourceNamespaces',
  'destinations',
  'clusterResourceWhitelist',
  'namespaceResourceWhitelist',
  'roles',
];
const projectDenies = ['clusterResourceBlacklist', 'namespaceResourceBlacklist'];

/** More people, or more that they may do. */
export const judgeRbac: Judge = (pair, context) => {
  const { before, after } = pair;
  if (!after) return [];
  // A grant inside a namespace that comes with it widens nothing that exists.
  const isFresh =
    !before && (context.isNew || (after.namespace !== undefined && context.newNamespaces.has(after.namespace)));
  if (/^(Cluster)?RoleBinding$/.test(after.kind)) {
    return isFresh && at(after.body, 'roleRef', 'name') !== 'cluster-admin' ? [] : bindingDangers(pair);
  }
  if (/^(Cluster)?Role$/.test(after.kind)) return isFresh ? [] : ruleDangers(pair);
  if (after.kind === 'AppProject' && before) return projectDangers(pair);
  return [];
};

function bindingDangers({ before, after }: Pair): Danger[] {
  const role = `${text(at(after?.body, 'roleRef', 'kind'))} ${text(at(after?.body, 'roleRef', 'name'))}`;
  const roleChanged = before && newItems([at(before.body, 'roleRef')], [at(after?.body, 'roleRef')]).length > 0;
  const subjects = newItems(at(before?.body, 'subjects'), at(after?.body, 'subjects')).map(subjectName);
  return [
    ...(roleChanged ? [high(`binds ${role} instead`)] : []),
    ...(subjects.length > 0 ? [high(`gives ${role} to ${some(subjects)}`)] : []),
  ];
}

function subjectName(subject: unknown): string {
  const namespace = text(at(subject, 'namespace'));
  const name = text(at(subject, 'name'));
  return `${text(at(subject, 'kind'))} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

/** One thing that a rule allows. */
interface Grant {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** @default - every object */
  readonly name?: string;
}

function ruleDangers({ before, after }: Pair): Danger[] {
  const old = grants(at(before?.body, 'rules'));
  const wider = grants(at(after?.body, 'rules')).filter((grant) => !old.some((known) => covers(known, grant)));
  const named = wider.map(({ verb, group, resource, name }) => {
    const what = `${resource}${group === '' || group === '*' ? '' : `.${group}`}${name === undefined ? '' : ` ${name}`}`;
    return `${verb === '*' ? 'every verb' : verb} on ${resource === '*' ? 'every resource' : what}`;
  });
  const aggregated = newItems(
    at(before?.body, 'aggregationRule', 'clusterRoleSelectors'),
    at(after?.body, 'aggregationRule', 'clusterRoleSelectors'),
  );
  return [
    ...(named.length > 0 ? [high(`allows ${some([...new Set(named)])}`)] : []),
    ...(aggregated.length > 0 ? [high(`takes in the rules of other roles: ${some(aggregated)}`)] : []),
  ];
}

function grants(rules: unknown): Grant[] {
  return list(rules).flatMap((rule) => {
    const names = strings(at(rule, 'resourceNames'));
    const verbs = strings(at(rule, 'verbs'));
    const urls = strings(at(rule, 'nonResourceURLs')).map((resource) => ({ group: '', resource }));
    const resources = strings(at(rule, 'apiGroups')).flatMap((group) =>
      strings(at(rule, 'resources')).map((resource) => ({ group, resource })),
    );
    return [...resources, ...urls].flatMap((what) =>
      verbs.flatMap((verb): Grant[] =>
        names.length === 0 ? [{ verb, ...what }] : names.map((name) => ({ verb, ...what, name })),
      ),
    );
  });
}

function covers(known: Grant, grant: Grant): boolean {
  const fits = (a: string, b: string): boolean => a === '*' || a === b;
  return (
    fits(known.verb, grant.verb) &&
    fits(known.group, grant.group) &&
    fits(known.resource, grant.resource) &&
    (known.name === undefined || known.name === grant.name)
  );
}

function strings(value: unknown): string[] {
  return list(value).filter((item) => typeof item === 'string');
}

function projectDangers({ before, after }: Pair): Danger[] {
  const wider = projectAllows.flatMap((field) => {
    const items = newItems(at(before?.body, 'spec', field), at(after?.body, 'spec', field));
    return items.length > 0 ? [high(`allows more ${field}: ${some(items.map(nameOf))}`)] : [];
  });
  const opened = projectDenies.flatMap((field) => {
    const items = newItems(at(after?.body, 'spec', field), at(before?.body, 'spec', field));
    return items.length > 0 ? [high(`no longer denies ${field}: ${some(items)}`)] : [];
  });
  return [...wider, ...opened];
}

function nameOf(item: unknown): unknown {
  return isMap(item) && typeof item.name === 'string' && 'policies' in item ? item.name : item;
}
