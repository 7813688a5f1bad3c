import { fail, type Handler } from '../../cli/index.ts';

/** The loader of a verb that is listed but does not work: its handler says so and fails. */
export function unsupported(command: string): () => Promise<Handler> {
  return async () => () => fail(`'${command}' is not supported by tsbpftool yet`);
}
