import * as pulumi from '@pulumi/pulumi';

/** A resource as the program declared it, every output resolved. */
export interface GraphNode {
  /** `aws:ec2/vpc:Vpc`. */
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly inputs: Record<string, unknown>;
  readonly options: {
    readonly protect: boolean;
    readonly retainOnDelete: boolean;
    readonly deleteBeforeReplace: boolean;
    readonly ignoreChanges: readonly string[];
    /** Ids of what it waits for beyond its inputs. */
    readonly dependsOn: readonly string[];
  };
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
}

/** Id and ARN that the mocks give: whoever holds one of them in its inputs refers to that resource. */
export const idOf = (type: string, name: string) => `${type}::${name}`;
export const arnOf = (type: string, name: string) => `arn:aws:mock:eu-central-1:111122223333:${type}/${name}`;

const inputs = new Map<string, Record<string, unknown>>();
const options = new Map<string, pulumi.CustomResourceOptions>();

/** What the cloud would fill in. */
const COMPUTED: Readonly<Record<string, (name: string, given: Record<string, unknown>) => Record<string, unknown>>> = {
  'keelson:aws:Secrets': () => ({
    facts: {
      documents: { '.well-known/openid-configuration': '{}', 'openid/v1/jwks': '{"keys":[]}' },
      trust: ['MAo='],
    },
  }),
  'aws:kms/key:Key': (name) => ({ keyId: idOf('aws:kms/key:Key', name) }),
  'aws:s3/bucket:Bucket': (_, { bucket }) => ({
    arn: `arn:aws:s3:::${String(bucket)}`,
    bucketRegionalDomainName: `${String(bucket)}.s3.eu-central-1.amazonaws.com`,
  }),
  'aws:ec2/eip:Eip': () => ({ publicIp: '198.51.100.1' }),
  'aws:ec2/launchTemplate:LaunchTemplate': () => ({ latestVersion: 7 }),
  'aws:lb/loadBalancer:LoadBalancer': (name) => ({
    arnSuffix: `net/${name}/1`,
    dnsName: `${name}.elb.eu-central-1.amazonaws.com`,
    zoneId: 'Z3F0SRJ5LGBH90',
  }),
  'aws:route53/zone:Zone': (name) => ({
    zoneId: idOf('aws:route53/zone:Zone', name),
    nameServers: ['ns-1.awsdns-00.com', 'ns-2.awsdns-00.net'],
  }),
  'aws:route53/record:Record': (_, { name }) => ({ fqdn: name }),
  'aws:acm/certificate:Certificate': () => ({
    domainValidationOptions: [
      { resourceRecordName: '_1.example', resourceRecordType: 'CNAME', resourceRecordValue: '_2.acm-validations.aws' },
    ],
  }),
  'aws:acm/certificateValidation:CertificateValidation': (_, { certificateArn }) => ({ certificateArn }),
  'aws:cloudfront/distribution:Distribution': () => ({
    domainName: 'd111111abcdef8.cloudfront.net',
    hostedZoneId: 'Z2FDTNDATAQYW2',
  }),
  'aws:cloudfront/originAccessControl:OriginAccessControl': () => ({}),
  'aws:lb/targetGroup:TargetGroup': (name) => ({ arnSuffix: `targetgroup/${name}/1` }),
  'aws:ebs/volume:Volume': (name) => ({ id: `vol-${name}` }),
  'aws:sqs/queue:Queue': (name) => ({ url: `https://sqs.eu-central-1.amazonaws.com/111122223333/${name}` }),
  'aws:eks/cluster:Cluster': () => ({
    endpoint: 'https://0A1B2C3D.gr7.eu-central-1.eks.amazonaws.com',
    certificateAuthority: { data: 'Y2VydGlmaWNhdGU=' },
    identities: [{ oidcs: [{ issuer: 'https://oidc.eks.eu-central-1.amazonaws.com/id/0A1B2C3D' }] }],
  }),
};

