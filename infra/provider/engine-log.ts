import { credentials } from '@grpc/grpc-js';
import { EngineClient } from '@pulumi/pulumi/proto/engine_grpc_pb';
import { LogRequest, LogSeverity } from '@pulumi/pulumi/proto/engine_pb';

/** Has Pulumi show a sentence about a resource. Where Pulumi does not take it that is no fault of the resource. */
export type Tell = (urn: string, sentence: string) => Promise<void>;

/** Tells Pulumi's engine, whose address is the first argument of a provider's program. */
export function engineLog(address: string | undefined): Tell {
  if (address === undefined) return () => Promise.resolve();
  const client = new EngineClient(address, credentials.createInsecure());
  return (urn, sentence) =>
    new Promise((resolve) => {
      const request = new LogRequest();
      request.setUrn(urn).setSeverity(LogSeverity.INFO).setMessage(sentence);
      client.log(request, () => resolve());
    });
}
