import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { fail } from '../../cli/index.ts';

/** Scrapes that are answered by one inventory. It is a time in milliseconds. */
const sharedMs = 1000;
/** A client that sends or reads slowly is dropped: nobody may occupy the server. */
const timeoutMs = 5000;
const mostConnections = 32;

export interface Listening {
  /** Where it listens, as people write it. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

/** Answers GET /metrics with what `render` makes, until it is closed. `where`: `HOST:PORT`, `:PORT`, `PORT` or `unix:PATH`. */
export async function listen(where: string, render: () => Promise<string>): Promise<Listening> {
  const target = readAddress(where);
  const answer = shared(render);
  const server = createServer(
    { requestTimeout: timeoutMs, headersTimeout: timeoutMs, maxHeaderSize: 8192 },
    (request, response) => {
      void respond(request, response, answer);
    },
  );
  server.keepAliveTimeout = timeoutMs;
  server.timeout = 2 * timeoutMs;
  server.maxConnections = mostConnections;
  if ('path' in target) await removeStale(target.path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(error));
    server.listen(target, () => resolve());
  }).catch((error: Error) => fail(`can't listen on ${where}: ${error.message}`));
  return { address: addressOf(server, where), close: () => close(server) };
}

function readAddress(where: string): { path: string } | { host: string; port: number } {
  if (where.startsWith('unix:') && where.length > 5) return { path: where.slice(5) };
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]*)):(\d{1,5})$|^(\d{1,5})$/.exec(where);
  const port = Number(found?.[3] ?? found?.[4] ?? Number.NaN);
  // Port 0: the system chooses one.
  if (!(port >= 0 && port <= 65535)) fail(`'--listen' takes ADDRESS:PORT or unix:PATH, not '${where}'`);
  // Without an address only this machine can ask.
  return { host: found?.[1] ?? (found?.[2] || '127.0.0.1'), port };
}

/** The socket of a listener that has ended without cleaning up is removed; one that somebody listens on is not. */
async function removeStale(path: string): Promise<void> {
  if (!(lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false)) return;
  const isUsed = await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
  if (isUsed) fail(`can't listen on unix:${path}: somebody does already`);
  unlinkSync(path);
}

/** Several that ask at the same time, or soon after, get one and the same answer. */
function shared(render: () => Promise<string>): () => Promise<string> {
  let last: Promise<string> | undefined;
  let doneAt = 0;
  return () => {
    if (last === undefined || (doneAt !== 0 && performance.now() - doneAt > sharedMs)) {
      doneAt = 0;
      last = render();
      last.then(
        () => {
          doneAt = performance.now();
        },
        () => {
          last = undefined;
        },
      );
    }
    return last;
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answer: () => Promise<string>,
): Promise<void> {
  const send = (status: number, type: string, text: string, more: Record<string, string> = {}) => {
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...more });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
  const plain = 'text/plain; charset=utf-8';
  request.resume();
  if (request.url?.split('?')[0] !== '/metrics') return send(404, plain, 'only /metrics is here\n');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return send(405, plain, 'only GET\n', { allow: 'GET, HEAD' });
  try {
    // The text is the same for both formats; the header names the one that was asked for.
    const isNew = request.headers.accept?.includes('application/openmetrics-text') ?? false;
    const type = isNew
      ? 'application/openmetrics-text; version=1.0.0; charset=utf-8'
      : 'text/plain; version=0.0.4; charset=utf-8';
    send(200, type, await answer());
  } catch (error) {
    send(500, plain, `${(error as Error).message}\n`);
  }
}

function addressOf(server: Server, where: string): string {
  const { address: bound } = server;
  const at = bound.call(server);
  if (at === null || typeof at === 'string') return where;
  const host = at.family === 'IPv6' ? `[${at.address}]` : at.address;
  return `http://${host}:${at.port}/metrics`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    // Open connections would hold it up until they time out.
    server.closeAllConnections();
  });
}
