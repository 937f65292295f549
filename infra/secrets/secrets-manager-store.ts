import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  paginateListSecrets,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { checkEntryName, SecretStoreError, type SecretStore } from './store';

/** Where a store in AWS Secrets Manager is. */
export interface SecretsManagerPlace {
  readonly region: string;
  /** Prefix of all names, such as `keelson/production/store/`. */
  readonly prefix: string;
  /** URL of the service. @default - AWS' own in that region */
  readonly endpoint?: string;
}

/**
 * A store in AWS Secrets Manager, a secret an entry, as whoever is signed in to AWS. Writers are runs of one Pulumi
 * stack, which Pulumi itself lets one at a time: between processes it has no lock of its own.
 * It has never met AWS: its tests have a server on loopback that speaks the service's protocol.
 */
export class SecretsManagerStore implements SecretStore {
  readonly place: string;
  readonly #client: SecretsManagerClient;
  readonly #prefix: string;
  #locked = false;

  private constructor({ region, prefix, endpoint }: SecretsManagerPlace) {
    this.place = `AWS Secrets Manager, ${region}, ${prefix}`;
    this.#client = clientOf(region, endpoint);
    this.#prefix = prefix;
  }

  static open(place: SecretsManagerPlace): SecretsManagerStore {
    return new SecretsManagerStore(place);
  }

  async read(name: string): Promise<Buffer | undefined> {
    checkEntryName(name);
    return this.#told(name, () => valueOf(this.#client, this.#prefix + name));
  }

  async write(name: string, text: string | Buffer): Promise<void> {
    this.#refuseUnlocked(name);
    await this.#told(name, () => setValue(this.#client, this.#prefix + name, Buffer.from(text), { create: true }));
  }

  async list(): Promise<readonly string[]> {
    return this.#told('', async () => {
      const names: string[] = [];
      const filters = [{ Key: 'name' as const, Values: [this.#prefix] }];
      for await (const { SecretList = [] } of paginateListSecrets({ client: this.#client }, { Filters: filters })) {
        names.push(...SecretList.flatMap(({ Name }) => (Name?.startsWith(this.#prefix) ? [Name] : [])));
      }
      return names.map((name) => name.slice(this.#prefix.length)).sort();
    });
  }

  async remove(name: string): Promise<void> {
    this.#refuseUnlocked(name);
    await this.#told(name, async () => {
      // It can be brought back for a month: a key that was removed too early opens old snapshots.
      const command = new DeleteSecretCommand({ SecretId: this.#prefix + name, RecoveryWindowInDays: 30 });
      await this.#client
        .send(command)
        .catch((error: Error) => ignoreGone(this.#client, command.input.SecretId!, error));
    });
  }

  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#locked) throw new Error(`${this.place}: exclusively does not nest`);
    this.#locked = true;
    try {
      return await work();
    } finally {
      this.#locked = false;
    }
  }

  #refuseUnlocked(name: string): void {
    checkEntryName(name);
    if (!this.#locked) throw new Error(`${this.place}: ${name} changed outside \`exclusively\``);
  }

  async #told<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new SecretStoreError(
        `${this.place}${name}: ${(error as Error).name}: ${(error as Error).message}: sign in to AWS as who provisions this cluster`,
      );
    }
  }
}

/** The value of one secret, by its whole name; nothing where it has none yet. Rejects as the service does. */
export function readBinary(region: string, name: string, endpoint?: string): Promise<Buffer | undefined> {
  return valueOf(clientOf(region, endpoint), name);
}

/** Gives a secret that is there a new value, by its whole name. Rejects as the service does. */
export function writeBinary(region: string, name: string, value: Buffer, endpoint?: string): Promise<void> {
  return setValue(clientOf(region, endpoint), name, value, { create: false });
}

function clientOf(region: string, endpoint = process.env.KEELSON_SECRETS_MANAGER_ENDPOINT): SecretsManagerClient {
  return new SecretsManagerClient({ region, ...(endpoint === undefined ? {} : { endpoint }) });
}

async function valueOf(client: SecretsManagerClient, name: string): Promise<Buffer | undefined> {
  try {
    const { SecretBinary, SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }));
    if (SecretBinary !== undefined) return Buffer.from(SecretBinary);
    return SecretString === undefined ? undefined : Buffer.from(SecretString);
  } catch (error) {
    return ignoreGone(client, name, error as Error);
  }
}

async function setValue(
  client: SecretsManagerClient,
  name: string,
  value: Buffer,
  { create }: { readonly create: boolean },
): Promise<void> {
  const put = () => client.send(new PutSecretValueCommand({ SecretId: name, SecretBinary: value }));
  try {
    await put();
  } catch (error) {
    if (!create) throw error;
    await ignoreGone(client, name, error as Error);
    if ((error as Error).name === MISSING) {
      await client.send(new CreateSecretCommand({ Name: name, SecretBinary: value }));
      return;
    }
    // It was removed within the last month, such as with a host that comes back: its name is still taken.
    await client.send(new RestoreSecretCommand({ SecretId: name }));
    await put();
  }
}

const MISSING = 'ResourceNotFoundException';

/** Quiet where the secret is not there or waits for its deletion; the service refuses to work with such ones. */
async function ignoreGone(client: SecretsManagerClient, name: string, error: Error): Promise<undefined> {
  if (error.name === MISSING) return undefined;
  if (error.name !== 'InvalidRequestException') throw error;
  const { DeletedDate } = await client.send(new DescribeSecretCommand({ SecretId: name }));
  if (DeletedDate === undefined) throw error;
  return undefined;
}
