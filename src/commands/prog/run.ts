import { ambiguity, type Context, fail, type Handler, strtoul, type Words } from '../../cli/index.ts';
import { Errno, strerror } from '../../errors/index.ts';
import { type BpfProgram, testRun } from '../../kernel/index.ts';
import { selectProgram } from '../shared/select-prog.ts';
import { readInput, writeOutput } from './run-files.ts';

/**
 * Room for data or context that comes back, where input was given and no size named. Bytes: SZ_32K of the
 * reference.
 */
const defaultRoom = 32 * 1024;

/** Words of one group that share a beginning are ambiguous, and refused; prefixes across groups are not looked at. */
const keywordGroups = [
  ['data_in', 'data_out', 'data_size_out'],
  ['ctx_in', 'ctx_out', 'ctx_size_out'],
] as const;

/**
 * Paths are undefined where nothing is read or written; `-` is standard input or output. Sizes in bytes, 0 for the
 * default.
 */
interface RunRequest {
  dataIn: string | undefined;
  dataOut: string | undefined;
  dataSizeOut: number;
  contextIn: string | undefined;
  contextOut: string | undefined;
  contextSizeOut: number;
  repeat: number;
}

/** `prog run PROG data_in FILE [data_out FILE [data_size_out L]] [ctx_in FILE [ctx_out FILE [ctx_size_out M]]] [repeat N]` */
export const run: Handler = (ctx, words) => {
  // PROG is two words, and there must be an input with its argument.
  words.require(4);
  using program = selectProgram(ctx, words);
  return runProgram(ctx, program, readRequest(words));
};

function readRequest(words: Words): RunRequest {
  const request: RunRequest = {
    dataIn: undefined,
    dataOut: undefined,
    dataSizeOut: 0,
    contextIn: undefined,
    contextOut: undefined,
    contextSizeOut: 0,
    repeat: 1,
  };
  while (words.left > 0) {
    for (const keywords of keywordGroups) {
      const unclear = ambiguity(words.peek()!, keywords);
      if (unclear !== undefined) fail(unclear);
    }
    if (words.take('data_in')) {
      request.dataIn = argument(words);
      refuseOneStdinForTwo(request);
    } else if (words.take('data_out')) request.dataOut = argument(words);
    else if (words.take('data_size_out')) request.dataSizeOut = readNumber(words, 'output data size');
    else if (words.take('ctx_in')) {
      request.contextIn = argument(words);
      refuseOneStdinForTwo(request);
    } else if (words.take('ctx_out')) request.contextOut = argument(words);
    else if (words.take('ctx_size_out')) request.contextSizeOut = readNumber(words, 'output context size');
    else if (words.take('repeat')) request.repeat = readNumber(words, 'repeat number');
    else {
      fail(
        "expected no more arguments, 'data_in', 'data_out', 'data_size_out', 'ctx_in', 'ctx_out', 'ctx_size_out' or " +
          `'repeat', got: '${words.peek()}'?`,
      );
    }
  }
  return request;
}

function argument(words: Words): string {
  words.require(1);
  return words.next();
}

function readNumber(words: Words, what: string): number {
  const word = argument(words);
  const { value, rest } = strtoul(word, 0);
  if (rest !== '') fail(`can't parse ${word} as ${what}`);
  // strtoul(3) into an unsigned int.
  return Number(BigInt.asUintN(32, value));
}

function refuseOneStdinForTwo({ dataIn, contextIn }: RunRequest): void {
  if (dataIn === '-' && contextIn === '-') fail('cannot use standard input for both data_in and ctx_in');
}

/** Status: 0, or minus the number of outputs that could not be written. */
function runProgram(ctx: Context, program: BpfProgram, request: RunRequest): number {
  const data = input(ctx, request.dataIn, request.dataSizeOut);
  const context = input(ctx, request.contextIn, request.contextSizeOut);
  // BPF_PROG_TEST_RUN; the kernel measures, `duration` is nanoseconds a run, averaged over `repeat`.
  const result = testRun(program, {
    data: data.bytes,
    dataOut: data.room,
    dataOutSize: data.roomSize,
    context: context.bytes,
    contextOut: context.room,
    contextOutSize: context.roomSize,
    repeat: request.repeat,
  });
  // Also where more came back than there was room for: ENOSPC, whatever the program returned.
  if (typeof result === 'number') fail(`failed to run program: ${strerror(-result)}`, { status: result });

  const { json } = ctx;
  json?.startObject();
  const outputs = [
    { path: request.dataOut, name: 'data_out', ...came(data.room, result.dataSize) },
    { path: request.contextOut, name: 'ctx_out', ...came(context.room, result.contextSize) },
  ];
  let failures = 0;
  // Sizes that the kernel gives; 0 is nothing, and makes no file.
  for (const output of outputs) {
    if (output.size > 0 && writeOutput(ctx, output) === 'failed') failures++;
  }
  if (json !== undefined) {
    json.field('retval', result.returnValue).field('duration', result.duration).endObject();
  } else {
    const average = request.repeat > 1 ? ' (average)' : '';
    ctx.print(`Return value: ${result.returnValue}, duration${average}: ${result.duration}ns\n`);
  }
  // The reference adds up -1 for each output that failed.
  return -failures;
}

interface Input {
  readonly bytes: Uint8Array | undefined;
  readonly room: Uint8Array | undefined;
  readonly roomSize: number;
}

/** An input with room for what comes back; without a file there is neither, whatever size was named. */
function input(ctx: Context, path: string | undefined, size: number): Input {
  if (path === undefined) return { bytes: undefined, room: undefined, roomSize: size };
  const bytes = readInput(ctx, path);
  const roomSize = size === 0 ? defaultRoom : size;
  try {
    return { bytes, room: new Uint8Array(roomSize), roomSize };
  } catch (cause) {
    fail(`failed to allocate memory for output data/ctx: ${strerror(Errno.ENOMEM)}`, { cause });
  }
}

function came(room: Uint8Array | undefined, size: number): { size: number; bytes: Uint8Array } {
  return { size, bytes: room === undefined ? new Uint8Array(0) : room.subarray(0, size) };
}