/** Answers of AWS to questions of the program. */
const ANSWERS: Readonly<Record<string, Record<string, unknown>>> = {
  'aws:index/getAvailabilityZones:getAvailabilityZones': {
    names: ['eu-central-1c', 'eu-central-1a', 'eu-central-1b', 'eu-central-1d'],
  },
  'aws:index/getCallerIdentity:getCallerIdentity': {
    arn: 'arn:aws:sts::111122223333:assumed-role/pipeline/session',
  },
  'aws:iam/getSessionContext:getSessionContext': { issuerArn: 'arn:aws:iam::111122223333:role/pipeline' },
  'aws:ssm/getParameter:getParameter': { insecureValue: 'ami-0123456789abcdef0', value: 'ami-0123456789abcdef0' },
};

/** Machines that the program asked Systems Manager for. */
export const askedFor: string[] = [];

/** Starts to collect; once a test file, before the program is loaded. Makes nothing for real, preview or not. */
export async function mockAws(stack: string, { preview = true } = {}): Promise<void> {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs: given }) => {
        const key = idOf(type, name);
        const { source, ...rest } = given as Record<string, unknown>;
        inputs.set(key, { ...structuredClone(rest), ...(source === undefined ? {} : { source: 'a file' }) });
        const state = { arn: arnOf(type, name), ...given, ...COMPUTED[type]?.(name, given as Record<string, unknown>) };
        return { id: type === 'aws:ebs/volume:Volume' ? `vol-${name}` : key, state };
      },
      call: ({ token, provider, inputs: question }) => {
        if (!provider) throw new Error(`the program asked AWS ${token} in whatever region the environment names`);
        if (token === 'aws:ssm/getInstances:getInstances') {
          const ids = (question as { filters: { values: string[] }[] }).filters.flatMap(({ values }) => values);
          askedFor.push(...ids);
          return { ids };
        }
        const answer = ANSWERS[token];
        if (!answer) throw new Error(`the program asked AWS something new: ${token}`);
        return answer;
      },
    },
    'keelson',
    stack,
    preview,
  );
}

/** Everything that `program` declares. */
export async function collectGraph(program: () => unknown): Promise<Graph> {
  inputs.clear();
  options.clear();
  await pulumi.runtime.runInPulumiStack(async () => {
    // Options never reach mocks.
    pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
      options.set(idOf(type, name), opts as pulumi.CustomResourceOptions);
      return undefined;
    });
    await program();
    return {};
  });
  await settled();
  const nodes = await Promise.all(
    [...inputs].map(async ([key, given]): Promise<GraphNode> => {
      const [type = '', name = ''] = key.split('::');
      const opts = options.get(key) ?? {};
      return {
        type,
        name,
        id: type === 'aws:ebs/volume:Volume' ? `vol-${name}` : key,
        inputs: given,
        options: {
          protect: opts.protect === true,
          retainOnDelete: opts.retainOnDelete === true,
          deleteBeforeReplace: opts.deleteBeforeReplace === true,
          ignoreChanges: opts.ignoreChanges ?? [],
          dependsOn: await dependencies(opts.dependsOn),
        },
      };
    }),
  );
  return { nodes: nodes.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

async function dependencies(given: pulumi.CustomResourceOptions['dependsOn']): Promise<readonly string[]> {
  const resolved = await new Promise<readonly pulumi.Resource[]>((resolve) => {
    pulumi.output(given ?? []).apply((list) => resolve((Array.isArray(list) ? list : [list]) as pulumi.Resource[]));
  });
  return Promise.all(
    resolved.map(
      (resource) =>
        new Promise<string>((resolve) => {
          resource.urn.apply((urn) => {
            const parts = urn.split('::');
            resolve(idOf(parts[2]!.split('$').at(-1)!, parts[3]!));
          });
        }),
    ),
  );
}

/**
 * Resources are registered one after the other as their inputs resolve: all are there when Pulumi has no request under
 * way and no more come. It tells no type of the function that waits for its requests; without it a busy machine, on which
 * nothing happens for a moment, looks like the end.
 */
async function settled(): Promise<void> {
  const { waitForRPCs } = pulumi.runtime as unknown as { readonly waitForRPCs: () => Promise<void> };
  let count = -1;
  while (count !== inputs.size) {
    count = inputs.size;
    await waitForRPCs();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
