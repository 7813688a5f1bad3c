// The entry of the standalone file: the command line without Node. `argv0` is the name by which the file was called.
import { endProcess, main } from './main.ts';

const name = process.argv0.slice(process.argv0.lastIndexOf('/') + 1);
endProcess(await main(name, process.argv.slice(2)));
