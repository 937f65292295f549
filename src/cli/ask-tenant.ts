import { formats } from '../model/formats';

/** What `keelson tenant new` needs to know. */
export interface Answers {
  readonly name?: string | undefined;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly environments?: readonly string[] | undefined;
  readonly repository?: string | undefined;
  readonly yaml?: boolean | undefined;
}

/** An environment that may be chosen. */
export interface Choice {
  readonly name: string;
  readonly production: boolean;
}

/**
 * Asks on the terminal for whatever the command line left open. Undefined where the person gave up: nothing is written
 * then.
 */
export async function askTenant(given: Answers, environments: readonly Choice[]): Promise<Answers | undefined> {
  const { cancel, group, intro, multiselect, select, text } =
    require('@clack/prompts') as typeof import('@clack/prompts');
  const ask =
    (message: string, placeholder: string, format: string, optional = false) =>
    () =>
      text({
        message,
        placeholder,
        validate: (value) => (optional && !value ? undefined : faultOf(format, value ?? '')),
      });
  const known =
    <T>(value: T) =>
    () =>
      Promise.resolve(value);
  intro('A new tenant');
  let gaveUp = false;
  const answers = await group(
    {
      name: given.name === undefined ? ask('Name', 'payments', 'dns-label') : known(given.name),
      owner:
        given.owner === undefined
          ? ask('Mail address of its team', 'payments@example.com', 'email')
          : known(given.owner),
      group:
        given.group === undefined
          ? ask('Group of its developers, as the OIDC issuer names it', 'payments-developers', 'group')
          : known(given.group),
      environments:
        given.environments === undefined
          ? () =>
              multiselect({
                message: 'Environments',
                options: environments.map(({ name, production }) => ({
                  value: name,
                  label: name,
                  ...(production ? { hint: 'production' } : {}),
                })),
                initialValues: environments.filter(({ production }) => !production).map(({ name }) => name),
              })
          : known([...given.environments]),
      repository:
        given.repository === undefined
          ? ask(
              'Git repository that is deployed (leave empty for none yet)',
              'https://git.example.com/payments.git',
              'git-url',
              true,
            )
          : known(given.repository),
      yaml:
        given.yaml === undefined
          ? () =>
              select({
                message: 'Form',
                options: [
                  { value: true, label: 'YAML claim', hint: 'the team changes it itself' },
                  { value: false, label: 'TypeScript', hint: 'the platform team reviews every change' },
                ],
                initialValue: true,
              })
          : known(given.yaml),
    },
    {
      onCancel: () => {
        gaveUp = true;
        cancel('Nothing was written.');
      },
    },
  );
  if (gaveUp) return undefined;
  return { ...answers, repository: answers.repository || undefined };
}

/** What is wrong with an answer by the format that the schema gives its field. */
function faultOf(format: string, value: string): string | undefined {
  if (value === '') return 'needs an answer';
  const fault = formats[format]?.check(value);
  return fault && [fault.message, fault.fix].filter(Boolean).join('; ');
}
